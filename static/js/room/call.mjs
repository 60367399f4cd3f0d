// Keeps somebody in the room: joins, notices when the network has gone, and joins again until she is told to stop.
// The old connection stays until a new one is open, since the network may be back before it.
import { patience, verdict, waitBefore } from "./backoff.mjs";
import { Connection, Refused } from "./connection.mjs";
import { Deeds } from "./deeds.mjs";
import { PictureRest, Quality, sampleOf } from "./quality.mjs";

const SAMPLE_MS = 1000;
const SILENT_SAMPLES = 3;
const REPLACED_BY_US_MS = 15_000;

export class Call extends EventTarget {
  constructor(options) {
    super();
    this.options = options;
    this.tracks = {};
    this.over = false;
    this.attempt = 0;
    this.current = null;
    this.trying = null;
    this.heard = false;
    this.abandonedAt = -Infinity;
    this.deeds = new Deeds();
    addEventListener("online", () => this.#hurry());
    addEventListener("offline", () => this.#tell("trouble", { word: "offline" }));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  start() {
    this.#try();
  }

  async setTrack(kind, track) {
    this.tracks[kind] = track;
    await Promise.all([this.current, this.trying].map((one) => one?.replace(kind, track)));
  }

  // Of this moment alone: lost where there is no connection.
  send(message) {
    this.current?.send(message);
  }

  // What is to be done: said again over the next connection until it is answered. Gives the name under which it is.
  ask(message) {
    const asked = this.deeds.ask(message);
    this.current?.send(asked);
    return asked.id;
  }

  // Says a last thing and ends. No new connection may bring back who has left, so none is waited for.
  farewell(message, afterMs) {
    this.over = true;
    clearTimeout(this.timer);
    this.trying?.close();
    this.send(message);
    setTimeout(() => this.end(), afterMs);
  }

  // Ends for good. The page may be leaving: nothing here waits, and what still comes in is nobody's.
  end() {
    this.over = true;
    clearTimeout(this.timer);
    clearInterval(this.sampler);
    for (const connection of [this.current, this.trying]) connection?.close();
    this.current = this.trying = null;
  }

  async #try() {
    clearTimeout(this.timer);
    if (this.over || this.trying) return;
    const waits = patience(this.attempt, this.current !== null);
    const connection = new Connection(this.options);
    this.trying = connection;
    connection.addEventListener("message", (event) => this.#hear(connection, event.detail));
    connection.addEventListener("open", () => this.#adopt(connection));
    connection.addEventListener("lost", () => this.#lost(connection));
    try {
      const answer = await connection.start(this.tracks, waits);
      this.options.iceServers = answer.iceServers;
      this.timer = setTimeout(() => this.#lost(connection), waits);
    } catch (error) {
      connection.close();
      if (connection === this.trying) this.#refused(error);
    }
  }

  #adopt(connection) {
    if (connection !== this.trying || this.over) return;
    clearTimeout(this.timer);
    const before = this.current;
    this.current = connection;
    this.trying = null;
    this.attempt = 0;
    before?.close();
    for (const [kind, track] of Object.entries(this.tracks)) connection.replace(kind, track ?? null);
    this.#watch(connection);
    this.#tell("connected", { connection, again: this.once === true });
    this.once = true;
    for (const asked of this.deeds.unanswered()) connection.send(asked);
  }

  #hear(connection, message) {
    if (message.type !== "ended") {
      if (connection !== this.current) return;
      this.deeds.answered(message);
      this.#tell("message", message);
      return;
    }
    if (connection !== this.current) return; // a newer connection has taken its place
    if (message.reason === "replaced" && (this.trying || performance.now() - this.abandonedAt < REPLACED_BY_US_MS)) {
      this.#lost(connection); // by a try of ours that came to nothing here
      return;
    }
    this.end();
    this.#tell("ended", { reason: message.reason });
  }

  #lost(connection) {
    connection.close();
    if (this.over) return;
    if (connection === this.trying) {
      this.trying = null;
      this.abandonedAt = performance.now();
      this.#again();
    } else if (connection === this.current) {
      this.current = null;
      clearInterval(this.sampler);
      this.#trouble();
      this.#again();
    }
  }

  #refused(error) {
    this.trying = null;
    if (!(error instanceof Refused)) {
      this.end();
      this.#tell("refused", { word: "refused-offer_refused" });
      return;
    }
    this.abandonedAt = performance.now();
    const said = error.code === "signed-out" ? { again: false, word: "signed-out" } : verdict(error.status, error.code);
    if (said.again) {
      if (this.once) this.#stillLost();
      else this.#tell("trouble", { word: said.word });
      this.#again(said.afterMs);
    } else {
      this.end();
      this.#tell("refused", { word: said.word, how: error.how });
    }
  }

  // Nothing is to be done where the old connection came back by itself.
  #again(afterMs = waitBefore(this.attempt)) {
    if (this.over || this.trying || (this.current && this.heard)) return;
    this.attempt += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#try(), afterMs);
  }

  // The network is back, or the phone was unlocked: don't wait for the next turn.
  #hurry() {
    if (this.over || (this.current && this.heard) || !this.once) return;
    this.attempt = 0;
    this.#try();
  }

  // Whatever keeps her from coming back, to her the connection is lost.
  #stillLost() {
    if (!this.current || !this.heard) this.#trouble();
  }

  #trouble() {
    this.#tell("trouble", { word: navigator.onLine === false ? "offline" : "lost" });
  }

  // Browsers take many seconds to see that nothing arrives any more; media sends something every second.
  #watch(connection) {
    const quality = new Quality();
    const rest = new PictureRest();
    let before;
    let silent = 0;
    this.heard = true;
    clearInterval(this.sampler);
    this.sampler = setInterval(async () => {
      const sample = sampleOf(await connection.peer.getStats(), before?.totals);
      if (connection !== this.current || this.over) return;
      silent = before && !sample.heard ? silent + 1 : 0;
      before = sample;
      if (silent < SILENT_SAMPLES) {
        if (!this.heard) this.#tell("recovered", {});
        this.heard = true;
        const level = quality.step(sample);
        this.#tell("quality", { level, resting: rest.step(level) });
      } else if (this.heard) {
        this.heard = false;
        this.#trouble();
        this.#try();
      }
    }, SAMPLE_MS);
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
