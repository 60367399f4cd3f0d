// Who keeps somebody in the room, and lets her go: `Call` over connections that only remember what was done to them.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./custom-event.mjs";
import { Call } from "../../static/js/room/call.mjs";

class Peer {
  static made = [];
  connectionState = "new";

  constructor() {
    Peer.made.push(this);
    this.channel = { readyState: "connecting", sent: [], send: (text) => this.channel.sent.push(JSON.parse(text)) };
  }

  addTransceiver() {
    return { sender: { replaceTrack: async () => undefined }, receiver: { track: {} } };
  }

  createDataChannel() {
    return this.channel;
  }

  async createOffer() {
    return { type: "offer", sdp: "v=0\r\n" };
  }

  async setLocalDescription() {}
  async setRemoteDescription() {}

  async getStats() {
    return new Map();
  }

  close() {
    this.connectionState = "closed";
    this.channel.readyState = "closed";
  }

  opens() {
    this.channel.readyState = "open";
    this.channel.onopen();
  }

  // A browser hands over what had come in before the connection was closed.
  hears(message) {
    this.channel.onmessage({ data: JSON.stringify(message) });
  }
}

function browser(answer) {
  const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true });
  const page = new EventTarget();
  set("RTCPeerConnection", Peer);
  set("RTCRtpReceiver", {});
  set("MediaStream", class {});
  set("navigator", { onLine: true });
  set("document", page);
  set("addEventListener", page.addEventListener.bind(page));
  set("fetch", answer);
}

const welcome = async () => ({ ok: true, status: 200, json: async () => ({ sdp: "v=0\r\n", iceServers: [] }) });

// Somebody in the room, and everything that her page is told.
async function called(t, answer = welcome) {
  browser(answer);
  Peer.made.length = 0;
  const call = new Call({ join: "/room/join", csrf: "x", iceServers: [] });
  t.after(() => call.end());
  const told = [];
  for (const kind of ["connected", "message", "trouble", "ended", "refused"])
    call.addEventListener(kind, ({ detail }) => told.push([kind, detail?.reason ?? detail?.word ?? detail?.type ?? ""]));
  call.start();
  await settled();
  return { call, told, peers: Peer.made };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

test("who was put out is told so", async (t) => {
  const { told, peers } = await called(t);
  peers[0].opens();
  peers[0].hears({ type: "ended", reason: "outcome" });
  assert.deepEqual(told, [["connected", ""], ["ended", "outcome"]]);
  assert.equal(peers[0].connectionState, "closed");
});

test("who has left hears of nothing any more", async (t) => {
  const { call, told, peers } = await called(t);
  peers[0].opens();
  call.send({ type: "leave" });
  call.end();
  peers[0].hears({ type: "ended", reason: "left" });
  peers[0].hears({ type: "room", people: [] });
  peers[0].channel.onclose();
  await settled();
  assert.deepEqual(peers[0].channel.sent, [{ type: "leave" }]);
  assert.deepEqual(told, [["connected", ""]]);
  assert.equal(peers.length, 1);
});

test("who leaves while she is brought back is neither brought back nor led to the sign-in page", async (t) => {
  let late;
  const { call, told, peers } = await called(t);
  peers[0].opens();
  browser(() => new Promise((resolve) => (late = resolve)));
  peers[0].channel.onclose();
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(peers.length, 2);
  call.end();
  late({ ok: false, status: 401, type: "opaqueredirect" });
  await settled();
  assert.deepEqual(told, [["connected", ""], ["trouble", "lost"]]);
});

test("who says that she has to stop hears that it was understood, for a moment, and is not brought back", async (t) => {
  const { call, told, peers } = await called(t);
  peers[0].opens();
  call.farewell({ type: "need_to_stop", id: "a" }, 200);
  peers[0].hears({ type: "ended", reason: "stopped" });
  assert.deepEqual(told, [["connected", ""], ["ended", "stopped"]]);
  await settled();
  assert.equal(peers.length, 1);
});
