// Notes made in the browser itself: nothing is fetched, and each change of the recording has its own.
const PATTERNS = {
  test: [523, 659, 784],
  joined: [587, 784],
  left: [784, 587],
  recording_started: [523, 784, 1047],
  recording_paused: [659, 659],
  recording_resumed: [659, 1047],
  recording_stopped: [784, 523],
  recording_failed: [330, 330, 330],
  recording_called_off: [784, 523],
  consent_withdrawn: [784, 523],
  distress: [440, 392],
  pause_please: [659, 523],
  message: [880],
};
const NOTE_SECONDS = 0.16;

export class Sounds {
  constructor() {
    this.context = null;
  }

  // Browsers start sound only after a touch or key: call this from one.
  unlock() {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume();
  }

  async play(name, speaker = "") {
    const pattern = PATTERNS[name];
    if (!pattern) return;
    this.unlock();
    if (speaker && this.context.setSinkId) await this.context.setSinkId(speaker).catch(() => undefined);
    pattern.forEach((pitch, at) => this.#note(pitch, this.context.currentTime + 0.02 + at * NOTE_SECONDS * 1.2));
  }

  #note(pitch, at) {
    const tone = this.context.createOscillator();
    const volume = this.context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.18, at + 0.02);
    volume.gain.linearRampToValueAtTime(0, at + NOTE_SECONDS);
    tone.connect(volume).connect(this.context.destination);
    tone.start(at);
    tone.stop(at + NOTE_SECONDS);
  }
}
