// The own camera and microphone in a call: what is on, what is chosen, what comes back after a lock or an unplugging.
import { ask, askGently, stop } from "./devices.mjs";
import { Blur } from "./blur.mjs";

export class OwnMedia extends EventTarget {
  constructor({ microphone, camera, audioOnly, selfie }) {
    super();
    Object.assign(this, { microphone, camera, selfie });
    this.on = { audio: true, video: !audioOnly };
    this.raw = { audio: null, video: null };
    this.blur = null;
    this.resting = false;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => this.#changed());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#revive());
  }

  async start() {
    const stream = await askGently({ microphone: this.microphone, camera: this.camera, video: this.on.video });
    this.on.video = this.on.video && stream.getVideoTracks().length > 0;
    await this.#take("audio", stream.getAudioTracks()[0] ?? null);
    await this.#take("video", stream.getVideoTracks()[0] ?? null);
  }

  // What is sent: nothing of the picture while it is off or rests; the microphone's track is silenced, not taken away.
  get tracks() {
    const picture = this.on.video && !this.resting ? (this.blur?.output ?? this.raw.video) : null;
    return { audio: this.raw.audio, video: picture };
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
    if (!on) {
      await this.setBlur(false);
      stop(this.raw.video && new MediaStream([this.raw.video]));
      this.raw.video = null;
    }
    this.#tell();
  }

  setResting(resting) {
    if (this.resting === resting) return;
    this.resting = resting;
    this.#tell();
  }

  async choose(kind, device) {
    const audio = kind === "audio";
    if (audio) this.microphone = device;
    else this.camera = device;
    const blurred = Boolean(this.blur);
    if (!audio) await this.setBlur(false);
    this.raw[kind]?.stop(); // some phones open only one camera at a time
    const stream = await ask({ audio, video: !audio, microphone: this.microphone, camera: this.camera });
    await this.#take(kind, stream.getTracks()[0]);
    if (blurred) await this.setBlur(true);
    this.#tell();
  }

  async setBlur(on) {
    if (!on) {
      this.blur?.stop();
      this.blur = null;
    } else if (!this.blur && this.raw.video) {
      const blur = new Blur(this.selfie);
      try {
        await blur.start(this.raw.video);
      } catch (error) {
        blur.stop();
        throw error;
      }
      this.blur = blur;
    }
    this.#tell();
  }

  stop() {
    this.blur?.stop();
    for (const track of [this.raw.audio, this.raw.video]) {
      if (track) track.onended = null;
      track?.stop();
    }
  }

  async #take(kind, track) {
    this.raw[kind] = track;
    if (!track) return;
    if (kind === "audio") track.enabled = this.on.audio;
    track.onended = () => this.#ended(kind);
  }

  async #ended(kind) {
    try {
      await this.choose(kind, ""); // whichever device the system has now
      this.dispatchEvent(new CustomEvent("replaced", { detail: kind }));
    } catch {
      this.raw[kind] = null;
      this.on[kind] = false;
      this.#tell();
      this.dispatchEvent(new CustomEvent("gone", { detail: kind }));
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
