// The longest time of an interview, by the room's own clock: a page that is loaded anew, or another page of the team,
// reminds at the same moment.
const SAME_S = 5; // a room that begins anew after a crash knows the moment from its journal

export class Reminder {
  constructor({ longestMs, remind, wait = setTimeout, forget = clearTimeout }) {
    Object.assign(this, { longestMs, remind, wait, forget });
    this.since = null;
  }

  // `at` and `talk_since` are seconds of the room's clock; no talk has begun where `talk_since` is null.
  follow({ at, talk_since: since }) {
    const known = since === this.since || (since !== null && this.since !== null && Math.abs(since - this.since) < SAME_S);
    if (known) return;
    this.since = since;
    this.forget.call(globalThis, this.timer);
    if (since === null) return;
    const left = Math.max(0, this.longestMs - (at - since) * 1000);
    this.timer = this.wait.call(globalThis, () => this.remind(), left);
  }
}
