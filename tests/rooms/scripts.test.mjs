// The logic of static/js/room/ that needs no browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./custom-event.mjs";
import { patience, verdict, waitBefore } from "../../static/js/room/backoff.mjs";
import { helpFor } from "../../static/js/room/browser.mjs";
import { Deeds } from "../../static/js/room/deeds.mjs";
import { constraints } from "../../static/js/room/devices.mjs";
import { loudness } from "../../static/js/room/meter.mjs";
import { judge, testNetwork } from "../../static/js/room/network-test.mjs";
import { merged } from "../../static/js/room/notes.mjs";
import { withSoundSentAgain } from "../../static/js/room/offer.mjs";
import { BlurFailed, OwnMedia } from "../../static/js/room/own-media.mjs";
import { Lines } from "../../static/js/room/lines.mjs";
import { levelOf, PictureRest, Quality, sampleOf } from "../../static/js/room/quality.mjs";
import { nameOf, recordingStep, recordingWord, statusWord, tileWord } from "../../static/js/room/snapshot.mjs";
import { Reminder } from "../../static/js/room/reminder.mjs";
import { clock } from "../../static/js/room/time.mjs";
import { Wish } from "../../static/js/room/wish.mjs";
import { fill } from "../../static/js/room/words.mjs";
import { Written } from "../../static/js/room/written.mjs";

const words = (key) => key;

function snapshot(changes = {}, recording = {}) {
  const me = { person: "p1", role: "participant", name: "Robin", connected: true, may_be_recorded: true };
  const them = { person: "s1", role: "interviewer", name: "", connected: true, slot: 0 };
  return {
    you: "p1",
    admitted: true,
    people: [me, them],
    waiting: [],
    recording: { state: "off", possible: true, ...recording },
    ...changes,
  };
}

test("waits grow and stay short", () => {
  assert.deepEqual([0, 1, 2, 3, 50].map(waitBefore), [500, 1000, 1500, 2000, 2000]);
});

test("the first try may take longer than one that brings a call back", () => {
  assert.equal(patience(0, false), 8000);
  assert.equal(patience(0, true), 3000);
  assert.equal(patience(99, true), 8000);
});

test("what was asked is said again until it is answered, or a minute is over", () => {
  let now = 0;
  let number = 0;
  const deeds = new Deeds({ now: () => now, name: () => `n${(number += 1)}` });
  assert.deepEqual(deeds.ask({ type: "pause_please" }), { type: "pause_please", id: "n1" });
  now = 30_000;
  deeds.ask({ type: "record_resume" });
  assert.deepEqual(deeds.unanswered().map(({ id }) => id), ["n1", "n2"]);
  deeds.answered({ type: "room", id: "n1" });
  assert.equal(deeds.unanswered().length, 2);
  deeds.answered({ type: "done", id: "n1" });
  deeds.answered({ type: "refused", id: "unknown" });
  assert.deepEqual(deeds.unanswered(), [{ type: "record_resume", id: "n2" }]);
  now = 90_001;
  assert.deepEqual(deeds.unanswered(), []);
});

test("what is temporary is tried again, what is final is said", () => {
  assert.equal(verdict(503, "away").again, true);
  assert.equal(verdict(500, "").again, true);
  assert.equal(verdict(0, "lost").again, true);
  assert.equal(verdict(429, "").afterMs, 5000);
  assert.deepEqual(verdict(410, "over"), { again: false, word: "refused-over" });
  assert.deepEqual(verdict(404, ""), { again: false, word: "refused-unknown" });
});

test("help fits the browser", () => {
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15";
  assert.equal(helpFor(`${iphone} Version/18.5 Mobile/15E148 Safari/604.1`), "safari-ios");
  assert.equal(helpFor(`${iphone} CriOS/140.0 Mobile/15E148 Safari/604.1`), "chrome-ios");
  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15";
  assert.equal(helpFor(mac, 0), "safari");
  assert.equal(helpFor(mac, 5), "safari-ios"); // an iPad says that it is a Mac
  assert.equal(helpFor("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36"), "chrome-android");
  assert.equal(helpFor("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0"), "firefox");
  assert.equal(helpFor("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36"), "chrome");
});

