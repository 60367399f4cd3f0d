// Clusters as Media Source wants them. A recorder writes voice and picture as they come, so that a block may stand a
// little before an earlier one; browsers refuse a cluster whose blocks are not in order of time. Sizes stay the same.
const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;

export class Clusters {
  constructor() {
    this.held = new Uint8Array(0);
  }

  // Begin at another cluster.
  reset() {
    this.held = new Uint8Array(0);
  }

  // The clusters that are whole now, in order; the rest waits for more. Everything between clusters is left out.
  push(bytes) {
    const data = together(this.held, bytes);
    const out = [];
    let at = 0;
    for (;;) {
      const element = elementAt(data, at);
      if (!element || element.end > data.length) break;
      if (element.id === CLUSTER) out.push(ordered(data.slice(at, element.end), element.body - at));
      at = element.end;
    }
    this.held = data.slice(at);
    return out.reduce(together, new Uint8Array(0));
  }
}

// { id, body, end } of the element at a place, or null if not even its head is there.
function elementAt(data, at) {
  const id = numberAt(data, at, true);
  const size = id && numberAt(data, at + id.length, false);
  if (!size) return null;
  const body = at + id.length + size.length;
  return { id: id.value, body, end: body + size.value };
}

function numberAt(data, at, marked) {
  const first = data[at];
  if (!first) return null;
  const length = Math.clz32(first) - 23;
  if (at + length > data.length) return null;
  let value = marked ? first : first & (0xff >> length);
  for (let next = 1; next < length; next += 1) value = value * 256 + data[at + next];
  return { value, length };
}

function ordered(cluster, body) {
  const [others, blocks] = [[], []];
  let stamp = null;
  for (let at = body; at < cluster.length; ) {
    const element = elementAt(cluster, at);
    if (!element || element.end > cluster.length) return cluster;
    const bytes = cluster.subarray(at, element.end);
    const place = timePlace(cluster, element);
    if (place === null) others.push(bytes);
    else blocks.push({ bytes, place: place - at, time: new DataView(cluster.buffer, cluster.byteOffset + place).getInt16(0) });
    if (element.id === TIMESTAMP) stamp = element;
    at = element.end;
  }
  blocks.sort((one, other) => one.time - other.time);
  const earliest = blocks[0]?.time ?? 0;
  if (earliest < 0 && stamp) shift(cluster, stamp, blocks, earliest);
  return [...others, ...blocks.map((one) => one.bytes)].reduce(together, cluster.slice(0, body));
}

// Where a block's time stands (two bytes, counted from the cluster's), or null for anything else.
function timePlace(data, { id, body, end }) {
  if (id === BLOCK_GROUP) {
    for (let at = body; at < end; ) {
      const inner = elementAt(data, at);
      if (!inner) return null;
      if (inner.id === BLOCK) return inner.body + numberAt(data, inner.body, false).length;
      at = inner.end;
    }
    return null;
  }
  return id === SIMPLE_BLOCK ? body + numberAt(data, body, false).length : null;
}

// No block may stand before its cluster: move the cluster's time back and all its blocks forward.
function shift(cluster, stamp, blocks, earliest) {
  let time = 0;
  for (let at = stamp.body; at < stamp.end; at += 1) time = time * 256 + cluster[at];
  time = Math.max(0, time + earliest);
  for (let at = stamp.end - 1; at >= stamp.body; at -= 1) {
    cluster[at] = time % 256;
    time = Math.floor(time / 256);
  }
  for (const one of blocks) new DataView(one.bytes.buffer, one.bytes.byteOffset + one.place).setInt16(0, one.time - earliest);
}

function together(one, other) {
  if (!one.length) return other;
  if (!other.length) return one;
  const out = new Uint8Array(one.length + other.length);
  out.set(one);
  out.set(other, one.length);
  return out;
}
