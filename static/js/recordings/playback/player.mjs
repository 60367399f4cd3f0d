// All people's tracks on one timeline: its clock leads, the media elements follow.
const TICK_MS = 100;
const JUMP_S = 0.3;
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
    this.started = new Map();
    this.failure = null;
    this.timer = setInterval(() => this.#tick(), TICK_MS);
  }

  async play() {
    this.playing = true;
    this.seen = performance.now();
    this.#tick();
  }

  pause() {
    this.playing = false;
    for (const deck of this.decks) deck.element.pause();
    this.onChange();
  }

  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  seek(ms) {
    this.position = Math.min(Math.max(ms, 0), this.length);
    this.seen = performance.now();
    this.#tick();
  }

  setRate(rate) {
    this.rate = rate;
    this.onChange();
  }

  end() {
    clearInterval(this.timer);
    this.pause();
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
    for (const deck of this.#active(this.playing ? LEAD_S * 1000 : 0)) this.#feed(deck);
    this.waiting = this.playing && active.some((deck) => !this.#ready(deck));
    if (this.playing && !this.waiting) this.position = Math.min(this.position + (now - this.seen) * this.rate, this.length);
    this.seen = now;
    for (const deck of this.decks) this.#follow(deck, active.includes(deck));
    if (this.playing && this.position >= this.length) this.pause();
    this.onChange();
  }

  #ready(deck) {
    const local = this.#local(deck);
    if (!deck.started || !deck.ready(local)) return false;
    return deck.hole(local) || deck.element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  #feed(deck) {
    const local = Math.max(this.#local(deck), 0);
    this.#started(deck)
      .then(() => deck.serve(local))
      .catch((error) => this.#fail(error));
  }

  #started(deck) {
    if (!this.started.has(deck)) this.started.set(deck, deck.start().then(() => (deck.started = true)));
    return this.started.get(deck);
  }

  #follow(deck, active) {
    const { element } = deck;
    const local = this.#local(deck);
    deck.shown = active && deck.started && !deck.hole(local);
    if (!deck.shown || !this.playing || this.waiting) {
      if (!element.paused) element.pause();
      if (deck.shown && !element.seeking && Math.abs(element.currentTime - local) > JUMP_S) element.currentTime = local;
      return;
    }
    const off = element.currentTime - local;
    if (Math.abs(off) > JUMP_S && !element.seeking) element.currentTime = local;
    element.playbackRate = this.rate * (1 - Math.min(Math.max(off * 0.5, -0.1), 0.1));
    if (element.paused) element.play().catch((error) => error.name !== "AbortError" && this.#fail(error));
  }

  #fail(error) {
    this.failure = error;
    this.pause();
  }
}
