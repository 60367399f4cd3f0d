// Lines that this page has written to who waits, until they are on her page. The call service holds them in its memory
// alone: one that has started anew after a crash is told again what was not shown. Each line has a name of its own, so that
// nobody holds or shows it twice.
export const MOST = 20;

export class Written {
  constructor({ ask, name = () => crypto.randomUUID() }) {
    Object.assign(this, { ask, name });
    this.unshown = new Map(); // the lines, by person
    this.asked = new Map(); // what has not been answered yet
    this.due = new Set(); // to whom all is to be said again
    this.waiting = [];
    this.memory = undefined;
  }

  // To all who wait. Gives the name under which the room is asked for it.
  write(text) {
    return this.#say({ text, name: this.name() });
  }

  follow({ waiting = [], lines }) {
    if (lines !== this.memory) this.due = new Set(this.unshown.keys());
    this.memory = lines;
    this.waiting = waiting.map(({ person }) => person);
    for (const { person, line } of waiting) {
      if (this.due.delete(person)) this.#again(person);
      else if (line === "shown" && !this.#asking(person)) this.unshown.delete(person);
    }
  }

  // The room had told how it stands before it said so.
  done(id) {
    const found = this.asked.get(id);
    if (!found) return;
    this.asked.delete(id);
    for (const person of found.to ? [found.to] : this.waiting) this.#keep(person, found.line);
  }

  // Gives true where it was said again: whoever has gone meanwhile gets it when she waits again.
  refused(id) {
    const to = this.asked.get(id)?.to;
    this.asked.delete(id);
    if (to) this.due.add(to);
    return Boolean(to);
  }

  #say(line, to) {
    const id = this.ask({ type: "message", ...line, ...(to && { to }) });
    this.asked.set(id, { line, to });
    return id;
  }

  #again(person) {
    for (const line of this.unshown.get(person)) this.#say(line, person);
  }

  #asking(person) {
    return [...this.asked.values()].some(({ to }) => !to || to === person);
  }

  #keep(person, line) {
    const kept = this.unshown.get(person) ?? [];
    if (!kept.some(({ name }) => name === line.name)) this.unshown.set(person, [...kept, line].slice(-MOST));
  }
}
