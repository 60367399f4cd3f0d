// One tile a person: her picture, her name within the recording, her volume, and what is missing of her now.
export class Tiles {
  constructor(place, template, texts) {
    Object.assign(this, { place, template, texts });
    this.people = new Map();
  }

  // The media element for one file of a person.
  elementFor(track) {
    const tile = this.#tile(track);
    const element = document.createElement(track.media === "audio" ? "audio" : "video");
    element.playsInline = true;
    element.preload = "auto";
    element.className = "app-tile__media";
    element.volume = tile.volume.value / 100;
    element.setAttribute("aria-label", tile.name);
    tile.elements.push(element);
    tile.stage.prepend(element);
    return element;
  }

  nameOf(track) {
    return this.#tile(track).name;
  }

  // Show of each person the file that plays now, or why nothing is shown.
  show(decks, moment) {
    for (const [person, tile] of this.people) {
      const hers = decks.filter((deck) => deck.track.track === person);
      const shown = hers.find((deck) => deck.shown);
      for (const deck of hers) deck.element.hidden = deck !== shown;
      tile.missing.hidden = Boolean(shown);
      tile.missing.textContent = shown ? "" : this.#why(hers, moment);
    }
  }

  #why(decks, moment) {
    const now = decks.find(({ track }) => moment >= track.startMs && moment < track.endMs);
    if (!now) return this.texts["not-here"];
    const at = (moment - now.track.startMs) / 1000;
    return this.texts[now.lost.some((one) => at >= one.from && at < one.to) ? "damaged-here" : "nothing-here"];
  }

  #tile(track) {
    if (this.people.has(track.track)) return this.people.get(track.track);
    const node = this.template.content.firstElementChild.cloneNode(true);
    const same = [...this.people.values()].filter((one) => one.role === track.role).length;
    const name = this.texts[`role-${track.role}`] + (same ? ` ${same + 1}` : "");
    const volume = node.querySelector("input");
    volume.setAttribute("aria-label", this.texts.volume.replace("{name}", name));
    node.querySelector("[data-name]").textContent = name;
    const tile = { name, role: track.role, volume, elements: [], stage: node.querySelector("[data-stage]"), missing: node.querySelector("[data-missing]") };
    volume.addEventListener("input", () => tile.elements.forEach((one) => (one.volume = volume.value / 100)));
    this.place.append(node);
    this.people.set(track.track, tile);
    return tile;
  }
}
