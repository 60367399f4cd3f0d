// The guided device check. Nothing is sent: picture and sound stay in the browser.
import { Blur } from "./blur.mjs";
import { helpFor } from "./browser.mjs";
import { ask, fillChoices, problemOf, stop } from "./devices.mjs";
import { Meter } from "./meter.mjs";
import { testNetwork } from "./network-test.mjs";
import { Sounds } from "./sounds.mjs";
import { readWords } from "./words.mjs";

const HEARD = 25;

export class Check {
  constructor(root, form) {
    this.root = root;
    this.form = form;
    this.words = readWords(document.getElementById("check-words"));
    this.sounds = new Sounds();
    this.at = (id) => document.getElementById(`check-${id}`);
    for (const button of root.querySelectorAll("[data-ask]")) {
      button.addEventListener("click", () => this.#ask(button.dataset.ask === "both"));
    }
    this.at("play").addEventListener("click", () => this.sounds.play("test", this.at("speaker").value));
    for (const kind of ["camera", "microphone"]) this.at(kind).addEventListener("change", () => this.#ask(Boolean(this.video)));
    form.elements.audio_only.addEventListener("change", (event) => this.stream && this.#ask(!event.target.checked));
    form.elements.blur.addEventListener("change", () => this.#blur());
    form.addEventListener("submit", () => this.#keep());
    addEventListener("pagehide", () => this.#release());
  }

  async start() {
    const { ice, relayOnly } = this.root.dataset;
    const state = await testNetwork(JSON.parse(ice), "/healthz", relayOnly === "true");
    this.#say(this.at("network"), state, state === "network-good" ? "good" : "poor");
    if (navigator.mediaDevices?.enumerateDevices) await this.#list();
  }

  async #ask(video) {
    this.#release();
    this.at("problem").hidden = true;
    try {
      this.stream = await ask({ video, microphone: this.at("microphone").value, camera: this.at("camera").value });
    } catch (error) {
      this.#problem(problemOf(error));
      return;
    }
    [this.video] = this.stream.getVideoTracks();
    this.form.elements.audio_only.checked = !this.video;
    this.at("devices-on").hidden = false;
    this.at("preview-tile").hidden = !this.video;
    this.at("camera-choice").hidden = !this.video;
    this.at("preview").srcObject = this.video ? this.stream : null;
    this.#meter();
    await this.#list();
    if (this.video && this.form.elements.blur.checked) await this.#blur();
  }

  #meter() {
    const bar = this.at("meter");
    const level = bar.querySelector("rect");
    this.#say(this.at("heard"), "silent", "wait");
    let heard = false;
    this.meter = new Meter(this.stream, (loud) => {
      level.setAttribute("width", loud);
      bar.setAttribute("aria-valuenow", loud);
      if (!heard && loud > HEARD) {
        heard = true;
        this.#say(this.at("heard"), "heard", "good");
      }
    });
  }

  async #blur() {
    this.blur?.stop();
    this.blur = null;
    const said = this.at("blur-said");
    said.textContent = "";
    if (!this.video) return;
    if (!this.form.elements.blur.checked) {
      this.at("preview").srcObject = this.stream;
      return;
    }
    said.textContent = this.words("testing");
    const blur = new Blur(this.root.dataset.selfie, () => this.blur === blur && this.#blurFailed(blur));
    try {
      this.at("preview").srcObject = new MediaStream([await blur.start(this.video)]);
      this.blur = blur;
      said.textContent = "";
    } catch {
      this.#blurFailed(blur);
    }
  }

  #blurFailed(blur) {
    blur.stop();
    this.blur = null;
    this.form.elements.blur.checked = false;
    this.at("preview").srcObject = this.stream;
    this.at("blur-said").textContent = this.words("blur-failed");
  }

  #list() {
    const selects = { videoinput: this.at("camera"), audioinput: this.at("microphone"), audiooutput: this.at("speaker") };
    const { camera, microphone, speaker } = this.form.elements;
    return fillChoices(selects, this.words, {
      videoinput: this.video?.getSettings().deviceId ?? camera.value,
      audioinput: this.stream?.getAudioTracks()[0]?.getSettings().deviceId ?? microphone.value,
      audiooutput: this.at("speaker").value || speaker.value,
    });
  }

  #problem(kind) {
    const box = this.at("problem");
    const help = helpFor(navigator.userAgent, navigator.maxTouchPoints);
    for (const one of box.querySelectorAll("[data-problem]")) one.hidden = one.dataset.problem !== kind;
    for (const one of box.querySelectorAll("[data-help]")) one.hidden = kind !== "denied" || one.dataset.help !== help;
    box.hidden = false;
  }

  #say(place, word, state) {
    const line = place.querySelector(".app-check__state");
    line.dataset.state = state;
    line.querySelector("[data-said]").textContent = this.words(word);
  }

  #keep() {
    if (this.stream) {
      this.form.elements.camera.value = this.at("camera").value;
      this.form.elements.microphone.value = this.at("microphone").value;
    }
    this.form.elements.speaker.value = this.at("speaker").value;
    this.#release();
  }

  #release() {
    this.blur?.stop();
    this.blur = null;
    this.meter?.stop();
    this.meter = null;
    stop(this.stream);
    this.stream = null;
    this.video = null;
  }
}