test("a chosen device is wished for, not demanded", () => {
  const asked = constraints({ microphone: "m", camera: "c" });
  assert.deepEqual(asked.audio.deviceId, { ideal: "m" });
  assert.deepEqual(asked.video.deviceId, { ideal: "c" });
  assert.equal(constraints({ video: false }).video, false);
  assert.equal(constraints({}).video.facingMode, "user");
});

test("loudness goes from silence to shouting", () => {
  assert.equal(loudness(new Float32Array(100)), 0);
  assert.equal(loudness(new Float32Array(100).fill(1)), 100);
  const speech = loudness(new Float32Array(100).fill(0.05));
  assert.ok(speech > 25 && speech < 90, String(speech));
});

test("the network in a word", () => {
  assert.equal(judge(30, null), "network-good");
  assert.equal(judge(900, true), "network-slow");
  assert.equal(judge(30, false), "network-blocked");
  assert.equal(judge(null, true), "network-offline");
});

test("a study that needs a relay and has none is told apart from a network that blocks", async () => {
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
  assert.equal(await testNetwork([], "/healthz", true), "network-unready");
});

test("two texts of notes are both kept", () => {
  assert.equal(merged("one", "two"), "one\n\ntwo");
  assert.equal(merged("one", "one and more"), "one and more");
});

test("quality levels", () => {
  assert.equal(levelOf({ loss: 0.01, roundTrip: 0.05 }), "good");
  assert.equal(levelOf({ loss: 0.08, roundTrip: 0.05 }), "poor");
  assert.equal(levelOf({ loss: 0, roundTrip: 2 }), "bad");
});

test("one odd sample changes nothing, and better takes longer than worse", () => {
  const quality = new Quality();
  assert.equal(quality.step({ loss: 0.3 }), "good");
  assert.equal(quality.step({ loss: 0.3 }), "bad");
  const back = [1, 2, 3, 4].map(() => quality.step({ loss: 0 }));
  assert.deepEqual(back, ["bad", "bad", "bad", "good"]);
});

test("the picture rests after a bad while and returns after a good one", () => {
  const rest = new PictureRest({ restAfter: 2, returnAfter: 3 });
  assert.deepEqual(["bad", "good", "bad", "bad"].map((one) => rest.step(one)), [false, false, false, true]);
  assert.deepEqual(["good", "good", "poor", "good", "good", "good"].map((one) => rest.step(one)), [
    true, true, true, true, true, false,
  ]);
});

test("a sample is the difference to the one before, and silence is noticed", () => {
  const report = (received, lost, bytes) =>
    new Map([
      ["a", { type: "inbound-rtp", packetsReceived: received, packetsLost: lost }],
      ["b", { type: "candidate-pair", nominated: true, bytesReceived: bytes, currentRoundTripTime: 0.1 }],
    ]);
  const first = sampleOf(report(100, 0, 1000));
  const second = sampleOf(report(190, 10, 2000), first.totals);
  assert.equal(second.loss, 0.1);
  assert.equal(second.roundTrip, 0.1);
  assert.equal(second.heard, true);
  assert.equal(sampleOf(report(190, 10, 2000), second.totals).heard, false);
  assert.equal(sampleOf(report(190, 10, 2040), second.totals).heard, true);
});

test("names, and who has none", () => {
  assert.equal(nameOf(snapshot(), "p1", words), "you");
  assert.equal(nameOf(snapshot(), "s1", words), "role-interviewer");
  assert.equal(nameOf(snapshot(), "g9", words), "somebody");
  assert.equal(nameOf(null, "g9", words), "somebody");
});

test("where she is", () => {
  assert.equal(statusWord(snapshot()), "inside");
  assert.equal(statusWord(snapshot({ admitted: false })), "waiting");
  assert.equal(statusWord(snapshot({ people: [snapshot().people[0]] })), "inside-alone");
  assert.equal(statusWord(snapshot({ admitted: false, people: [] })), "waiting-alone");
});

test("what stands beside the lamp", () => {
  assert.equal(recordingWord(snapshot()), "recording-off");
  assert.equal(recordingWord(snapshot({}, { possible: false })), "recording-never");
  assert.equal(recordingWord(snapshot({}, { state: "paused" })), "recording-paused");
  assert.equal(recordingWord(snapshot({}, { state: "stopped", possible: false })), "recording-stopped"); // she withdrew
  const guest = snapshot({}, { state: "running" });
  guest.people[0].may_be_recorded = false;
  assert.equal(recordingWord(guest), "recording-others");
  assert.equal(recordingWord(guest, true), "recording-unknown"); // the connection is lost, and this the last that was heard
  assert.equal(recordingWord(snapshot({}, { state: "paused" }), true), "recording-unknown");
  assert.equal(recordingWord(snapshot(), true), "recording-off"); // none begins before this page has said so
});

