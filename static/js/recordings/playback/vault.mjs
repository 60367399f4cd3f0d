// The worker that holds the unlocked key: it fetches, opens and hashes, and hands out plaintext piece by piece.
import { Decrypter, Encrypter } from "age-encryption";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { asTrouble, Trouble } from "../trouble.mjs";
import { fromBase64, toBase64 } from "../keys/identity.mjs";
import { TrackSource } from "./track-source.mjs";

const BATCH = 16; // chunks of 64 KiB at once
const sources = new Map();
const stopped = new Set();
let identity = null;

async function open({ secret, base, tracks }) {
  identity = secret;
  const found = await Promise.all(
    tracks.map(async (track) => {
      const source = new TrackSource(base, track);
      try {
        const opened = await source.open(identity);
        sources.set(track.file, source);
        return { file: track.file, ...opened };
      } catch (error) {
        const { code, detail } = asTrouble(error, "no-answer");
        return { file: track.file, size: 0, problems: [{ code, detail }] };
      }
    }),
  );
  return { result: found };
}

async function read({ file, start, end }) {
  const bytes = await sources.get(file).read(start, end);
  return { result: bytes, transfer: [bytes.buffer] };
}

// Every byte of a track against the manifest: opens each chunk and hashes what is stored behind the header.
async function check({ file, task }, progress) {
  const { track, parts } = sources.get(file);
  const [part] = parts;
  const told = track.closed ?? track.recovered;
  const hash = sha256.create().update(part.nonce);
  for (let first = 0; first < part.chunks; first += BATCH) {
    if (stopped.delete(task)) throw new Trouble("stopped");
    hash.update(await part.checked(first, Math.min(first + BATCH, part.chunks) - 1));
    progress(first / part.chunks);
  }
  if (told && bytesToHex(hash.digest()) !== told.payload_sha256) throw new Trouble("hash-differs");
  return { result: true };
}

async function seal({ text, recipients }) {
  const encrypter = new Encrypter();
  for (const one of recipients) encrypter.addRecipient(one);
  return { result: toBase64(await encrypter.encrypt(text)) };
}

async function unseal({ blob }) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return { result: await decrypter.decrypt(fromBase64(blob), "text") };
}

async function stop({ task }) {
  stopped.add(task);
  return { result: true };
}

export const vaultActs = { open, read, check, seal, unseal, stop };
