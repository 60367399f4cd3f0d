// Reads a manifest and checks its chain: each line names the SHA-256 of the one before (docs/recordings-format.md).
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

const GENESIS = "0".repeat(64);

// { tracks, pauses, length, ended, problems: [{code, detail}] }. `head` is what the catalogue remembers, or "".
export function readManifest(bytes, head) {
  const { lines, problems, last } = chained(bytes);
  if (head && last !== head && problems.length === 0) problems.push({ code: "manifest-cut", detail: {} });
  return { ...told(lines), problems };
}

function chained(bytes) {
  const problems = [];
  const lines = [];
  let previous = GENESIS;
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    const number = lines.length + 1;
    if (end < 0) {
      problems.push({ code: "manifest-torn", detail: {} });
      break;
    }
    const line = parsed(bytes.subarray(start, end));
    if (!line || line.n !== number || line.previous !== previous) {
      problems.push({ code: "manifest-changed", detail: { line: number } });
      break;
    }
    previous = bytesToHex(sha256(bytes.subarray(start, end)));
    lines.push(line);
    start = end + 1;
  }
  return { lines, problems, last: previous };
}

function parsed(raw) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(raw));
  } catch {
    return null;
  }
}

function told(lines) {
  const files = new Map();
  const pauses = [];
  let length = 0;
  let ended = false;
  const acts = {
    track: (line) => files.set(line.file, { ...line, startMs: line.ms, index: [], gaps: [], endMs: line.ms, closed: null, recovered: null }),
    index: (line) => files.get(line.file)?.index.push({ ms: line.ms, byte: line.byte }),
    closed: (line) => Object.assign(files.get(line.file) ?? {}, { closed: line }),
    recovered: (line) => Object.assign(files.get(line.file) ?? {}, { recovered: line }),
    gap: (line) => [...files.values()].filter((one) => one.track === line.track).at(-1)?.gaps.push({ from: line.ms, to: line.until_ms }),
    pause: (line) => pauses.push({ from: line.ms, to: null }),
    resume: (line) => pauses.length && (pauses.at(-1).to = line.ms),
    ended: () => (ended = true),
  };
  for (const line of lines) {
    acts[line.kind]?.(line);
    length = Math.max(length, line.until_ms ?? (line.file && line.kind !== "track" ? 0 : (line.ms ?? 0)));
  }
  const tracks = [...files.values()];
  for (const one of tracks) one.endMs = one.startMs + (one.closed?.ms ?? one.index.at(-1)?.ms ?? 0);
  return lasting({ tracks, pauses, length, ended });
}

// All that the manifest tells lies within its length.
function lasting(manifest) {
  manifest.length = Math.max(manifest.length, ...manifest.tracks.map((one) => one.endMs));
  for (const pause of manifest.pauses) pause.to ??= manifest.length;
  return manifest;
}

// Where files end that no line of the manifest ends: `opened` has { file, lastMs }.
export function findEnds(manifest, opened) {
  for (const { file, lastMs } of opened) {
    const track = manifest.tracks.find((one) => one.file === file);
    track.endMs = Math.max(track.endMs, track.startMs + (lastMs ?? 0));
  }
  lasting(manifest);
}

// The last place at or before a time (ms in the file) that can be played from.
export function placeBefore(index, ms) {
  let found = null;
  for (const one of index) {
    if (one.ms > ms && found) break;
    found = one;
  }
  return found;
}

// The first place behind a byte that can be played from, or null.
export const placeBehind = (index, byte) => index.find((one) => one.byte >= byte) ?? null;
