// The downloads of a recording: progress, cancel, and going on after a broken connection.
import { send } from "../send.mjs";
import { Trouble } from "../trouble.mjs";
import { mixVoices } from "./audio.mjs";
import { joinTracks } from "./one-file.mjs";
import { PersonDownload } from "./person.mjs";
import { openTarget } from "./targets.mjs";

const GOES_ON = new Set(["no-answer", "confirm-again"]);
const SHOWN_EVERY_MS = 200;

class Job {
  constructor(bar) {
    this.bar = bar;
    this.stopped = false;
    this.seen = 0;
  }

  check() {
    if (this.stopped) throw new Trouble("stopped");
  }

  progress(part) {
    const now = performance.now();
    if (now - this.seen < SHOWN_EVERY_MS) return;
    this.seen = now;
    this.bar.value = part * 100;
  }
}

export function startDownloads(part, vault, manifest, opened, tiles) {
  const whole = (file) => opened.find((one) => one.file === file);
  const incomplete = part.one("incomplete");
  const parts = manifest.tracks
    .filter((track) => whole(track.file).size > 0)
    .map((track) => ({ track, size: whole(track.file).size, name: tiles.nameOf(track), read: (start, end) => vault.call("read", { file: track.file, start, end }) }));
  const panel = new Panel(part, () => (incomplete.hidden ? "" : "-incomplete"));
  const list = part.one("persons");
  for (const one of parts) list.append(panel.personButton(one));
  part.onPress("one-file", () => panel.made("one-file", "mkv", "video/x-matroska", (target, job) => joinTracks(parts, manifest.length, target, job)));
  part.onPress("audio", () => panel.made("audio", "wav", "audio/wav", (target, job) => mixVoices(parts, manifest.length, target, job)));
  for (const one of manifest.tracks) part.one("checks").append(panel.checkButton(vault, one, tiles.nameOf(one)));
}

class Panel {
  constructor(part, mark) {
    Object.assign(this, { part, mark });
    this.bar = part.one("progress");
    this.job = null;
    part.one("cancel").addEventListener("click", () => this.job && (this.job.stopped = true));
  }

  personButton(one) {
    const several = one.track.part > 1 ? ` ${one.track.part}` : "";
    return this.#button(`${one.name}${several} (WebM)`, () => this.person(one));
  }

  checkButton(vault, track, name) {
    return this.#button(track.part > 1 ? `${name} ${track.part}` : name, () =>
      this.#run(async (job) => {
        const asked = vault.call("check", { file: track.file, task: track.file }, (part) => {
          job.progress(part);
          if (job.stopped) vault.call("stop", { task: track.file });
        });
        await asked;
        return { code: "check-done", detail: { name } };
      }),
    );
  }

  async person(one, rescue = false) {
    await this.#note("person", one.track.file);
    const target = await openTarget(this.#name(`${one.track.track}-${one.track.part}`, "webm", rescue), "video/webm");
    const download = new PersonDownload(one.track, one.size, one.read, target, rescue);
    return this.#going(download, one, rescue);
  }

  // After a broken connection the file stays open, and a button goes on where it stopped.
  async #going(download, one, rescue) {
    try {
      await this.#run((job) => download.run(job));
      return { code: "download-done" };
    } catch (error) {
      if (GOES_ON.has(error.code)) {
        this.#offer("resume", () => this.#going(download, one, rescue));
        throw error;
      }
      await Promise.resolve(download.target.abort()).catch(() => undefined);
      if (error.detail?.chunk !== undefined) this.#offer("save-rest", () => this.person(one, true));
      throw error;
    }
  }

  async made(what, ending, type, act) {
    await this.#note(what, "");
    const target = await openTarget(this.#name(what, ending, false), type);
    try {
      await this.#run((job) => act(target, job));
      await target.close();
    } catch (error) {
      await Promise.resolve(target.abort()).catch(() => undefined);
      throw error;
    }
    return { code: "download-done" };
  }

  async #run(act) {
    if (this.job) throw new Trouble("one-at-a-time");
    this.job = new Job(this.bar);
    this.part.one("working").hidden = false;
    this.bar.value = 0;
    try {
      return await act(this.job);
    } finally {
      this.job = null;
      this.part.one("working").hidden = true;
    }
  }

  #note(what, file) {
    return send(`${this.part.root.dataset.base}/downloads`, this.part.root.dataset.token, { what, file });
  }

  #name(what, ending, rescue) {
    return `${this.part.root.dataset.name}-${what}${rescue ? "-incomplete" : this.mark()}.${ending}`;
  }

  #offer(name, act) {
    const button = this.part.one(name);
    button.hidden = false;
    button.onclick = () => {
      button.hidden = true;
      this.part.during(button, act);
    };
  }

  #button(text, act) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "nhsuk-button nhsuk-button--secondary nhsuk-u-margin-bottom-2";
    button.textContent = text;
    button.addEventListener("click", () => this.part.during(button, act));
    item.append(button);
    return item;
  }
}
