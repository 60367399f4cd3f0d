// Show the screen, or a clip from the own disk. The clip is played here and sent as it plays.
export class Share extends EventTarget {
  constructor({ call, player }) {
    super();
    Object.assign(this, { call, player });
    this.stream = null;
  }

  // What was shown before goes only once the browser has given something new.
  async screen() {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: true });
    this.#drop();
    this.#begin(stream);
  }

  async clip(file) {
    this.#drop();
    const { player } = this;
    player.src = URL.createObjectURL(file);
    player.hidden = false;
    try {
      await new Promise((resolve, reject) => {
        player.onloadeddata = resolve;
        player.onerror = () => reject(new Error("no clip that this browser plays"));
      });
      const capture = player.captureStream ?? player.mozCaptureStream;
      this.#begin(capture.call(player));
      await player.play();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop() {
    this.#drop();
    this.#send();
  }

  get tracks() {
    return { shareAudio: this.stream?.getAudioTracks()[0] ?? null, shareVideo: this.stream?.getVideoTracks()[0] ?? null };
  }

  #begin(stream) {
    this.stream = stream;
    const [picture] = stream.getVideoTracks();
    if (picture) {
      picture.contentHint = "detail";
      // The clip is over, or she pressed the browser's own button to end it.
      picture.addEventListener("ended", () => this.stream === stream && this.stop());
    }
    this.#send();
  }

  #drop() {
    const { player } = this;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    player.onloadeddata = player.onerror = null;
    player.pause();
    player.hidden = true;
    if (player.src) URL.revokeObjectURL(player.src);
    player.removeAttribute("src");
    player.load();
  }

  #send() {
    for (const [kind, track] of Object.entries(this.tracks)) this.call.setTrack(kind, track);
    this.dispatchEvent(new Event("change"));
  }
}

export function canShareClips() {
  return "captureStream" in HTMLMediaElement.prototype || "mozCaptureStream" in HTMLMediaElement.prototype;
}

export function canShareScreen() {
  return Boolean(navigator.mediaDevices?.getDisplayMedia);
}
