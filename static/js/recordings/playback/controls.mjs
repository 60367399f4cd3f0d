// Buttons, timeline and keys of the player.
import { clock } from "./clock.mjs";

const SKIP_MS = 10000;
const TYPING = "input:not([type=range]), textarea, select";
const PRESSED = `${TYPING}, button, summary, a, input`; // space has a meaning of its own there

export class Controls {
  constructor(part, player, marks) {
    Object.assign(this, { part, player });
    this.line = part.one("line");
    this.line.max = Math.max(1, Math.round(player.length / 1000));
    this.button = part.one("toggle");
    this.line.addEventListener("input", () => player.seek(this.line.value * 1000));
    this.button.addEventListener("click", () => player.toggle());
    part.one("back").addEventListener("click", () => player.seek(player.position - SKIP_MS));
    part.one("forward").addEventListener("click", () => player.seek(player.position + SKIP_MS));
    part.one("rate").addEventListener("change", (event) => player.setRate(Number(event.target.value)));
    document.addEventListener("keydown", (event) => this.#key(event));
    this.#mark(marks);
  }

  show() {
    const { player, part } = this;
    if (document.activeElement !== this.line || player.playing) this.line.value = Math.round(player.position / 1000);
    const said = `${clock(player.position)} / ${clock(player.length)}`;
    if (part.one("time").textContent !== said) {
      part.one("time").textContent = said;
      this.line.setAttribute("aria-valuetext", said);
    }
    const name = part.texts[player.playing ? "pause" : "play"];
    if (this.button.textContent !== name) this.button.textContent = name;
    part.one("loading").hidden = !player.waiting;
  }

  #key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || this.part.one("player").hidden) return;
    const typing = event.target.matches?.(event.key === " " ? PRESSED : TYPING);
    const acts = {
      " ": () => this.player.toggle(),
      k: () => this.player.toggle(),
      j: () => this.player.seek(this.player.position - SKIP_MS),
      l: () => this.player.seek(this.player.position + SKIP_MS),
    };
    if (typing || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  // Pauses and gaps: drawn under the timeline, and as a list to go to.
  #mark(marks) {
    const drawing = this.part.one("marks");
    const list = this.part.one("mark-list");
    for (const mark of marks) {
      const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      box.setAttribute("x", (1000 * mark.from) / this.player.length);
      box.setAttribute("width", Math.max(3, (1000 * (mark.to - mark.from)) / this.player.length));
      box.setAttribute("height", "10");
      box.setAttribute("class", `app-mark app-mark--${mark.kind}`);
      drawing.append(box);
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "app-text-button";
      button.textContent = `${clock(mark.from)}–${clock(mark.to)}`;
      button.addEventListener("click", () => this.player.seek(mark.from));
      item.append(button, ` ${mark.text}`);
      list.append(item);
    }
    this.part.one("mark-part").hidden = list.children.length === 0;
  }
}
