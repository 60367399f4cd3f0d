// One tile a person: her picture, her name within the recording, her volume, and what is missing of her now.
import { Lane } from "./lane.mjs";

export class Tiles {
  constructor(place, template, texts) {
    Object.assign(this, { place, template, texts });
    this.people = new Map();
  }

  // A lane for each of a file's voice and picture, in the person's tile.
  lanesFor(track) {
    return track.media.split("+").map((kind) => new Lane(track, kind, this.#element(this.#tile(track), kind)));
  }

  nameOf(track) {
    return this.#tile(track).name;
  }

  // Show of each person the picture of now, or why there is none.
  show(decks, moment) {
    for (const [person, tile] of this.people) {
      const hers = decks.filter((deck) => deck.track.track === person);
      const pictures = hers.flatMap((deck) => deck.lanes.filter((lane) => lane.kind === "video"));
      const shown = pictures.find((lane) => lane.shown) ?? pictures.find((lane) => lane.frozen((moment - lane.track.startMs) / 1000));
      for (const lane of pictures) lane.element.hidden = lane !== shown;
      tile.missing.hidden = Boolean(shown);
      tile.missing.textContent = shown ? "" : this.#why(hers, moment);
    }
  }

  #why(decks, moment) {
    const now = decks.find(({ track }) => moment >= track.startMs && moment < track.endMs);
    if (!now) return this.texts["not-here"];
    if (now.lanes.some((lane) => lane.shown)) return this.texts["voice-only"];
    const at = (moment - now.track.startMs) / 1000;
    return this.texts[now.lost.some((one) => at >= one.from && at < one.to) ? "damaged-here" : "nothing-here"];
  }

  #element(tile, kind) {
    const element = document.createElement(kind);
    element.preload = "auto";
    if (kind === "video") {
      element.playsInline = true;
      element.muted = true; // its voice has an element of its own
      element.className = "app-tile__media";
      element.setAttribute("aria-label", tile.name);
    } else {
      element.volume = tile.volume.value / 100;
      tile.voices.push(element);
    }
    tile.stage.prepend(element);
    return element;
  }

  #tile(track) {
    if (this.people.has(track.track)) return this.people.get(track.track);
    const node = this.template.content.firstElementChild.cloneNode(true);
    const same = [...this.people.values()].filter((one) => one.role === track.role).length;
    const name = this.texts[`role-${track.role}`] + (same ? ` ${same + 1}` : "");
    const volume = node.querySelector("input");
    volume.setAttribute("aria-label", this.texts.volume.replace("{name}", name));
    node.querySelector("[data-name]").textContent = name;
    const tile = { name, role: track.role, volume, voices: [], stage: node.querySelector("[data-stage]"), missing: node.querySelector("[data-missing]") };
    volume.addEventListener("input", () => tile.voices.forEach((one) => (one.volume = volume.value / 100)));
    this.place.append(node);
    this.people.set(track.track, tile);
    return tile;
  }
}
