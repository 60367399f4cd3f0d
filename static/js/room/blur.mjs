// Blurs what is behind somebody, on her own device: the model comes from this site and no picture leaves the browser.
// Loaded only when it is switched on, since it is several megabytes.
const FRAME_MS = 1000 / 20;

function load(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error("the blur could not be loaded"));
    document.head.append(script);
  });
}

export class Blur {
  // `failed` is called where it breaks down after it has started.
  constructor(folder, failed) {
    this.folder = folder;
    this.failed = failed;
    this.running = false;
  }

  // A track with the same picture, blurred behind the person. The given track goes on; stop() ends only ours.
  async start(track) {
    if (!window.SelfieSegmentation) await load(`${this.folder}selfie_segmentation.js`);
    this.model = new window.SelfieSegmentation({ locateFile: (file) => `${this.folder}${file}` });
    this.model.setOptions({ modelSelection: 1 });
    this.model.onResults((result) => this.#draw(result));
    await this.model.initialize();
    this.video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
    this.video.srcObject = new MediaStream([track]);
    await this.video.play();
    this.canvas = document.createElement("canvas");
    this.canvas.width = this.video.videoWidth || 640;
    this.canvas.height = this.video.videoHeight || 480;
    this.context = this.canvas.getContext("2d");
    this.running = true;
    await this.#frame();
    this.output = this.canvas.captureStream(20).getVideoTracks()[0];
    return this.output;
  }

  stop() {
    this.running = false;
    clearTimeout(this.timer);
    this.output?.stop();
    this.model?.close();
    if (this.video) this.video.srcObject = null;
  }

  async #frame() {
    if (!this.running) return;
    const began = performance.now();
    await this.model.send({ image: this.video });
    this.timer = setTimeout(() => this.#frame().catch(() => this.running && this.failed()), Math.max(0, FRAME_MS - (performance.now() - began)));
  }

  #draw({ image, segmentationMask }) {
    const { context, canvas } = this;
    context.save();
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(segmentationMask, 0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "source-in";
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    context.globalCompositeOperation = "destination-over";
    if ("filter" in context) {
      context.filter = "blur(14px)";
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
    } else {
      // Safari has no filter here: a tiny copy drawn large hides as much.
      this.small ??= Object.assign(document.createElement("canvas"), { width: 16, height: 12 });
      this.small.getContext("2d").drawImage(image, 0, 0, 16, 12);
      context.drawImage(this.small, 0, 0, canvas.width, canvas.height);
    }
    context.restore();
  }
}
