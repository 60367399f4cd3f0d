// Show the screen, or a clip from the own disk. The clip is played here and sent as it plays.
export class Share extends EventTarget {
  constructor({ call, player }) {
    super();
    Object.assign(this, { call, player });
    this.stream = null;
  }

  async screen() {
    this.#begin(await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true }));
  }

  async clip(file) {
    URL.revokeObjectURL(this.player.src);
    this.player.src = URL.createObjectURL(file);
    this.player.hidden = false;
    await new Promise((resolve, reject) => {
      this.player.onloadeddata = resolve;
      this.player.onerror = () => reject(new Error("no clip that this browser plays"));
    });
    const capture = this.player.captureStream ?? this.player.mozCaptureStream;
    this.#begin(capture.call(this.player));
    this.player.play();
  }

  stop() {
    if (!this.stream) return;
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.player.pause();
    this.player.hidden = true;
    this.player.removeAttribute("src");
    this.#send();
    this.dispatchEvent(new Event("change"));
  }

  get tracks() {
    return { shareAudio: this.stream?.getAudioTracks()[0] ?? null, shareVideo: this.stream?.getVideoTracks()[0] ?? null };
  }

  #begin(stream) {
    this.stream = stream;
    const [picture] = stream.getVideoTracks();
    if (picture) {
      picture.contentHint = "detail";
      picture.addEventListener("ended", () => this.stop());
    }
    this.#send();
    this.dispatchEvent(new Event("change"));
  }

  #send() {
    for (const [kind, track] of Object.entries(this.tracks)) this.call.setTrack(kind, track);
  }
}

export function canShareClips() {
  return "captureStream" in HTMLMediaElement.prototype || "mozCaptureStream" in HTMLMediaElement.prototype;
}

export function canShareScreen() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia);
}