test("what the record button does next", () => {
  const next = (state, possible = true) => recordingStep({ state, possible });
  assert.deepEqual(["off", "running", "paused", "stopped", "starting"].map((one) => next(one)), [
    "record_start", "record_pause", "record_resume", "record_start", null,
  ]);
  assert.equal(next("off", false), null);
  assert.equal(recordingStep({ state: "paused", possible: true }, true), null); // a pause for distress comes first
});

test("what covers a tile", () => {
  assert.equal(tileWord({ connected: false, camera: true }), "their-lost");
  assert.equal(tileWord({ connected: true, camera: true, video_held: true }), "their-picture-held");
  assert.equal(tileWord({ connected: true, camera: false, video_held: true }), "their-camera-off");
  assert.equal(tileWord({ connected: true, camera: true }), "");
});

test("the time of an interview goes by the room's clock, whenever the page was loaded", () => {
  const waits = [];
  const forgotten = [];
  let reminded = 0;
  const wait = (remind, ms) => waits.push({ remind, ms });
  const reminder = new Reminder({ longestMs: 90 * 60_000, remind: () => (reminded += 1), wait, forget: (one) => forgotten.push(one) });
  reminder.follow({ at: 1000, talk_since: null });
  assert.deepEqual(waits, []);
  reminder.follow({ at: 1000 + 80 * 60, talk_since: 1000 }); // the page is loaded in the eightieth minute
  assert.deepEqual(waits.map(({ ms }) => ms), [10 * 60_000]);
  reminder.follow({ at: 1000 + 85 * 60, talk_since: 1000.4 }); // after a crash, from the journal
  assert.equal(waits.length, 1);
  waits[0].remind();
  assert.equal(reminded, 1);
  reminder.follow({ at: 90_000, talk_since: 90_000 - 100 * 60 }); // they talk anew; the time was over as the page was loaded
  assert.deepEqual(waits.map(({ ms }) => ms), [10 * 60_000, 0]);
});

test("a line is said to be shown each time that it comes, and shown once", () => {
  const list = { items: [], append: (one) => list.items.push(one.textContent), ownerDocument: { createElement: () => ({}) } };
  const told = [];
  const lines = new Lines({ list, tell: (message) => told.push(message) });
  assert.deepEqual([1, 2, 1].map((line) => lines.show({ line, text: `line ${line}` })), [true, true, false]);
  assert.deepEqual(list.items, ["line 1", "line 2"]);
  assert.deepEqual(told, [1, 2, 1].map((line) => ({ type: "shown", line })));
});

test("a line that comes under another number is known by its name", () => {
  const list = { items: [], append: (one) => list.items.push(one.textContent), ownerDocument: { createElement: () => ({}) } };
  const told = [];
  const lines = new Lines({ list, tell: (message) => told.push(message) });
  assert.deepEqual([1, 2].map((line) => lines.show({ line, text: "line", name: "a" })), [true, false]);
  assert.equal(lines.show({ line: 3, text: "line", name: "b" }), true);
  assert.deepEqual(list.items, ["line", "line"]);
  assert.deepEqual(told, [1, 2, 3].map((line) => ({ type: "shown", line })));
});

// A page that writes lines, and what it asks the room for: each is answered by its name.
function writer() {
  const asked = [];
  const ask = (message) => `ask ${asked.push(message)}`;
  let names = 0;
  const written = new Written({ ask, name: () => `line ${(names += 1)}` });
  const follow = (lines, waiting) =>
    written.follow({ lines, waiting: Object.entries(waiting).map(([person, line]) => ({ person, line })) });
  return { written, asked, follow, since: (before) => asked.slice(before).map(({ name, to }) => [name, to]) };
}

