// The room's page: brings together call, own camera and microphone, stage, and the interviewer's desk.
import { Call } from "./call.mjs";
import { Desk } from "./desk.mjs";
import { fillChoices } from "./devices.mjs";
import { Lines } from "./lines.mjs";
import { BlurFailed, OwnMedia } from "./own-media.mjs";
import { nameOf } from "./snapshot.mjs";
import { Sounds } from "./sounds.mjs";
import { Stage } from "./stage.mjs";
import { keepAwake } from "./wake-lock.mjs";
import { sayWish, Wish } from "./wish.mjs";
import { readWords } from "./words.mjs";

const SAY_MS = 500;
const PRESENT_MS = 300_000;
const RUNS_ROOM = ["interviewer", "co-interviewer"];

export class Page {
  constructor(root) {
    const data = root.dataset;
    this.root = root;
    this.data = data;
    this.words = readWords(document.getElementById("room-words"));
    this.stage = new Stage(root, this.words);
    this.sounds = new Sounds();
    this.runs = RUNS_ROOM.includes(data.role);
    this.own = new OwnMedia({
      microphone: data.microphone,
      camera: data.camera,
      audioOnly: data.audioOnly === "true",
      selfie: data.selfie,
    });
    this.call = new Call({
      join: data.join,
      csrf: data.csrf,
      iceServers: JSON.parse(data.ice),
      relayOnly: data.relayOnly === "true",
      mayShare: this.runs,
    });
    const { root: _, words, call, stage, sounds } = this;
    const list = document.getElementById("room-messages");
    this.lines = list && new Lines({ list, tell: (message) => call.send(message) });
    this.desk = this.runs ? new Desk({ root, words, call, stage, sounds, csrf: data.csrf }) : null;
    this.ending = JSON.parse(data.ending);
    // who waits or talks for hours asks for no other page, and is not to be signed out
    setInterval(() => fetch(data.present, { redirect: "manual" }).catch(() => undefined), PRESENT_MS);
    this.#listen();
  }

  async start() {
    this.stage.setPhase("devices");
    try {
      await this.own.start();
    } catch {
      this.own.on = { audio: false, video: false };
      this.stage.note(this.words("no-microphone"));
    }
    if (this.own.raw.audio && this.data.audioOnly !== "true" && !this.own.on.video) this.stage.note(this.words("no-camera"));
    this.#devices();
    if (this.data.blur === "true") this.#blur(true);
    this.#sync();
    this.stage.setPhase("connecting");
    this.letSleep = keepAwake();
    this.call.start();
  }

