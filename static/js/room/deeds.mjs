// What somebody asked of the room, until the room has answered: a press of "Please pause" while the connection is lost
// is said again over the next one. Each has a name of its own, so that what was carried out is not carried out twice.
export const GIVEN_UP_MS = 60_000;

export class Deeds {
  constructor({ now = () => performance.now(), name = () => crypto.randomUUID() } = {}) {
    this.now = now;
    this.name = name;
    this.open = new Map();
  }

  // The message as it is to be sent.
  ask(message) {
    const asked = { ...message, id: this.name() };
    this.open.set(asked.id, { asked, at: this.now() });
    return asked;
  }

  answered({ type, id }) {
    if (["done", "refused"].includes(type)) this.open.delete(id);
  }

  // What is to be said again, in the order in which it was asked. After a minute she has long done something else.
  unanswered() {
    for (const [id, { at }] of this.open) if (this.now() - at > GIVEN_UP_MS) this.open.delete(id);
    return [...this.open.values()].map(({ asked }) => asked);
  }
}
