// One file of one person, decrypted. A broken connection leaves it open to go on where it stopped.
import { isTrouble } from "../trouble.mjs";
import { placeBehind } from "../playback/manifest.mjs";

const PIECE = 1 << 20;

export class PersonDownload {
  // `read(start, end)` gives plaintext. With `rescue`, what is damaged is left out instead of ending the download.
  constructor(track, size, read, target, rescue) {
    Object.assign(this, { track, size, read, target, rescue });
    this.at = 0;
    this.written = 0;
  }

  // Goes on from where it is. Throws Trouble; after "no-answer" it may be called again.
  async run(job) {
    while (this.at < this.size) {
      job.check();
      const bytes = await this.#piece();
      await this.target.write(bytes, this.written);
      this.written += bytes.length;
      job.progress(this.at / this.size);
    }
    await this.target.close();
  }

  async #piece() {
    try {
      const bytes = await this.read(this.at, Math.min(this.at + PIECE, this.size));
      this.at += bytes.length;
      return bytes;
    } catch (error) {
      if (!this.rescue || !isTrouble(error) || error.detail?.chunk === undefined) throw error;
      return this.#passOver(error.detail.chunk * 65536);
    }
  }

  // What is whole before the damage; then on to the next place that can be played from.
  async #passOver(bad) {
    const before = bad > this.at ? await this.read(this.at, bad) : new Uint8Array(0);
    this.at = placeBehind(this.track.index, bad + 65536)?.byte ?? this.size;
    return before;
  }
}
