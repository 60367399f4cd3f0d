// The interviewer's side of the page: who waits, who is here, recording, sharing, the pause for distress.
import { GIVEN_UP_MS } from "./deeds.mjs";
import { others, recordingStep, nameOf } from "./snapshot.mjs";
import { canShareClips, canShareScreen, Share } from "./share.mjs";
import { startGuide } from "./guide.mjs";
import { startNotes } from "./notes.mjs";
import { Reminder } from "./reminder.mjs";
import { Written } from "./written.mjs";
import { clock } from "./time.mjs";

const SURE_MS = 5000;

export class Desk {
  constructor({ root, words, call, stage, sounds, csrf }) {
    Object.assign(this, { root, words, call, stage, sounds, csrf });
    this.toldSeen = new Set();
    this.snapshot = null;
    this.known = new Set();
    this.lines = new Map();
    this.written = new Written({ ask: (message) => this.#send(message) });
    this.lists = { people: document.getElementById("room-people"), queue: document.getElementById("room-queue") };
    const recordingSeconds = () => this.#recordingSeconds();
    const guide = document.getElementById("room-guide");
    if (guide) startGuide({ root: guide, csrf, recordingSeconds });
    startNotes({
      area: document.getElementById("room-notes"),
      said: document.getElementById("room-notes-said"),
      stamp: document.getElementById("room-stamp"),
      csrf,
      words,
      recordingSeconds,
    });
    const { stopSeen, longestMinutes } = document.getElementById("room-desk").dataset;
    this.stopSeen = stopSeen;
    const remind = () => this.#notice("time-over");
    this.reminder = new Reminder({ longestMs: Number(longestMinutes) * 60_000, remind });
    this.#messages();
    this.#sharing();
    document.addEventListener("click", (event) => this.#asked(event.target.closest("[data-do]")));
  }

  // Buttons of the call that only the interviewer has. Gives true if it was one.
  act(button) {
    const { act } = button.dataset;
    if (act === "record") this.#send({ type: button.dataset.next });
    else if (act === "record_stop") this.#send({ type: "record_stop" });
    else if (act === "distress") this.#distress();
    else if (act === "end") this.#end(button);
    else if (act === "share_screen") this.#try(() => this.share.screen());
    else if (act === "share_stop") this.share.stop();
    else return false;
    return true;
  }

  // Before the stage, which shows the alarm.
  show(snapshot) {
    this.snapshot = snapshot;
    this.written.follow(snapshot);
    this.#stopped(snapshot.stopped ?? []);
    this.#recording(snapshot.recording, snapshot.distress);
    this.reminder.follow(snapshot);
    this.#list(this.lists.people, others(snapshot), (one) => this.#person(one));
    this.#list(this.lists.queue, snapshot.waiting ?? [], (one) => this.#waiting(one));
    const somebody = (snapshot.waiting ?? []).length > 0;
    document.getElementById("room-queue-empty").hidden = somebody;
    document.getElementById("room-message-form").hidden = !somebody;
    document.getElementById("room-queue-part").classList.toggle("app-queue--somebody", somebody);
    for (const one of snapshot.waiting ?? []) {
      this.#lineShown(one);
      if (this.known.has(one.person)) continue;
      this.known.add(one.person);
      this.sounds.play("joined", this.stage.speaker);
      this.stage.say(this.words("said-waits", { name: nameOf(snapshot, one.person, this.words) }));
    }
    this.known = new Set((snapshot.waiting ?? []).map((one) => one.person));
    const distress = this.root.querySelector('[data-act="distress"]');
    distress.setAttribute("aria-pressed", String(snapshot.distress));
    distress.querySelector("[data-said]").textContent = this.words(snapshot.distress ? "distress-end" : "distress-start");
  }

  #notice(word, values = {}) {
    this.stage.note(this.words(word, values));
    this.stage.say(this.words(word, values));
  }

  // Stands until she is back: it may mean distress. The portal is told that it was shown, or the team gets a message.
  #stopped(stops) {
    const box = document.getElementById("room-stops");
    const key = JSON.stringify(stops.map((one) => [one.person, one.wish]));
    if (box.dataset.key !== key) {
      box.dataset.key = key;
      box.hidden = stops.length === 0;
      box.querySelector("ul").replaceChildren(...stops.map((one) => this.#stop(one)));
    }
    for (const one of stops) if (one.kept && !this.toldSeen.has(one.wish)) this.#seen(one.wish);
  }

  #stop({ person, role, at }) {
    const item = document.createElement("li");
    const time = new Date(at * 1000).toLocaleTimeString("en-GB", { timeZone: "Europe/London", timeStyle: "short" });
    item.textContent = this.words("asked-to-stop", { name: nameOf(this.snapshot, person, this.words, role), time });
    return item;
  }

  async #seen(wish) {
    this.toldSeen.add(wish);
    const headers = { "Content-Type": "application/json", "X-CSRFToken": this.csrf };
    const body = JSON.stringify({ wish });
    const heard = await fetch(this.stopSeen, { method: "POST", headers, body, redirect: "manual" }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (!heard) this.toldSeen.delete(wish); // said again with the next snapshot
  }

  #recordingSeconds() {
    const recording = this.snapshot?.recording;
    return recording && ["running", "paused"].includes(recording.state) ? recording.seconds : null;
  }

  #recording(recording, distress) {
    const big = this.root.querySelector('[data-act="record"]');
    const step = recordingStep(recording, distress);
    big.disabled = step === null;
    if (step) {
      big.dataset.next = step;
      big.querySelector("[data-said]").textContent = this.words(step);
    }
    this.root.querySelector('[data-act="record_stop"]').hidden = !["running", "paused"].includes(recording.state);
    const line = this.root.querySelector("#room-recording");
    let kept = line.querySelector("[data-kept]");
    if (!kept) {
      kept = document.createElement("span");
      kept.dataset.kept = "";
      line.append(" ", kept);
    }
    const running = ["running", "paused", "stopped", "failed"].includes(recording.state) && recording.seconds > 0;
    kept.textContent = running ? this.words("kept", { time: clock(recording.written) }) : "";
    this.stage.alarm = recording.failed ? this.words(`failed-${recording.failed}`) : "";
  }