  #listen() {
    const { call, own } = this;
    document.addEventListener("click", (event) => this.#act(event.target.closest("[data-act]")));
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.sounds.unlock(), { once: true });
    call.addEventListener("connected", ({ detail }) => this.#connected(detail));
    call.addEventListener("message", ({ detail }) => this.#hear(detail));
    call.addEventListener("recovered", () => this.stage.setTrouble(null));
    call.addEventListener("trouble", ({ detail }) => this.#trouble(detail.word));
    call.addEventListener("quality", ({ detail }) => this.#quality(detail));
    call.addEventListener("ended", ({ detail }) => {
      if (detail.reason === "stopped") this.wish?.heard();
      this.#leave(detail.reason);
    });
    call.addEventListener("refused", ({ detail }) => this.#refused(detail));
    own.addEventListener("change", () => this.#sync());
    own.addEventListener("devices", () => this.#devices());
    own.addEventListener("replaced", () => this.#notice(this.words("device-changed")));
    own.addEventListener("failed", ({ detail }) => this.#deviceFailed(detail.kind, detail.error));
    this.root.addEventListener("app:state", () => this.#tellState());
    // "Exit this page" ends the call at once, before anything else happens.
    document.addEventListener("app:leave", () => this.#hangUp());
    addEventListener("pagehide", () => this.#hangUp());
    // Brought back by the back button as it was left: without a call.
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    this.#muteAsk();
  }

  // The page is being left: from here on nothing may lead her anywhere else.
  #hangUp() {
    this.left = true;
    this.call.send({ type: "leave" });
    this.own.stop();
    this.call.end();
    this.stage.detach();
  }

  #act(button) {
    if (!button || this.desk?.act(button)) return;
    const { act } = button.dataset;
    if (act === "microphone") this.own.setMicrophone(!this.own.on.audio).catch((error) => this.#deviceFailed("audio", error));
    else if (act === "camera") this.own.setCamera(!this.own.on.video).catch((error) => this.#deviceFailed("video", error));
    else if (act === "blur") this.#blur(!this.own.blurred);
    else if (act === "leave") this.#depart();
    else if (act === "need_to_stop") this.#stop();
    else this.call.ask({ type: act });
  }

  // She is out at once, whether or not the others can be told.
  #depart() {
    this.call.send({ type: "leave" });
    this.own.stop();
    this.stage.detach();
    setTimeout(() => this.#leave("left"), 250);
  }

  // The end is shown from what is here already: it must not wait for a network that may be away. It has the address of
  // its own page, so that to load it anew, or the way back, does not lead into the call.
  #stop() {
    this.left = true;
    const wish = new Wish({ to: this.data.stop, csrf: this.data.csrf });
    this.wish = wish;
    this.call.farewell({ type: "need_to_stop", id: wish.name }, SAY_MS);
    this.own.stop();
    this.stage.detach();
    this.letSleep?.();
    history.replaceState(null, "", this.ending.stopped);
    const end = document.getElementById("room-stopped");
    document.title = end.dataset.title;
    for (const one of end.parentElement.children) one.hidden = true;
    end.parentElement.append(end.content.cloneNode(true));
    sayWish(wish, document);
    const heading = end.parentElement.querySelector("h1[tabindex]");
    heading.focus();
    scrollTo(0, 0);
  }

  #leave(reason) {
    if (this.left) return;
    this.left = true;
    this.own.stop();
    this.call.end();
    this.stage.detach();
    this.letSleep?.();
    location.assign(this.ending[reason] ?? this.ending.ended);
  }

  #connected({ connection, again }) {
    this.stage.attach(connection);
    this.stage.setTrouble(null);
    this.told = 0;
    if (again) this.stage.say(this.words("back"));
    this.#tellState();
    this.call.send({ type: "quality", level: this.level ?? "good" });
  }

  #hear(message) {
    if (message.type === "room") this.#show(message);
    else if (message.type === "recording") this.#show({ ...this.snapshot, recording: message.recording ?? message });
    else if (message.type === "announcement") this.#announce(message);
    else if (message.type === "message") this.#message(message);
    else if (message.type === "mute_request") this.#askToMute();
    else if (message.type === "done") this.desk?.done(message.id);
    else if (message.type === "refused") this.#refusedDeed(message);
  }

  #refusedDeed({ code, id }) {
    if (this.desk?.refused(id)) return;
    if (code === "share_taken") this.desk?.share.stop();
    this.#notice(this.words(`refused-${code}`) || this.words("refused-not_allowed"));
  }

  #show(snapshot) {
    const entered = snapshot.admitted && !this.snapshot?.admitted;
    this.snapshot = snapshot;
    this.desk?.show(snapshot);
    this.stage.show(snapshot);
    const waiting = document.getElementById("room-waiting");
    if (waiting) waiting.hidden = snapshot.admitted;
    const stop = this.root.querySelector('[data-act="stop_recording"]');
    if (stop) stop.hidden = !["starting", "running", "paused"].includes(snapshot.recording.state);
    for (const one of this.root.querySelectorAll("[data-inside]")) one.hidden = !snapshot.admitted;
    this.#confirm(snapshot.recording);
    if (entered && !this.runs) {
      this.sounds.play("joined", this.stage.speaker);
      this.stage.say(this.words("inside"));
    }
  }

  // Nothing is recorded before every page has shown it and said so; who comes back into a recorded call is told anew.
  #confirm({ state, notice }) {
    if (!["starting", "running"].includes(state) || !notice || notice === this.told) return;
    if (this.told === 0 && state === "running") this.#speak("recording_started", "said-recording_started");
    this.#tellKnown(notice);
  }

  #tellKnown(notice) {
    this.told = notice;
    this.call.send({ type: "told", notice });
  }

  #speak(code, word, values = {}) {
    this.sounds.play(code, this.stage.speaker);
    this.#notice(this.words(word, values));
  }

  #announce({ code, person, role, notice, why }) {
    const name = nameOf(this.snapshot, person, this.words, role);
    if (person === this.snapshot?.you && ["joined", "returned", "lost", "left", "video_held", "video_back"].includes(code)) return;
    this.#speak(code, code === "recording_failed" && why ? `failed-${why}` : `said-${code}`, { name });
    if (notice) this.#tellKnown(notice);
  }

  // Who has been let in meanwhile no longer sees the list.
  #message(message) {
    if (!this.lines?.show(message)) return;
    if (this.snapshot?.admitted) this.#notice(message.text);
    this.sounds.play("message", this.stage.speaker);
  }

