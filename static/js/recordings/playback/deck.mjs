// One file of one person in a media element: fed with what is about to be played, from the index's nearest place.
import { Trouble } from "../trouble.mjs";
import { Clusters } from "./clusters.mjs";
import { placeBefore, placeBehind } from "./manifest.mjs";

const PIECE = 256 * 1024;
const FIRST_PIECE = 64 * 1024;
const AHEAD_S = 20;
const BEHIND_S = 30;
const NEAR_S = 5; // so near it is quicker to go on than to jump

export const mediaSource = () => globalThis.MediaSource ?? globalThis.ManagedMediaSource ?? null;
export const mimeOf = (track) => `${track.media === "audio" ? "audio" : "video"}/webm; codecs="${track.codecs.replace("+", ",")}"`;

export class Deck {
  // `read(start, end)` gives plaintext bytes. `onDamage(trouble, fromMs, toMs)` hears of what had to be left out.
  constructor(track, size, element, read, onDamage) {
    Object.assign(this, { track, size, element, read, onDamage });
    this.next = 0; // where the next piece begins
    this.run = { from: Infinity, to: 0 }; // seconds that were fed without a jump
    this.wanted = 0;
    this.lost = [];
    this.clusters = new Clusters();
    this.buffer = null;
    this.busy = false;
  }

  get headEnd() {
    return this.track.index[0]?.byte ?? this.size;
  }

  // Attach the media source. Media comes with the first `serve`.
  async start() {
    const Source = mediaSource();
    if (!Source?.isTypeSupported(mimeOf(this.track))) {
      await this.#whole();
      return;
    }
    this.source = new Source();
    this.element.disableRemotePlayback = true;
    this.element.src = URL.createObjectURL(this.source);
    await once(this.source, "sourceopen");
    URL.revokeObjectURL(this.element.src);
    this.buffer = this.source.addSourceBuffer(mimeOf(this.track));
    this.source.duration = (this.track.endMs - this.track.startMs) / 1000;
    this.head = await this.read(0, this.headEnd);
  }

  // Whether what there is for the moment (seconds in the file) has come, be it media or a hole.
  ready(seconds) {
    return !this.buffer || this.#holds(seconds) || (seconds >= this.run.from && this.run.to > seconds + 0.5);
  }

  // Whether nothing can be shown at the moment: nothing was recorded, or it is damaged.
  hole(seconds) {
    return Boolean(this.buffer) && !this.#holds(seconds);
  }

  // Have this moment and the next seconds ready. Called again and again, with another moment after a jump; one call
  // works at a time and heeds the newest moment.
  async serve(seconds) {
    this.wanted = seconds;
    if (!this.buffer || this.busy) return;
    this.busy = true;
    try {
      while (await this.#step());
      await this.#forget(this.wanted);
      if (this.next >= this.size && this.source.readyState === "open" && !this.buffer.updating) this.source.endOfStream();
    } finally {
      this.busy = false;
    }
  }

  // One piece, or one jump; false when enough is held.
  async #step() {
    const { wanted } = this;
    const lead = Math.max(this.#heldTo(wanted), this.#inRun(wanted) ? this.run.to : wanted);
    if (lead >= wanted + AHEAD_S || (this.#inRun(lead) && this.next >= this.size)) return false;
    if (this.#inRun(lead)) await this.#piece();
    else await this.#jump(lead);
    return true;
  }

  #inRun(seconds) {
    return seconds >= this.run.from && seconds <= this.run.to + NEAR_S;
  }

  async #jump(seconds) {
    const place = placeBefore(this.track.index, seconds * 1000);
    this.next = place?.byte ?? this.headEnd;
    const from = (place?.ms ?? 0) / 1000;
    this.run = { from: Math.min(from, seconds), to: from };
    this.piece = FIRST_PIECE;
    await this.#again();
  }

  // The parser starts anew: header first.
  async #again() {
    this.clusters.reset();
    await this.#quiet();
    if (this.source.readyState === "open") this.buffer.abort();
    await this.#append(this.head);
  }

  async #piece() {
    const from = this.next;
    let bytes;
    try {
      bytes = await this.read(from, Math.min(from + this.piece, this.size));
    } catch (error) {
      await this.#passOver(error, from);
      return;
    }
    if (!this.#inRun(this.wanted) && !this.#holds(this.wanted)) return; // she has gone elsewhere meanwhile
    this.piece = PIECE;
    this.next = from + bytes.length;
    await this.#append(this.clusters.push(bytes));
    this.run.to = this.next >= this.size ? Infinity : Math.max(this.run.to, this.#msAt(this.next) / 1000);
  }

  // A piece cannot be read: take what is whole before the damaged chunk, then go on at the next place behind it.
  async #passOver(error, from) {
    if (!(error instanceof Trouble) || error.detail?.chunk === undefined) throw error;
    const bad = error.detail.chunk * 65536;
    if (bad > from) {
      await this.#append(this.clusters.push(await this.read(from, bad)));
      this.next = Math.max(bad, from);
    }
    const behind = placeBehind(this.track.index, bad + 65536);
    const fromMs = this.#msAt(Math.max(bad, from));
    const toMs = behind ? behind.ms : this.track.endMs - this.track.startMs;
    this.lost.push({ from: fromMs / 1000, to: toMs / 1000 });
    this.onDamage(error, fromMs, toMs);
    this.next = behind ? behind.byte : this.size;
    this.run.to = toMs / 1000;
    await this.#again();
  }

  #msAt(byte) {
    let found = 0;
    for (const one of this.track.index) {
      if (one.byte > byte) break;
      found = one.ms;
    }
    return found;
  }

  #holds(seconds) {
    const held = this.element.buffered;
    for (let at = 0; at < held.length; at += 1) if (held.start(at) <= seconds + 0.05 && held.end(at) > seconds + 0.05) return true;
    return false;
  }

  #heldTo(seconds) {
    const held = this.element.buffered;
    for (let at = 0; at < held.length; at += 1) if (held.start(at) <= seconds + 0.05 && held.end(at) > seconds) return held.end(at);
    return seconds;
  }

  async #append(bytes) {
    await this.#quiet();
    if (this.source.readyState === "closed" || bytes.length === 0) return;
    try {
      this.buffer.appendBuffer(bytes);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      await this.#forget(this.element.currentTime, 5);
      this.buffer.appendBuffer(bytes);
    }
    await this.#quiet();
  }

  async #forget(seconds, keep = BEHIND_S) {
    const held = this.element.buffered;
    if (!held.length || held.start(0) >= seconds - keep * 2) return;
    await this.#quiet();
    this.buffer.remove(0, Math.max(seconds - keep, 0.1));
    await this.#quiet();
  }

  async #quiet() {
    while (this.buffer.updating) await once(this.buffer, "updateend");
  }

  // Without Media Source the whole file is opened first. Plaintext stays in memory.
  async #whole() {
    if (!this.element.canPlayType(mimeOf(this.track))) throw new Trouble("browser-cannot-play");
    const pieces = [];
    for (let at = 0; at < this.size; at += PIECE * 4) pieces.push(await this.read(at, Math.min(at + PIECE * 4, this.size)));
    this.element.src = URL.createObjectURL(new Blob(pieces, { type: mimeOf(this.track) }));
  }
}

const once = (target, event) => new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
