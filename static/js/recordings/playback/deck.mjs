// One file of one person: read from the index's nearest place, and handed to her voice's and her picture's lane.
import { isTrouble, Trouble } from "../trouble.mjs";
import { Clusters } from "./clusters.mjs";
import { placeBefore, placeBehind } from "./manifest.mjs";
import { tracksOf } from "./webm.mjs";

const PIECE = 256 * 1024;
const FIRST_PIECE = 64 * 1024;
const CHUNK = 64 * 1024;
const AHEAD_S = 20;
const NEAR_S = 5; // so near it is quicker to go on than to jump

export class Deck {
  // `read(start, end)` gives plaintext bytes. `told.damage(trouble, fromMs, toMs)` hears of what had to be left out,
  // `told.refused(kind, why)` of a voice or picture that this browser gave up on.
  constructor(track, size, lanes, read, told) {
    Object.assign(this, { track, size, lanes, read, told });
    this.next = 0; // where the next piece begins
    this.run = { from: Infinity, to: 0 }; // seconds that were fed without a jump
    this.wanted = 0;
    this.lost = [];
    this.starting = null;
    this.started = false;
    this.busy = false;
  }

  // Whether what there is for the moment (seconds in the file) has come, be it media or a hole.
  ready(seconds) {
    if (!this.started) return false;
    const came = seconds >= this.run.from && this.run.to > seconds + 0.5;
    return this.lanes.every((lane) => (lane.place(seconds) === null ? came : lane.ready));
  }

  // Have this moment and the next seconds ready. Called again and again, with another moment after a jump; one call
  // works at a time and heeds the newest moment.
  async serve(seconds) {
    this.wanted = seconds;
    await this.#begun();
    if (this.busy) return;
    this.busy = true;
    try {
      this.#dropRefused();
      while (await this.#step());
      for (const lane of this.lanes) await lane.forget(this.wanted);
      if (this.next >= this.size) for (const lane of this.lanes) lane.end();
    } finally {
      this.busy = false;
    }
  }

  // Started once; after a failure the next call tries again.
  #begun() {
    this.starting ??= this.#start().catch((error) => {
      this.starting = null;
      throw error;
    });
    return this.starting;
  }

  async #start() {
    const found = tracksOf(await this.read(0, this.#headEnd));
    this.lanes = this.lanes.filter(({ kind }) => found[kind]);
    if (!this.lanes.length) throw new Trouble("not-media");
    await Promise.all(this.lanes.map((lane) => lane.start(found[lane.kind].head)));
    this.clusters = new Clusters(Object.fromEntries(this.lanes.map(({ kind }) => [kind, found[kind].number])));
    this.started = true;
  }

  // A voice without a loudspeaker, say: the rest goes on.
  #dropRefused() {
    for (const lane of this.lanes.filter((one) => one.refusal)) {
      this.lanes = this.lanes.filter((one) => one !== lane);
      lane.element.remove();
      this.told.refused(lane.kind, lane.refusal);
    }
    if (!this.lanes.length) throw new Trouble("all-refused");
  }

  get #headEnd() {
    return this.track.index[0]?.byte ?? this.size;
  }

  // One piece, or one jump; false when enough is held.
  async #step() {
    const { wanted } = this;
    const held = Math.min(...this.lanes.map((lane) => lane.heldTo(wanted)));
    const lead = Math.max(held, this.#inRun(wanted) ? this.run.to : wanted);
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
    this.next = place?.byte ?? this.#headEnd;
    const from = (place?.ms ?? 0) / 1000;
    this.run = { from: Math.min(from, seconds), to: from };
    this.piece = FIRST_PIECE;
    await this.#again();
  }

  async #again() {
    this.clusters.reset();
    await Promise.all(this.lanes.map((lane) => lane.again()));
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
    if (!this.#inRun(this.wanted) && this.lanes.some((lane) => lane.place(this.wanted) === null)) return; // she has gone elsewhere meanwhile
    this.piece = PIECE;
    this.next = from + bytes.length;
    await this.#hand(bytes);
    this.run.to = this.next >= this.size ? Infinity : Math.max(this.run.to, this.clusters.reached / 1000);
  }

  async #hand(bytes) {
    const sorted = this.clusters.push(bytes);
    await Promise.all(this.lanes.map((lane) => lane.append(sorted[lane.kind])));
  }

  // A piece cannot be read: take what is whole before the damaged chunk, then go on at the next place behind it.
  async #passOver(error, from) {
    if (!isTrouble(error) || error.detail?.chunk === undefined) throw error;
    const bad = error.detail.chunk * CHUNK;
    if (bad > from) await this.#hand(await this.read(from, bad));
    const behind = placeBehind(this.track.index, bad + CHUNK);
    const fromMs = Math.max(this.clusters.reached, this.run.to * 1000);
    const toMs = behind ? behind.ms : this.track.endMs - this.track.startMs;
    if (!this.lost.some((one) => one.bad === bad)) {
      this.lost.push({ bad, from: fromMs / 1000, to: toMs / 1000 });
      this.told.damage(error, fromMs, toMs);
    }
    this.next = behind ? behind.byte : this.size;
    this.run.to = toMs / 1000;
    await this.#again();
  }
}