test("lines that a call service had in its memory are said again to the next one, once, unless they were shown", () => {
  const { written, asked, follow, since } = writer();
  follow("m1", { p1: null, g1: null });
  const first = written.write("wait");
  assert.deepEqual(asked, [{ type: "message", text: "wait", name: "line 1" }]);
  follow("m1", { p1: "sent", g1: "sent" });
  written.done(first);
  follow("m1", { p1: "sent", g1: "shown" });
  follow("m1", { p1: "sent", g1: "shown" });
  assert.equal(asked.length, 1);
  follow("m2", {}); // it has started anew, and nobody has come back yet
  assert.equal(asked.length, 1);
  follow("m2", { p1: null, g1: null });
  assert.deepEqual(asked.slice(1), [{ type: "message", text: "wait", name: "line 1", to: "p1" }]);
  follow("m2", { p1: null, g1: null });
  follow("m2", { p1: "sent", g1: null });
  written.done("ask 2");
  assert.deepEqual(since(2), []);
  follow("m2", { p1: "shown", g1: null });
  follow("m3", { p1: null, g1: null });
  assert.deepEqual(since(2), []);
});

test("a line is unshown for as long as the room has not said that all are shown since it took it", () => {
  const { written, follow, since } = writer();
  const [first, second] = [written.write("one"), written.write("two")];
  follow("m1", { p1: "sent" });
  written.done(first);
  follow("m1", { p1: "shown" }); // the first; the second is on its way
  follow("m1", { p1: "sent" });
  written.done(second);
  follow("m2", { p1: "shown" }); // a colleague's line: ours are lost all the same
  assert.deepEqual(since(2), [["line 1", "p1"], ["line 2", "p1"]]);
  follow("m3", { p1: null }); // lost again before it had answered
  assert.deepEqual(since(4), [["line 1", "p1"], ["line 2", "p1"]]);
});

test("who has gone before a line is said again gets it when she waits again, and its writer hears of nothing", () => {
  const { written, asked, follow, since } = writer();
  const first = written.write("one");
  follow("m1", { p1: "sent" });
  written.done(first);
  follow("m2", { p1: null });
  assert.equal(written.refused("ask 2"), true);
  follow("m2", {});
  assert.equal(asked.length, 2);
  follow("m2", { p1: null });
  assert.deepEqual(since(2), [["line 1", "p1"]]);
  assert.equal(written.refused(written.write("two")), false);
  assert.equal(written.refused("something else"), false);
});

test("times and words", () => {
  assert.deepEqual([0, 65.9, 3723].map(clock), ["0:00", "1:05", "1:02:03"]);
  assert.equal(fill("{name} is here {x}", { name: "Robin" }), "Robin is here {x}");
});

