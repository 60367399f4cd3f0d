// Where a download goes: straight to a file on disk where the browser can, else through memory.
import { StreamTarget } from "mediabunny";
import { Trouble } from "../trouble.mjs";

const CHUNK = 1 << 20;

// { write(data, position), close(), abort() }. Nothing is there to be opened until `close`. Throws Trouble "stopped" if the person closed the dialog.
export async function openTarget(name, type) {
  if (!window.showSaveFilePicker) return new MemoryTarget(name, type);
  try {
    const handle = await window.showSaveFilePicker({ suggestedName: name });
    return new DiskTarget(await handle.createWritable());
  } catch (error) {
    throw error.name === "AbortError" ? new Trouble("stopped") : error;
  }
}

// The same for mediabunny, which closes a stream when it is cancelled too: that must not keep half a file.
export const mediaTarget = (target) =>
  new StreamTarget(new WritableStream({ write: ({ data, position }) => target.write(data, position) }), { chunked: true, chunkSize: CHUNK });

class DiskTarget {
  constructor(stream) {
    this.stream = stream;
  }

  write(data, position) {
    return this.stream.write({ type: "write", data, position });
  }

  close() {
    return this.stream.close();
  }

  abort() {
    return this.stream.abort();
  }
}

const BLOCK = 1 << 22;

// Holds the file in memory until it is whole, then hands it to the browser's download.
class MemoryTarget {
  constructor(name, type) {
    Object.assign(this, { name, type, blocks: [], length: 0 });
  }

  write(data, position) {
    let [at, from] = [position, 0];
    while (from < data.length) {
      const block = (this.blocks[Math.floor(at / BLOCK)] ??= new Uint8Array(BLOCK));
      const take = Math.min(BLOCK - (at % BLOCK), data.length - from);
      block.set(data.subarray(from, from + take), at % BLOCK);
      [at, from] = [at + take, from + take];
    }
    this.length = Math.max(this.length, at);
  }

  close() {
    const whole = new Blob(this.blocks, { type: this.type }).slice(0, this.length, this.type);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(whole);
    link.download = this.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.blocks = [];
  }

  abort() {
    this.blocks = [];
  }
}