  #distress() {
    const begins = !this.snapshot?.distress;
    this.#send({ type: begins ? "distress" : "distress_over" });
    const protocol = document.getElementById("room-protocol");
    if (protocol && begins) {
      protocol.open = true;
      protocol.scrollIntoView({ block: "nearest" });
    }
  }

  // The first press asks, the second within five seconds ends: it cannot be taken back.
  #end(button) {
    if (button.dataset.sure) {
      this.#send({ type: "end" });
      return;
    }
    button.dataset.sure = "yes";
    button.textContent = this.words("end-sure");
    this.stage.say(this.words("end-sure"));
    setTimeout(() => {
      delete button.dataset.sure;
      button.textContent = this.words("end");
    }, SURE_MS);
  }

  #send(message) {
    return this.call.ask(message);
  }

  #messages() {
    const form = document.getElementById("room-message-form");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = form.querySelector("input");
      const text = field.value.trim();
      if (!text || this.line?.text === text) return;
      const line = { text, id: this.written.write(text) };
      this.line = line;
      setTimeout(() => this.line === line && (this.line = null), GIVEN_UP_MS);
    });
  }

  // Once the page of who waits has shown what it had yet to show.
  #lineShown({ person, line }) {
    if (this.lines.get(person) === "sent" && line === "shown") this.#notice("line-was-shown", { name: nameOf(this.snapshot, person, this.words) });
    this.lines.set(person, line);
  }

  // A line stays in its field until the room has it for who waits; whether it is on her page stands beside her name.
  done(id) {
    this.written.done(id);
    if (this.line?.id !== id) return;
    const field = document.getElementById("room-message");
    if (field.value.trim() === this.line.text) field.value = "";
    this.line = null;
  }

  // Gives true where it was nothing that she did: she is not to hear of it.
  refused(id) {
    if (this.line?.id === id) this.line = null;
    return this.written.refused(id);
  }

  #sharing() {
    this.share = new Share({ call: this.call, player: document.getElementById("room-clip-player") });
    const begin = document.querySelector('[data-act="share_screen"]');
    const end = document.querySelector('[data-act="share_stop"]');
    begin.hidden = !canShareScreen();
    document.getElementById("room-clip-choice").hidden = !canShareClips();
    document.getElementById("room-clip").addEventListener("change", (event) => {
      const [file] = event.target.files;
      event.target.value = ""; // so that the same clip can be chosen again
      if (file) this.#try(() => this.share.clip(file));
    });
    this.share.addEventListener("change", () => {
      if (document.activeElement === end) begin.focus();
      end.hidden = !this.share.stream;
      this.root.dispatchEvent(new Event("app:state"));
    });
  }

  async #try(deed) {
    try {
      await deed();
    } catch (error) {
      if (error.name === "NotAllowedError") return;
      this.#notice("share-failed");
    }
  }

  #asked(button) {
    if (!button) return;
    const { do: deed, person } = button.dataset;
    this.#send({ type: deed, person });
    if (deed === "mute_request") this.stage.say(this.words("asked-mute", { name: nameOf(this.snapshot, person, this.words) }));
  }

  // Only what changed is drawn anew, so that the keyboard's place on a button is not lost.
  #list(list, people, draw) {
    const key = JSON.stringify(people.map((one) => [one.person, one.name, one.role, one.connected, one.microphone, one.line]));
    if (list.dataset.key === key) return;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset : null;
    list.dataset.key = key;
    list.replaceChildren(...people.map(draw));
    if (focused) list.querySelector(`[data-do="${focused.do}"][data-person="${focused.person}"]`)?.focus();
  }

  // Who gave no name is called by her role, once.
  #called(one, name) {
    const role = this.words(`role-${one.role}`);
    return name.toLowerCase() === role ? name : `${name} (${role})`;
  }

  #person(one) {
    const item = document.createElement("li");
    const name = nameOf(this.snapshot, one.person, this.words);
    item.append(`${this.#called(one, name)} ${one.connected ? "" : this.words("their-lost")} `);
    if (one.microphone && one.connected) item.append(this.#button("mute_request", one.person, this.words("ask-mute", { name })));
    return item;
  }

  #waiting(one) {
    const item = document.createElement("li");
    const name = nameOf(this.snapshot, one.person, this.words);
    item.append(`${this.#called(one, name)} ${one.connected ? "" : this.words("their-lost")} `);
    item.append(this.#button("admit", one.person, this.words("admit", { name }), "nhsuk-button"));
    item.append(" ", this.#button("decline", one.person, this.words("decline", { name })));
    if (one.line) item.append(this.#lineState(one.line));
    return item;
  }

  #lineState(line) {
    const said = document.createElement("p");
    said.className = "app-queue__said";
    said.textContent = this.words(`line-${line}`);
    return said;
  }

  #button(deed, person, text, look = "nhsuk-button nhsuk-button--secondary") {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `${look} app-small`;
    made.dataset.do = deed;
    made.dataset.person = person;
    made.textContent = text;
    return made;
  }
}
