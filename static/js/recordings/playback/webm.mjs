// What the player needs to know of WebM: a file holds a voice, a picture or both, in clusters that each stand alone.
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
export const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const TRACK_NUMBER = 0xd7;
const TRACK_TYPE = 0x83;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const KINDS = { 1: "video", 2: "audio" };

// { id, at, body, end } of the element at a place, or null if not even its head is there.
export function elementAt(data, at) {
  const id = numberAt(data, at, true);
  const size = id && numberAt(data, at + id.length, false);
  if (!size) return null;
  const body = at + id.length + size.length;
  return { id: id.value, at, body, end: body + size.value };
}

// The whole elements between two places, one after the other.
export function* elements(data, from, to) {
  for (let at = from; at < to; ) {
    const element = elementAt(data, at);
    if (!element || element.end > to) return;
    yield element;
    at = element.end;
  }
}

// A file's header taken apart: { audio: { number, head }, video: … }, each head that of a file with this track alone.
export function tracksOf(head) {
  const ebml = elementAt(head, 0);
  const segment = ebml && elementAt(head, ebml.end);
  if (segment?.id !== SEGMENT) return {};
  const inside = [...elements(head, segment.body, head.length)];
  const [info, tracks] = [INFO, TRACKS].map((id) => inside.find((one) => one.id === id));
  if (!info || !tracks) return {};
  const start = [head.subarray(0, segment.body), head.subarray(info.at, info.end)]; // Chromium wants nothing between
  const found = {};
  for (const entry of elements(head, tracks.body, tracks.end)) {
    const kind = KINDS[numberIn(head, entry, TRACK_TYPE)];
    const own = element(TRACKS, [head.subarray(entry.at, entry.end)]);
    if (kind) found[kind] = { number: numberIn(head, entry, TRACK_NUMBER), head: joined([...start, own]) };
  }
  return found;
}

// The blocks of a cluster: { track, ms, bytes, place }, `place` being where in `bytes` the time stands. The bytes are a
// copy. Times (ms) are the file's.
export function blocksOf(data, cluster) {
  const stamp = numberIn(data, cluster, TIMESTAMP);
  const blocks = [];
  for (const one of elements(data, cluster.body, cluster.end)) {
    const body = bodyOfBlock(data, one);
    const track = body === null ? null : numberAt(data, body, false);
    if (!track) continue;
    const place = body + track.length;
    const ms = stamp + new DataView(data.buffer, data.byteOffset + place, 2).getInt16(0);
    blocks.push({ track: track.value, ms, bytes: data.slice(one.at, one.end), place: place - one.at });
  }
  return blocks;
}

// A cluster of blocks of one track, in order of time.
export function clusterOf(blocks) {
  blocks.sort((one, other) => one.ms - other.ms);
  const start = Math.max(0, blocks[0].ms);
  for (const one of blocks) new DataView(one.bytes.buffer, one.bytes.byteOffset + one.place, 2).setInt16(0, one.ms - start);
  return element(CLUSTER, [element(TIMESTAMP, [bigEndian(start, 6)]), ...blocks.map((one) => one.bytes)]);
}

export function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const out = new Uint8Array(pieces.reduce((sum, one) => sum + one.length, 0));
  let at = 0;
  for (const one of pieces) {
    out.set(one, at);
    at += one.length;
  }
  return out;
}

function bodyOfBlock(data, { id, body, end }) {
  if (id === SIMPLE_BLOCK) return body;
  if (id !== BLOCK_GROUP) return null;
  for (const inner of elements(data, body, end)) if (inner.id === BLOCK) return inner.body;
  return null;
}

function numberIn(data, parent, id) {
  for (const one of elements(data, parent.body, parent.end)) {
    if (one.id === id) return data.subarray(one.body, one.end).reduce((sum, byte) => sum * 256 + byte, 0);
  }
  return 0;
}

// A number of variable width; an id keeps the bit that tells its width.
function numberAt(data, at, marked) {
  const first = data[at];
  if (!first) return null;
  const length = Math.clz32(first) - 23;
  if (at + length > data.length) return null;
  let value = marked ? first : first & (0xff >> length);
  for (let next = 1; next < length; next += 1) value = value * 256 + data[at + next];
  return { value, length };
}

function element(id, pieces) {
  const length = pieces.reduce((sum, one) => sum + one.length, 0);
  const size = bigEndian(length, 8);
  size[0] = 1; // a size of eight bytes
  return joined([bigEndian(id, Math.ceil((32 - Math.clz32(id)) / 8)), size, ...pieces]);
}

function bigEndian(value, width) {
  const out = new Uint8Array(width);
  for (let [at, rest] = [width - 1, value]; at >= 0; at -= 1, rest = Math.floor(rest / 256)) out[at] = rest % 256;
  return out;
}
