// An encrypted file read at any place: only the chunks that are asked for are fetched and opened.
// The file key is unwrapped by typage; chunks are opened here, since typage reads streams from their start only.
import { Decrypter } from "age-encryption";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Trouble } from "../trouble.mjs";

export const CHUNK = 65536;
const TAG = 16;
const SEALED = CHUNK + TAG;
const NONCE = 16;
const AHEAD = 16384;
const LARGEST_HEADER = 1 << 20;
const KEPT = 8;
const NEAR = 300; // places on both sides that are tried for a chunk that was moved

export class AgeFile {
  // `fetchRange(start, end)` gives { bytes, total } of [start, end).
  constructor(fetchRange) {
    this.fetchRange = fetchRange;
    this.kept = new Map();
  }

  // Throws Trouble: missing-file, not-age, wrong-key, header-altered, truncated.
  async open(identity) {
    const { bytes, total } = await this.fetchRange(0, AHEAD + SEALED);
    this.total = total;
    const own = await this.#ownHeader(bytes);
    this.start = own.length + NONCE;
    this.nonce = await this.#bytes(bytes, own.length, this.start);
    this.key = hkdf(sha256, await unwrapped(own, identity), this.nonce, new TextEncoder().encode("payload"), 32);
    this.sealed = total - this.start;
    this.chunks = Math.max(1, Math.ceil(this.sealed / SEALED));
    const rest = this.sealed - (this.chunks - 1) * SEALED;
    if (this.sealed < TAG || (rest <= TAG && this.chunks > 1)) throw new Trouble("truncated", { chunk: this.chunks - 1 });
    this.size = this.sealed - this.chunks * TAG;
    this.ahead = { from: 0, bytes };
    return this;
  }

  // Plaintext bytes [start, end), fetched in one request. Throws Trouble with the chunk that does not open.
  async read(start, end) {
    const stop = Math.min(end, this.size);
    if (start >= stop) return new Uint8Array(0);
    const [first, last] = [Math.floor(start / CHUNK), Math.floor((stop - 1) / CHUNK)];
    const chunks = await this.#load(first, last);
    const out = new Uint8Array(stop - start);
    for (let index = first; index <= last; index += 1) {
      const from = Math.max(start - index * CHUNK, 0);
      out.set(chunks.get(index).subarray(from, Math.min(stop - index * CHUNK, CHUNK)), index * CHUNK + from - start);
    }
    return out;
  }

  // Opens chunks [first, last] and gives their bytes as they are stored, to be hashed.
  async checked(first, last) {
    const from = this.#place(first);
    const bytes = await this.#fetched(from, Math.min(this.#place(last + 1), this.total));
    for (let index = first; index <= last; index += 1) {
      const at = this.#place(index) - from;
      await this.#opened(index, bytes.subarray(at, Math.min(at + SEALED, bytes.length)));
    }
    return bytes;
  }

  // Chunks [first, last], opened. Some are kept for the next read; other reads may go on at the same time.
  async #load(first, last) {
    const [chunks, wanted] = [new Map(), []];
    for (let index = first; index <= last; index += 1) {
      if (this.kept.has(index)) chunks.set(index, this.kept.get(index));
      else wanted.push(index);
    }
    if (!wanted.length) return chunks;
    const [from, to] = [this.#place(wanted[0]), Math.min(this.#place(wanted.at(-1) + 1), this.total)];
    const bytes = await this.#fetched(from, to);
    for (const index of wanted) {
      const at = this.#place(index) - from;
      chunks.set(index, await this.#opened(index, bytes.subarray(at, Math.min(at + SEALED, bytes.length))));
    }
    this.kept = new Map([...this.kept, ...chunks].slice(-KEPT));
    return chunks;
  }

  async #opened(index, sealed) {
    const opened = this.#tried(index, sealed, index === this.chunks - 1);
    if (opened) return opened;
    throw this.#diagnosis(index, sealed);
  }

  #tried(index, sealed, last) {
    try {
      return chacha20poly1305(this.key, nonceOf(index, last)).decrypt(sealed);
    } catch {
      return null;
    }
  }

  // Why a chunk does not open at its place, as far as anybody can tell.
  #diagnosis(index, sealed) {
    const last = index === this.chunks - 1;
    if (last && this.#tried(index, sealed, false)) return new Trouble("truncated", { chunk: index });
    if (!last && this.#tried(index, sealed, true)) return new Trouble("appended", { chunk: index });
    if (last && sealed.length < SEALED) return new Trouble("truncated-or-altered", { chunk: index });
    for (let place = Math.max(0, index - NEAR); place <= Math.min(index + NEAR, this.chunks); place += 1) {
      if (place !== index && this.#tried(place, sealed, false)) return new Trouble("chunk-moved", { chunk: index, other: place });
    }
    return index === 0 ? new Trouble("header-of-another", { chunk: 0 }) : new Trouble("chunk-altered", { chunk: index });
  }

  #place(index) {
    return this.start + index * SEALED;
  }

  async #fetched(from, to) {
    const { ahead } = this;
    if (ahead && from >= ahead.from && to <= ahead.from + ahead.bytes.length) return ahead.bytes.subarray(from - ahead.from, to - ahead.from);
    this.ahead = null;
    const { bytes } = await this.fetchRange(from, to);
    if (bytes.length < to - from) throw new Trouble("truncated", { chunk: Math.floor((from + bytes.length - this.start) / SEALED) });
    return bytes;
  }

  async #bytes(bytes, from, to) {
    if (to <= bytes.length) return bytes.subarray(from, to);
    const { bytes: more } = await this.fetchRange(from, to);
    if (more.length < to - from) throw new Trouble("truncated", { chunk: 0 });
    return more;
  }

  async #ownHeader(bytes) {
    let seen = bytes;
    for (;;) {
      const length = headerLength(seen);
      if (length) return seen.subarray(0, length);
      if (seen.length >= Math.min(this.total, LARGEST_HEADER)) throw new Trouble("not-age");
      seen = (await this.fetchRange(0, Math.min(seen.length * 4, LARGEST_HEADER))).bytes;
    }
  }
}

const INTRO = "age-encryption.org/v1\n";

// Bytes of the header, or 0 if it goes on. Throws Trouble "not-age".
export function headerLength(bytes) {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, LARGEST_HEADER));
  if (!text.startsWith(INTRO.slice(0, text.length)) || text.length === 0) throw new Trouble("not-age");
  const mark = text.indexOf("\n--- ");
  return mark < 0 ? 0 : text.indexOf("\n", mark + 5) + 1;
}

// The file key. Throws Trouble wrong-key, header-altered.
export async function unwrapped(header, identity) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    throw new Trouble(String(error.message).startsWith("no identity") ? "wrong-key" : "header-altered");
  }
}

function nonceOf(index, last) {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(index));
  nonce[11] = last ? 1 : 0;
  return nonce;
}
