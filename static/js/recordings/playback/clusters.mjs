// A file's bytes, sorted into its voice and its picture as Media Source wants them: whole clusters of one track each.
// Apart, so that a voice goes on where its picture does not (a camera that was off, packets that were lost): of a
// cluster that holds both, browsers play only the moments that have both, and Firefox drops what follows a boundary.
import { blocksOf, CLUSTER, clusterOf, elementAt, joined } from "./webm.mjs";

export class Clusters {
  // `numbers`: of each track by kind, such as { audio: 2, video: 1 }.
  constructor(numbers) {
    this.numbers = Object.entries(numbers);
    this.reset();
  }

  // Begin at another cluster.
  reset() {
    this.held = new Uint8Array(0);
    this.reached = 0; // ms of the last block that came
  }

  // What is whole now, by kind; the rest waits for more. Everything between clusters is left out.
  push(bytes) {
    const data = joined([this.held, bytes]);
    const out = Object.fromEntries(this.numbers.map(([kind]) => [kind, []]));
    let at = 0;
    for (;;) {
      const element = elementAt(data, at);
      if (!element || element.end > data.length) break;
      if (element.id === CLUSTER) this.#sort(blocksOf(data, element), out);
      at = element.end;
    }
    this.held = data.slice(at);
    return Object.fromEntries(Object.entries(out).map(([kind, pieces]) => [kind, joined(pieces)]));
  }

  #sort(blocks, out) {
    for (const [kind, number] of this.numbers) {
      const own = blocks.filter((one) => one.track === number);
      if (own.length) out[kind].push(clusterOf(own));
    }
    this.reached = blocks.reduce((latest, one) => Math.max(latest, one.ms), this.reached);
  }
}

// The last moment (ms) in the end of a file, or null if no whole cluster is in these bytes. They may begin anywhere.
export function lastMoment(bytes) {
  let last = null;
  for (let at = 0; at < bytes.length - 4; at += 1) {
    const element = bytes[at] === 0x1f ? elementAt(bytes, at) : null;
    if (element?.id !== CLUSTER || element.end > bytes.length) continue;
    for (const one of blocksOf(bytes, element)) last = Math.max(last ?? 0, one.ms);
  }
  return last;
}