  #trouble(word) {
    this.stage.setTrouble(word);
  }

  #quality({ level, resting }) {
    if (level !== this.level) {
      this.level = level;
      this.call.send({ type: "quality", level });
      this.stage.setQuality(level);
    }
    if (resting !== this.own.resting) {
      this.own.setResting(resting);
      if (this.own.on.video) this.#notice(this.words(resting ? "picture-held" : "picture-back"));
    }
  }

  #refused({ word, how }) {
    const here = !this.runs || this.snapshot; // whoever of the team opens a room that is over looks at guide and notes
    if (how && here) this.#leave(how);
    if (this.left) return;
    this.own.stop();
    this.stage.setTrouble(word);
    const problem = document.getElementById("room-problem");
    problem.hidden = false;
    problem.querySelector("[data-said]").textContent = this.words(word);
    if (word === "signed-out") location.assign(this.data.signIn);
  }

  // Puts what is on into the connection, the page and the others' snapshot.
  #sync() {
    const { audio, video } = this.own.tracks;
    this.call.setTrack("audio", audio);
    this.call.setTrack("video", video);
    const shown = this.own.on.video ? this.own.picture : null;
    const loading = this.own.on.video && this.own.blurred;
    this.stage.showSelf(shown, shown ? "" : this.words(loading ? "blur-wait" : "camera-off"));
    for (const [act, on] of Object.entries({ microphone: this.own.on.audio, camera: this.own.on.video })) {
      this.#press(act, on, `${act}-${on ? "on" : "off"}`);
    }
    this.#press("blur", this.own.blurred, this.own.blurred ? "blur-on" : "blur-off");
    this.#tellState();
  }

  // Who chose to talk without a picture has no buttons for one.
  #press(act, on, word) {
    const button = document.querySelector(`[data-act="${act}"]`);
    button?.setAttribute("aria-pressed", String(on));
    if (button) button.querySelector("[data-said]").textContent = this.words(word);
  }

  #tellState() {
    const { on, tracks } = this.own;
    const sharing = Boolean(this.desk?.share?.stream);
    this.call.send({ type: "state", microphone: on.audio, camera: Boolean(tracks.video), sharing });
  }

  async #blur(on) {
    if (on && this.own.raw.video) this.#notice(this.words("blur-wait"));
    try {
      await this.own.setBlur(on);
    } catch (error) {
      this.#deviceFailed("video", error);
    }
  }

  #deviceFailed(kind, error) {
    const device = kind === "audio" ? "no-microphone" : "no-camera";
    this.#notice(this.words(error instanceof BlurFailed ? "blur-failed" : device));
  }

  async #devices() {
    if (!navigator.mediaDevices?.enumerateDevices) return;
    const selects = {
      videoinput: document.getElementById("room-camera"),
      audioinput: document.getElementById("room-microphone"),
      audiooutput: document.getElementById("room-speaker"),
    };
    const chosen = {
      videoinput: this.own.raw.video?.getSettings().deviceId ?? this.own.camera,
      audioinput: this.own.raw.audio?.getSettings().deviceId ?? this.own.microphone,
      audiooutput: this.stage.speaker,
    };
    await fillChoices(selects, this.words, chosen);
    if (this.choosing) return;
    this.choosing = true;
    selects.videoinput?.addEventListener("change", (event) => this.#choose("video", event.target.value));
    selects.audioinput.addEventListener("change", (event) => this.#choose("audio", event.target.value));
    selects.audiooutput.addEventListener("change", (event) => this.stage.setSpeaker(event.target.value));
  }

  async #choose(kind, device) {
    const missed = kind === "audio" && !this.own.raw.audio; // who has only muted herself stays so
    try {
      await this.own.choose(kind, device);
      if (missed) await this.own.setMicrophone(true);
    } catch (error) {
      this.#deviceFailed(kind, error);
    }
  }

  #muteAsk() {
    const ask = this.root.querySelector("#room-mute-ask");
    const close = () => {
      ask.hidden = true;
      this.root.querySelector('[data-act="microphone"]').focus();
    };
    this.root.querySelector("#room-mute-yes").addEventListener("click", () => {
      this.own.setMicrophone(false);
      close();
    });
    this.root.querySelector("#room-mute-no").addEventListener("click", close);
  }

  #askToMute() {
    if (!this.own.on.audio) return;
    this.root.querySelector("#room-mute-ask").hidden = false;
    this.root.querySelector("#room-mute-yes").focus();
  }

  #notice(text) {
    this.stage.note(text);
    this.stage.say(text);
  }
}
