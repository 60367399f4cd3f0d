// All people's tracks on one timeline: its clock leads, the media elements follow.
const TICK_MS = 100;
const JUMP_S = 0.3;
const NEAR_S = 0.04; // noticed by nobody, and a voice sounds best at its own speed
const LEAD_S = 8;

export class Player {
  // `decks` are all files; `length` is in ms. `onChange()` is called whenever something to show has changed.
  constructor(decks, length, onChange) {
    Object.assign(this, { decks, length, onChange });
    this.position = 0;
    this.rate = 1;
    this.playing = false;
    this.waiting = false;
    this.seen = performance.now();
    this.failure = null; // to be told
    this.failed = false; // nothing more is asked for until somebody plays or jumps again
    setInterval(() => this.#tick(), TICK_MS);
  }

  play() {
    this.playing = true;
    this.failed = false;
    this.seen = performance.now();
    this.#tick();
  }

  pause() {
    this.playing = false;
    for (const deck of this.decks) for (const { element } of deck.lanes) element.pause();
    this.onChange();
  }

  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  seek(ms) {
    this.failed = false;
    this.position = Math.min(Math.max(ms, 0), this.length);
    this.seen = performance.now();
    this.#tick();
  }

  setRate(rate) {
    this.rate = rate;
    this.onChange();
  }

  #local(deck) {
    return (this.position - deck.track.startMs) / 1000;
  }

  #active(leadMs) {
    return this.decks.filter(({ track }) => this.position >= track.startMs - leadMs && this.position < track.endMs);
  }

  #tick() {
    const now = performance.now();
    const active = this.#active(0);
    if (!this.failed) for (const deck of this.#active(this.playing ? LEAD_S * 1000 : 0)) this.#feed(deck);
    this.waiting = this.playing && active.some((deck) => !deck.ready(this.#local(deck)));
    if (this.playing && !this.waiting) this.position = Math.min(this.position + (now - this.seen) * this.rate, this.length);
    this.seen = now;
    for (const deck of this.decks) for (const lane of deck.lanes) this.#follow(lane, deck.started && active.includes(deck), this.#local(deck));
    if (this.playing && this.position >= this.length) this.pause();
    this.onChange();
  }

  #feed(deck) {
    deck.serve(Math.max(this.#local(deck), 0)).catch((error) => this.#fail(error));
  }

  #follow(lane, active, local) {
    const { element } = lane;
    const place = active ? lane.place(local) : null;
    lane.shown = place !== null;
    if (lane.shown) this.#bring(lane, place);
    if (!lane.shown || !this.playing || this.waiting) {
      if (!element.paused) element.pause();
      return;
    }
    const off = element.currentTime - place;
    const correction = Math.abs(off) < NEAR_S ? 0 : Math.min(Math.max(off * 0.5, -0.1), 0.1);
    element.playbackRate = this.rate * (1 - correction);
    if (element.paused) element.play().catch((error) => lane.refusal || error.name === "AbortError" || this.#fail(error));
  }

  // An element that stands or seeks where nothing is held would stay there for ever: it is sent on.
  #bring({ element, stands }, place) {
    const far = Math.abs(element.currentTime - place) > JUMP_S;
    if (!stands || (far && !element.seeking)) element.currentTime = place;
  }

  #fail(error) {
    if (this.failed) return;
    this.failed = true;
    this.failure = error;
    this.pause();
  }
}
