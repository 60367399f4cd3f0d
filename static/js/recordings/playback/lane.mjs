// A voice or a picture in a media element of its own, fed through Media Source.
const BEHIND_S = 30;
const EDGE_S = 0.05; // so near the beginning of what is held counts as in it
const FROZEN_S = 2; // a picture that stops for less stands still instead of going away

const mediaSource = () => globalThis.MediaSource ?? globalThis.ManagedMediaSource ?? null;

// Whether this browser can play a track of the manifest.
export const playable = (track) => track.media.split("+").every((kind) => mediaSource()?.isTypeSupported(mimeOf(track, kind)));

// A track's codecs tell the picture's first.
const mimeOf = ({ codecs }, kind) => `${kind}/webm; codecs="${codecs.split("+").at(kind === "video" ? 0 : -1)}"`;

export class Lane {
  constructor(track, kind, element) {
    Object.assign(this, { track, kind, element });
    this.shown = false;
  }

  async start(head) {
    this.head = head;
    this.source = new (mediaSource())();
    this.element.disableRemotePlayback = true; // asked for by ManagedMediaSource
    this.element.src = URL.createObjectURL(this.source);
    await once(this.source, "sourceopen");
    URL.revokeObjectURL(this.element.src);
    this.buffer = this.source.addSourceBuffer(mimeOf(this.track, this.kind));
    this.source.duration = (this.track.endMs - this.track.startMs) / 1000;
  }

  // Where to stand for a moment (s in the file): there, or where what is held begins just behind it; null in a hole.
  place(seconds) {
    const range = this.#ranges().find(([start, end]) => start <= seconds + EDGE_S && end > seconds + EDGE_S);
    return range ? Math.max(seconds, range[0]) : null;
  }

  // Until when all is held from a moment on, or the moment itself.
  heldTo(seconds) {
    const range = this.#ranges().find(([start, end]) => start <= seconds + EDGE_S && end > seconds);
    return range ? range[1] : seconds;
  }

  // Whether the element stands at, or seeks to, a moment that is held.
  get stands() {
    return this.#ranges().some(([start, end]) => start <= this.element.currentTime && end > this.element.currentTime);
  }

  get ready() {
    return this.element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  // Whether the picture that stands there is of just before this moment.
  frozen(seconds) {
    const behind = seconds - this.element.currentTime;
    return this.ready && behind >= 0 && behind < FROZEN_S;
  }

  // Why the browser gave up on this lane, or null.
  get refusal() {
    return this.element.error && (this.element.error.message || "?");
  }

  // The parser starts anew: header first.
  async again() {
    await this.#quiet();
    if (this.source.readyState === "open" && !this.refusal) this.buffer.abort();
    await this.append(this.head);
  }

  async append(bytes) {
    await this.#quiet();
    if (this.source.readyState === "closed" || this.refusal || bytes.length === 0) return;
    try {
      this.buffer.appendBuffer(bytes);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      await this.forget(this.element.currentTime, 5);
      this.buffer.appendBuffer(bytes);
    }
    await this.#quiet();
  }

  // Let go of what was played long before this moment.
  async forget(seconds, keep = BEHIND_S) {
    const [first] = this.#ranges();
    if (!first || first[0] >= seconds - keep * 2) return;
    await this.#quiet();
    this.buffer.remove(0, Math.max(seconds - keep, 0.1));
    await this.#quiet();
  }

  // Nothing comes behind what was given.
  end() {
    if (this.source.readyState === "open" && !this.refusal && !this.buffer.updating) this.source.endOfStream();
  }

  // [start, end] in seconds. The media element's own account is that of its one buffer.
  #ranges() {
    const held = this.element.buffered;
    return Array.from({ length: held.length }, (_, at) => [held.start(at), held.end(at)]);
  }

  async #quiet() {
    while (this.buffer.updating) await once(this.buffer, "updateend");
  }
}

const once = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
