// Keeps somebody in the room: joins, notices when the network has gone, and joins again until she is told to stop.
import { verdict, waitBefore } from "./backoff.mjs";
import { Connection, Refused } from "./connection.mjs";
import { PictureRest, Quality, sampleOf } from "./quality.mjs";

const SAMPLE_MS = 1000;
const SILENT_SAMPLES = 4;
const CONNECT_MS = 8000;

export class Call extends EventTarget {
  constructor(options) {
    super();
    this.options = options;
    this.tracks = {};
    this.over = false;
    this.attempt = 0;
    this.connected = false;
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#tell("trouble", { word: "offline" }));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  start() {
    this.#join();
  }

  async setTrack(kind, track) {
    this.tracks[kind] = track;
    await this.connection?.replace(kind, track);
  }

  send(message) {
    this.connection?.send(message);
  }

  // Ends for good. The page may be leaving: nothing here waits.
  end() {
    this.over = true;
    clearTimeout(this.timer);
    clearInterval(this.sampler);
    this.connection?.close();
  }

  async #join() {
    if (this.over) return;
    clearTimeout(this.timer);
    const connection = new Connection(this.options);
    this.pending = connection;
    connection.addEventListener("message", (event) => this.#hear(connection, event.detail));
    connection.addEventListener("open", () => this.#opened(connection));
    connection.addEventListener("lost", () => this.#lost(connection));
    try {
      const answer = await connection.start(this.tracks);
      this.options.iceServers = answer.iceServers;
      this.timer = setTimeout(() => !this.connected && this.#lost(connection), CONNECT_MS);
    } catch (error) {
      connection.close();
      if (connection === this.pending) this.#refused(error);
    }
  }

  #opened(connection) {
    if (connection !== this.pending || this.over) return;
    clearTimeout(this.timer);
    const before = this.connection;
    this.connection = connection;
    this.connected = true;
    this.attempt = 0;
    before?.close();
    for (const [kind, track] of Object.entries(this.tracks)) connection.replace(kind, track ?? null);
    this.#watch(connection);
    this.#tell("connected", { connection, again: Boolean(before) });
  }

  #hear(connection, message) {
    if (message.type === "ended") {
      this.end();
      this.#tell("ended", { reason: message.reason });
    } else if (connection === this.connection) this.#tell("message", message);
  }

  #lost(connection) {
    if (this.over || connection !== this.pending) return;
    connection.close();
    this.connected = false;
    clearInterval(this.sampler);
    this.#tell("trouble", { word: navigator.onLine === false ? "offline" : "lost" });
    this.#again(waitBefore(this.attempt));
  }

  #refused(error) {
    if (!(error instanceof Refused)) {
      this.#tell("refused", { word: "refused-offer_refused", why: String(error) });
      return;
    }
    const said = error.code === "signed-out" ? { again: false, word: "signed-out" } : verdict(error.status, error.code);
    if (said.again) {
      this.#tell("trouble", { word: said.word });
      this.#again(said.afterMs ?? waitBefore(this.attempt));
    } else {
      this.end();
      this.#tell("refused", { word: said.word });
    }
  }

  #again(afterMs) {
    this.attempt += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#join(), afterMs);
  }

  // The network is back, or the phone was unlocked: don't wait for the next turn.
  #hurry() {
    if (!this.over && !this.connected && this.attempt > 0) {
      this.attempt = 0;
      this.pending?.close();
      this.#join();
    }
  }

  // Browsers take many seconds to see that nothing arrives any more; four silent seconds are enough for us.
  #watch(connection) {
    const quality = new Quality();
    const rest = new PictureRest();
    let before;
    let silent = 0;
    clearInterval(this.sampler);
    this.sampler = setInterval(async () => {
      const sample = sampleOf(await connection.peer.getStats(), before?.totals);
      if (connection !== this.connection || this.over) return;
      silent = before && !sample.heard ? silent + 1 : 0;
      before = sample;
      if (silent >= SILENT_SAMPLES) {
        this.#lost(connection);
        return;
      }
      const level = quality.step(sample);
      this.#tell("quality", { level, resting: rest.step(level) });
    }, SAMPLE_MS);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
