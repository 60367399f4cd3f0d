// The own camera and microphone in a call: what is on, what is chosen, what comes back after a lock or an unplugging.
import { ask, askGently, stop } from "./devices.mjs";
import { Blur } from "./blur.mjs";

export class BlurFailed extends Error {}

export class OwnMedia extends EventTarget {
  constructor({ microphone, camera, audioOnly, selfie, makeBlur = (failed) => new Blur(selfie, failed) }) {
    super();
    Object.assign(this, { microphone, camera, makeBlur });
    this.on = { audio: true, video: !audioOnly };
    this.raw = { audio: null, video: null };
    this.blurred = false; // wished for: while it holds, nobody gets a picture without the blur
    this.blur = null;
    this.resting = false;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#changed());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#revive());
  }

  async start() {
    const stream = await askGently({ microphone: this.microphone, camera: this.camera, video: this.on.video });
    this.on.video = this.on.video && stream.getVideoTracks().length > 0;
    this.#take("audio", stream.getAudioTracks()[0] ?? null);
    this.#take("video", stream.getVideoTracks()[0] ?? null);
  }

  // What is sent: nothing of the picture while it is off or rests; the microphone's track is silenced, not taken away.
  get tracks() {
    return { audio: this.raw.audio, video: this.on.video && !this.resting ? this.picture : null };
  }

  // Nothing while the blur is being loaded.
  get picture() {
    return this.blurred ? (this.blur?.output ?? null) : this.raw.video;
  }

  async setMicrophone(on) {
    this.on.audio = on;
    if (on && this.raw.audio?.readyState !== "live") await this.choose("audio", this.microphone);
    if (this.raw.audio) this.raw.audio.enabled = on;
    this.#tell();
  }

  // Switching the camera off also switches its light off.
  async setCamera(on) {
    this.on.video = on;
    if (on && this.raw.video?.readyState !== "live") await this.choose("video", this.camera);
    if (!on) this.#darken();
    this.#tell();
  }

  setResting(resting) {
    if (this.resting === resting) return;
    this.resting = resting;
    this.#tell();
  }

  // A camera that is off is only remembered: its light must not go on. Where the new one cannot be had, it is off.
  async choose(kind, device) {
    const audio = kind === "audio";
    if (audio) this.microphone = device;
    else this.camera = device;
    if (!audio && !this.on.video) return;
    if (!audio) this.#endBlur();
    this.raw[kind]?.stop(); // some phones open only one camera at a time
    try {
      const stream = await ask({ audio, video: !audio, microphone: this.microphone, camera: this.camera });
      this.#take(kind, stream.getTracks()[0]);
    } catch (error) {
      this.raw[kind] = null;
      this.on[kind] = false;
      this.#tell();
      throw error;
    }
    if (!audio && !this.on.video) this.#darken(); // switched off meanwhile
    if (!audio) await this.#startBlur();
    this.#tell();
  }

  async setBlur(on) {
    this.blurred = on;
    if (!on) this.#endBlur();
    this.#tell();
    await this.#startBlur();
    this.#tell();
  }

  // Where the blur fails the camera goes off: she, and nobody else, decides to be seen without it.
  async #startBlur() {
    const raw = this.raw.video;
    if (!this.blurred || this.blur || !raw) return;
    const blur = this.makeBlur(() => this.blur === blur && this.#failBlur());
    const wanted = () => this.blurred && !this.blur && this.raw.video === raw;
    try {
      await blur.start(raw);
    } catch (error) {
      blur.stop();
      if (!wanted()) return;
      this.#giveUpBlur();
      throw new BlurFailed("the blur failed", { cause: error });
    }
    if (wanted()) this.blur = blur;
    else blur.stop();
  }

  #endBlur() {
    this.blur?.stop();
    this.blur = null;
  }

  #giveUpBlur() {
    this.blurred = false;
    this.on.video = false;
    this.#darken();
    this.#tell();
  }

  #failBlur() {
    this.#giveUpBlur();
    this.dispatchEvent(new CustomEvent("failed", { detail: { kind: "video", error: new BlurFailed("the blur failed") } }));
  }

  #darken() {
    this.#endBlur();
    stop(this.raw.video && new MediaStream([this.raw.video]));
    this.raw.video = null;
  }

  stop() {
    this.blur?.stop();
    for (const track of [this.raw.audio, this.raw.video]) {
      if (track) track.onended = null;
      track?.stop();
    }
  }

  #take(kind, track) {
    this.raw[kind] = track;
    if (!track) return;
    if (kind === "audio") track.enabled = this.on.audio;
    track.onended = () => this.#ended(kind);
  }

  async #ended(kind) {
    try {
      await this.choose(kind, ""); // whichever device the system has now
      this.dispatchEvent(new CustomEvent("replaced", { detail: kind }));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("failed", { detail: { kind, error } }));
    }
  }

  // iOS ends tracks when another app takes the microphone or the phone is locked.
  async #revive() {
    for (const kind of ["audio", "video"]) {
      if (this.on[kind] && this.raw[kind]?.readyState === "ended") await this.#ended(kind);
    }
  }

  #changed() {
    this.dispatchEvent(new Event("devices"));
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