function storage(kept = new Map()) {
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

function wishes(answers, more = {}) {
  const asked = [];
  const ask = async (to, { body, keepalive, headers }) => {
    asked.push({ to, ...JSON.parse(body), keepalive, csrf: headers["X-CSRFToken"] });
    const answer = answers.shift() ?? 0;
    if (answer === 0) throw new TypeError("no network");
    return typeof answer === "number" ? { status: answer } : answer;
  };
  const kept = storage();
  const now = () => more.clock?.at ?? 5000;
  return { asked, kept, wish: new Wish({ to: "/stop", csrf: "c", name: "wish-0001", at: 5000, storage: kept, ask, now }), ask, now };
}

const settled = () => new Promise((done) => setTimeout(done, 5));

test("a wish to stop is kept until it is heard, and is said again when the network is back", async () => {
  const clock = { at: 5000 };
  const { wish, asked, kept } = wishes([0, 503, 200], { clock });
  const told = [];
  wish.start((state) => told.push(state));
  await settled();
  assert.deepEqual(told, ["waiting"]);
  assert.equal(kept.kept.size, 1);
  assert.deepEqual(asked[0], { to: "/stop", wish: "wish-0001", ago: 0, keepalive: true, csrf: "c" });
  clock.at = 35_400;
  wish.hurry();
  await settled();
  wish.hurry();
  await settled();
  assert.deepEqual(asked.map(({ ago }) => ago), [0, 30, 30]);
  assert.deepEqual(told, ["waiting", "heard"]);
  assert.equal(kept.kept.size, 0);
  wish.hurry();
  await settled();
  assert.equal(asked.length, 3);
});

test("a wish that nobody will ever hear is said to be so, and is forgotten", async () => {
  for (const answer of [403, 404, 409, 410]) {
    const { wish, kept } = wishes([answer]);
    const told = [];
    wish.start((state) => told.push(state));
    await settled();
    assert.deepEqual(told, ["refused"]);
    assert.equal(kept.kept.size, 0);
  }
});

test("who is signed out is told so, and her wish is said once she is signed in again", async () => {
  for (const answer of [400, 401, { type: "opaqueredirect", status: 0 }]) {
    const { wish, asked, kept, ask } = wishes([answer, 200]);
    const told = [];
    wish.start((state) => told.push(state));
    await settled();
    wish.hurry();
    await settled();
    assert.deepEqual([told, asked.length], [["refused"], 1]);
    const later = Wish.unsaid({ csrf: "d", storage: kept, ask, now: () => 65_000 });
    later.start(() => undefined);
    await settled();
    assert.equal(later.state, "heard");
    assert.equal(kept.kept.size, 0);
  }
  const { wish, asked, kept } = wishes([401]);
  wish.start(() => undefined);
  await settled();
  wish.abandon();
  assert.deepEqual([asked.length, kept.kept.size], [1, 0]);
});

test("what the room alone has heard is said to the portal all the same, and not taken back", async () => {
  const { wish, asked, kept, ask } = wishes([0, 503, 410]);
  const told = [];
  wish.start((state) => told.push(state));
  wish.heard();
  await settled();
  assert.deepEqual([told, kept.kept.size], [["heard"], 1]);
  wish.hurry();
  await settled();
  assert.deepEqual([told, asked.length], [["heard"], 2]);
  clearTimeout(wish.timer);
  const later = Wish.unsaid({ csrf: "d", storage: kept, ask, now: () => 65_000 });
  assert.equal(later.state, "heard");
  later.start((state) => told.push(state));
  await settled();
  assert.deepEqual([told, asked.length, kept.kept.size], [["heard"], 3, 0]);
});

test("who leaves at once leaves no wish behind, and it is said once more", async () => {
  const { wish, asked, kept } = wishes([0, 0]);
  wish.start(() => undefined);
  await settled();
  wish.abandon();
  await settled();
  assert.equal(asked.length, 2);
  assert.equal(kept.kept.size, 0);
});

test("the next page of the tab says what the last one could not, for a day", async () => {
  const { wish, asked, kept, ask } = wishes([0, 200]);
  wish.start(() => undefined);
  await settled();
  clearTimeout(wish.timer);
  const later = Wish.unsaid({ csrf: "d", storage: kept, ask, now: () => 65_000 });
  later.start(() => undefined);
  await settled();
  assert.deepEqual(asked[1], { to: "/stop", wish: "wish-0001", ago: 60, keepalive: true, csrf: "d" });
  assert.equal(Wish.unsaid({ csrf: "d", storage: kept }), null);
  kept.setItem("app:wish", JSON.stringify({ to: "/stop", name: "old", at: 0 }));
  assert.equal(Wish.unsaid({ csrf: "d", storage: kept, now: () => 25 * 3600 * 1000 }), null);
  kept.setItem("app:wish", "{");
  assert.equal(Wish.unsaid({ csrf: "d", storage: kept }), null);
  assert.equal(kept.kept.size, 0);
});

test("a browser that forbids storage still says it", async () => {
  const { wish, asked, kept } = wishes([200]);
  kept.setItem = () => {
    throw new Error("forbidden");
  };
  const told = [];
  wish.start((state) => told.push(state));
  await settled();
  assert.deepEqual(told, ["heard"]);
  assert.equal(asked.length, 1);
});

test("the offer says of the sound that is sent, and of nothing else, that it can be sent again", () => {
  const sound = (direction) => `m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=${direction}\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n`;
  const head = "v=0\r\ns=-\r\n";
  const picture = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n";
  const changed = withSoundSentAgain(head + sound("sendonly") + picture + sound("recvonly"));
  const line = "a=rtpmap:111 opus/48000/2\r\n";
  assert.equal(changed, head + sound("sendonly").replace(line, `${line}a=rtcp-fb:111 nack\r\n`) + picture + sound("recvonly"));
  assert.equal(withSoundSentAgain(changed), changed);
  assert.equal(withSoundSentAgain("m=audio 9 X 0\r\na=sendonly\r\na=rtpmap:0 PCMU/8000\r\n").includes("nack"), false);
});

// A browser's devices: every track that was ever given is kept in `given`.
function devices(given) {
  const track = (kind) => ({ kind, readyState: "live", enabled: true, stop() { this.readyState = "ended"; } });
  const stream = (tracks) => ({
    getTracks: () => tracks,
    getAudioTracks: () => tracks.filter((one) => one.kind === "audio"),
    getVideoTracks: () => tracks.filter((one) => one.kind === "video"),
  });
  const getUserMedia = async ({ audio, video }) => {
    if (given.refused) throw new DOMException("taken", "NotReadableError");
    const tracks = [audio && track("audio"), video && track("video")].filter(Boolean);
    given.push(...tracks);
    return stream(tracks);
  };
  const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });
  set("navigator", { mediaDevices: { getUserMedia, addEventListener() {} } });
  set("document", { addEventListener() {}, visibilityState: "visible" });
  set("MediaStream", function MediaStream(tracks) { return stream(tracks); });
}

