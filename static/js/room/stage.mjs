// The picture of the call: tiles, lamp, status line, what is said aloud to a screen reader.
import { nameOf, others, recordingState, recordingWord, statusWord, tileWord } from "./snapshot.mjs";

const NOTE_MS = 8000;
const MOST_NOTES = 3;

export class Stage {
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.at = (id) => root.querySelector(`#room-${id}`);
    this.tiles = [...root.querySelectorAll("[data-slot]")];
    this.unlocking = this.at("unlock");
    this.unlocking.addEventListener("click", () => this.#playAll());
    this.speaker = root.dataset.speaker;
    this.trouble = null;
    this.queue = [];
    this.standing = null;
    this.alarm = "";
  }

  attach(connection) {
    connection.streams.forEach((stream, slot) => (this.#video(this.tiles[slot]).srcObject = stream));
    this.#video(this.at("share")).srcObject = connection.share;
    this.#playAll();
  }

  detach() {
    for (const tile of [...this.tiles, this.at("share")]) this.#video(tile).srcObject = null;
  }

  async setSpeaker(device) {
    this.speaker = device;
    const videos = [...this.tiles, this.at("share")].map((one) => this.#video(one));
    await Promise.all(videos.map((one) => one.setSinkId?.(device).catch(() => undefined)));
  }

  // The words cover it where there is no picture.
  showSelf(track, words) {
    const tile = this.at("self");
    const video = this.#video(tile);
    if (video.srcObject?.getVideoTracks()[0] !== track) video.srcObject = track ? new MediaStream([track]) : null;
    video.hidden = !track;
    this.#cover(tile, words);
  }

  show(snapshot) {
    this.snapshot = snapshot;
    const company = others(snapshot);
    this.root.classList.toggle("app-room--distress", snapshot.distress);
    this.root.classList.toggle("app-room--inside", snapshot.admitted);
    this.root.querySelector("#room-stage").dataset.people = String(company.filter((one) => one.slot !== null).length);
    for (const tile of this.tiles) this.#tile(tile, company.find((one) => String(one.slot) === tile.dataset.slot));
    this.at("share").hidden = !snapshot.share || snapshot.share === snapshot.you;
    this.#stand(snapshot.distress ? this.words("paused-for-all") : this.alarm);
    this.#status();
    this.#lamp(snapshot);
  }

  // A word about the network stands until the connection is back.
  setTrouble(word) {
    this.trouble = word;
    this.#status();
    if (this.snapshot) this.#lamp(this.snapshot);
  }

  setQuality(level) {
    this.quality = level;
    this.#status();
  }

  setPhase(word) {
    this.phase = word;
    this.#status();
  }

  // A screen reader says each line; two that come together are both heard.
  say(text) {
    if (!text) return;
    this.queue.push(text);
    if (this.queue.length === 1) this.#sayNext();
  }

  #sayNext() {
    const line = this.at("announcer");
    line.textContent = "";
    setTimeout(() => {
      line.textContent = this.queue[0];
      setTimeout(() => {
        this.queue.shift();
        if (this.queue.length) this.#sayNext();
      }, 1200);
    }, 60);
  }

  #status() {
    const line = this.at("status");
    const word = this.trouble ?? (this.snapshot ? statusWord(this.snapshot) : this.phase ?? "connecting");
    const weak = !this.trouble && this.snapshot?.admitted && this.quality && this.quality !== "good";
    const text = [this.words(word), weak ? this.words(`quality-${this.quality}`) : ""].filter(Boolean).join(" ");
    const said = line.querySelector("[data-said]");
    if (said.textContent !== text) said.textContent = text;
    line.dataset.state = this.trouble ? "trouble" : (this.quality ?? "good");
  }

  #lamp(snapshot) {
    const line = this.at("recording");
    const lost = Boolean(this.trouble);
    line.dataset.state = recordingState(snapshot, lost);
    const text = this.words(recordingWord(snapshot, lost));
    const said = line.querySelector("[data-said]");
    if (said.textContent !== text) said.textContent = text;
  }

  // A note goes by itself; one that stands stays: a pause for distress, or an alarm to the interviewer.
  note(text) {
    if (!text) return;
    const line = this.#line(text);
    setTimeout(() => {
      line.remove();
      this.#fold();
    }, NOTE_MS);
  }

  #stand(text) {
    if (text === (this.standing?.textContent ?? "")) return;
    this.standing?.remove();
    this.standing = text ? this.#line(text) : null;
    this.#fold();
  }

  #line(text) {
    const line = document.createElement("p");
    line.textContent = text;
    const box = this.at("note");
    box.append(line);
    const old = [...box.children].filter((one) => one !== this.standing);
    for (const one of old.slice(0, -MOST_NOTES)) one.remove();
    this.#fold();
    return line;
  }

  #fold() {
    const box = this.at("note");
    box.hidden = box.children.length === 0;
  }

  #tile(tile, person) {
    tile.hidden = !person;
    if (!person) return;
    tile.dataset.person = person.person;
    this.#cover(tile, this.words(tileWord(person)));
    tile.querySelector("[data-name]").textContent = nameOf(this.snapshot, person.person, this.words);
    const said = [];
    if (!person.microphone) said.push(this.words("muted"));
    if (person.connected && person.quality !== "good") said.push(this.words(`their-quality-${person.quality}`));
    tile.querySelector("[data-quality]").textContent = said.join(" ");
  }

  #cover(tile, text) {
    const cover = tile.querySelector("[data-hidden]");
    cover.hidden = !text;
    cover.textContent = text;
  }

  #video(tile) {
    return tile.querySelector("video");
  }

  async #playAll() {
    this.unlocking.hidden = true;
    if (this.speaker) await this.setSpeaker(this.speaker);
    for (const tile of [...this.tiles, this.at("share")]) {
      this.#video(tile).play().catch((error) => {
        if (error.name === "NotAllowedError") this.unlocking.hidden = false;
      });
    }
  }
}

