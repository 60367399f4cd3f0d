// A track's plaintext: that of its file, followed by that of the file in which a crash left its end.
import { isTrouble, Trouble } from "../trouble.mjs";
import { AgeFile } from "./age-file.mjs";
import { lastMoment } from "./clusters.mjs";
import { joined } from "./webm.mjs";

const TRIES = 4;
const WAIT_MS = 400;
const END = 512 * 1024; // holds a whole cluster at any rate that a camera sends
const EBML = [0x1a, 0x45, 0xdf, 0xa3];

export class TrackSource {
  // `track` is the manifest's; files are fetched from below the address `base`.
  constructor(base, track) {
    this.base = base;
    this.track = track;
    this.parts = [];
  }

  get name() {
    return `${this.track.file}.age`;
  }

  // Opens every file. Gives { size, problems, lastMs }; throws Trouble if nothing of the track can be read. `lastMs` is
  // the last moment of a file that nobody closed, so that no manifest tells it; else null.
  async open(identity) {
    const problems = [];
    await this.#add(this.name, identity);
    await this.#isMedia();
    problems.push(...this.#sizeProblems());
    if (!this.track.closed && !this.track.recovered) problems.push({ code: "not-closed", detail: {} });
    if (this.track.recovered) problems.push({ code: "recovered", detail: {} });
    await this.#addMore(identity, problems);
    this.size = this.parts.reduce((sum, one) => sum + one.size, 0);
    return { size: this.size, problems, lastMs: this.track.closed ? null : await this.#lastMs() };
  }

  // Plaintext bytes [start, end). Throws Trouble with `detail.chunk`, the one that does not open.
  async read(start, end) {
    const pieces = [];
    let from = 0;
    for (const part of this.parts) {
      const [begin, stop] = [Math.max(start - from, 0), Math.min(end - from, part.size)];
      if (begin < stop) pieces.push(await part.read(begin, stop));
      from += part.size;
    }
    return joined(pieces);
  }

  async #add(name, identity) {
    const file = new AgeFile((start, end) => fetchRange(`${this.base}/${name}`, start, end));
    this.parts.push(await file.open(identity));
  }

  #sizeProblems() {
    const told = this.track.closed;
    if (!told || told.plaintext_bytes === this.parts[0].size) return [];
    const missing = told.plaintext_bytes - this.parts[0].size;
    return [missing > 0 ? { code: "truncated-bytes", detail: { missing } } : { code: "appended", detail: {} }];
  }

  async #lastMs() {
    try {
      return lastMoment(await this.read(Math.max(0, this.size - END), this.size));
    } catch (error) {
      if (isTrouble(error)) return null; // the player comes upon the damage and names it
      throw error;
    }
  }

  async #addMore(identity, problems) {
    const more = this.track.recovered?.more;
    if (!more) return;
    try {
      await this.#add(more, identity);
    } catch (error) {
      problems.push({ code: "end-missing", detail: { why: error.code } });
    }
  }

  async #isMedia() {
    const start = await this.parts[0].read(0, EBML.length);
    if (!EBML.every((byte, at) => start[at] === byte)) throw new Trouble("not-media");
  }
}

// Bytes [start, end) of an address and the whole file's size. A broken connection is tried again.
export async function fetchRange(address, start, end) {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await once(address, start, end);
    } catch (error) {
      if (isTrouble(error)) throw error;
      if (left === 1) throw new Trouble("no-answer");
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS * (TRIES - left + 1)));
    }
  }
}

async function once(address, start, end) {
  const answer = await fetch(address, { headers: { Range: `bytes=${start}-${end - 1}`, Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 401 || answer.redirected) throw new Trouble("confirm-again");
  if (answer.status === 404) throw new Trouble("missing-file");
  if (answer.status === 416) return { bytes: new Uint8Array(0), total: Number(answer.headers.get("Content-Range").split("/")[1]) };
  if (answer.status !== 206) throw new Error(`status ${answer.status}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { bytes, total: Number(answer.headers.get("Content-Range").split("/")[1]) };
}