// Her camera and microphone, every track of a picture that was ever sent, and the blurs that were begun.
async function ownMedia({ blur = true, start = async () => undefined, audioOnly = false } = {}) {
  const given = [];
  devices(given);
  const blurs = [];
  const makeBlur = (failed) => {
    const made = { failed, stopped: false, async start() { await start(); made.output = { blurred: true }; }, stop() { made.stopped = true; } };
    blurs.push(made);
    return made;
  };
  const own = new OwnMedia({ microphone: "", camera: "", audioOnly, makeBlur });
  const sent = [];
  own.addEventListener("change", () => sent.push(own.tracks.video));
  await own.start();
  if (blur) await own.setBlur(true).catch(() => undefined);
  return { own, sent, blurs, given };
}

const plain = (sent) => sent.filter((one) => one && !one.blurred);

test("nobody gets a picture without the blur while it is wished for", async () => {
  const { own, sent, given } = await ownMedia();
  assert.deepEqual(own.tracks.video, { blurred: true });
  await own.setCamera(false);
  assert.equal(own.tracks.video, null);
  assert.ok(given.filter((one) => one.kind === "video").every((one) => one.readyState === "ended"));
  await own.setCamera(true);
  assert.deepEqual(own.tracks.video, { blurred: true });
  await own.choose("video", "another");
  assert.deepEqual(own.tracks.video, { blurred: true });
  assert.deepEqual(plain(sent), []);
  await own.setBlur(false);
  assert.equal(own.tracks.video, given.at(-1));
});

test("where the blur cannot begin the camera goes off, and she may switch it on without", async () => {
  const { own, sent, given } = await ownMedia({ blur: false, start: async () => Promise.reject(new Error("no model")) });
  await assert.rejects(own.setBlur(true), BlurFailed);
  assert.deepEqual([own.on.video, own.tracks.video, own.blurred, plain(sent)], [false, null, false, []]);
  assert.equal(given.find((one) => one.kind === "video").readyState, "ended");
  await own.setCamera(true);
  assert.equal(own.tracks.video, given.at(-1));
});

test("a blur that breaks down in the call takes the picture along", async () => {
  const { own, sent, blurs } = await ownMedia();
  const told = [];
  own.addEventListener("failed", ({ detail }) => told.push([detail.kind, detail.error instanceof BlurFailed]));
  blurs[0].failed();
  assert.deepEqual([own.on.video, own.tracks.video, plain(sent), told], [false, null, [], [["video", true]]]);
});

test("a camera that is switched off while the blur is being loaded stays off", async () => {
  let loaded;
  const { own, blurs } = await ownMedia({ blur: false, start: () => new Promise((done) => (loaded = done)) });
  const loading = own.setBlur(true);
  await own.setCamera(false);
  loaded();
  await loading;
  assert.deepEqual([own.tracks.video, own.blur, blurs[0].stopped], [null, null, true]);
});

test("another camera is only remembered while the camera is off", async () => {
  const { own, given } = await ownMedia({ blur: false, audioOnly: true });
  await own.choose("video", "another");
  assert.equal(given.some((one) => one.kind === "video"), false);
  await own.setCamera(true);
  assert.equal(own.tracks.video, given.at(-1));
});

test("a device that cannot be had is off, and can be tried again", async () => {
  const { own, given } = await ownMedia({ blur: false });
  given.refused = true;
  await assert.rejects(own.choose("video", "another"));
  await assert.rejects(own.choose("audio", "another"));
  assert.deepEqual([own.on, own.tracks], [{ audio: false, video: false }, { audio: null, video: null }]);
  given.refused = false;
  await own.setCamera(true);
  await own.setMicrophone(true);
  assert.deepEqual([own.tracks.video.kind, own.tracks.audio.enabled], ["video", true]);
});
