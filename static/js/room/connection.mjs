// One connection to the media process: fixed slots, one POST, then the data channel. See docs/rooms-protocol.md.
import { offerFrom } from "./offer.mjs";

export const SLOTS = 3;
const VIDEO_BITS = 800_000;
const SHARE_BITS = 1_500_000;

export class Refused extends Error {
  // `how` says why the room is over, where it is.
  constructor(status, code, how = null) {
    super(`refused: ${status} ${code}`);
    Object.assign(this, { status, code, how });
  }
}

function preferVp8(transceiver) {
  const known = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
  const wanted = known.filter((one) => ["video/vp8", "video/rtx"].includes(one.mimeType.toLowerCase()));
  if (wanted.length && transceiver.setCodecPreferences) transceiver.setCodecPreferences(wanted);
}

export class Connection extends EventTarget {
  constructor({ join, csrf, iceServers, relayOnly, mayShare }) {
    super();
    Object.assign(this, { join, csrf, mayShare });
    this.peer = new RTCPeerConnection({
      iceServers,
      iceTransportPolicy: relayOnly ? "relay" : "all",
      bundlePolicy: "max-bundle",
    });
    this.senders = {};
    this.streams = [];
    this.closed = false;
    this.asking = new AbortController();
    this.#lay();
  }

  // The m-lines in the protocol's order.
  #lay() {
    const send = (kind, bits) => {
      const made = this.peer.addTransceiver(kind, {
        direction: "sendonly",
        sendEncodings: [kind === "video" ? { maxBitrate: bits } : {}],
      });
      if (kind === "video") preferVp8(made);
      return made.sender;
    };
    const receive = () => {
      const pair = ["audio", "video"].map((kind) => this.peer.addTransceiver(kind, { direction: "recvonly" }));
      preferVp8(pair[1]);
      return new MediaStream(pair.map((one) => one.receiver.track));
    };
    this.senders.audio = send("audio");
    this.senders.video = send("video", VIDEO_BITS);
    for (let at = 0; at < SLOTS; at += 1) this.streams.push(receive());
    this.share = receive();
    if (this.mayShare) {
      this.senders.shareAudio = send("audio");
      this.senders.shareVideo = send("video", SHARE_BITS);
    }
    this.channel = this.peer.createDataChannel("room", { ordered: true });
    this.channel.onopen = () => this.dispatchEvent(new Event("open"));
    this.channel.onclose = () => this.#lost();
    this.channel.onmessage = (event) => this.#hear(event.data);
    this.peer.onconnectionstatechange = () => {
      if (["failed", "closed"].includes(this.peer.connectionState)) this.#lost();
      else this.dispatchEvent(new CustomEvent("state", { detail: this.peer.connectionState }));
    };
  }

  async start(tracks, patienceMs) {
    await Promise.all(["audio", "video"].map((kind) => this.senders[kind].replaceTrack(tracks[kind] ?? null)));
    const offer = await offerFrom(this.peer);
    const answer = await this.#post(offer, patienceMs); // at once: the other side waits for no addresses
    if (this.closed) return answer;
    await this.peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    return answer;
  }

  replace(kind, track) {
    return this.senders[kind]?.replaceTrack(track) ?? Promise.resolve();
  }

  send(message) {
    if (this.channel.readyState === "open") this.channel.send(JSON.stringify(message));
  }

  close() {
    this.closed = true;
    this.asking.abort(); // an offer that comes late would bring back who has left
    this.peer.close();
  }

  async #post(sdp, patienceMs) {
    let response;
    const late = setTimeout(() => this.asking.abort(), patienceMs);
    try {
      response = await fetch(this.join, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify({ sdp }),
        redirect: "manual",
        signal: this.asking.signal,
      });
    } catch {
      throw new Refused(0, "lost");
    } finally {
      clearTimeout(late);
    }
    // A redirect leads to the sign-in page; a form error means that the session has ended.
    if (response.type === "opaqueredirect") throw new Refused(401, "signed-out");
    const body = await response.json().catch(() => null);
    if (response.ok && body?.sdp) return body;
    throw new Refused(response.status, body?.error ?? (response.status === 400 ? "signed-out" : ""), body?.how);
  }

  #hear(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not ours
    }
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  #lost() {
    if (this.closed) return;
    this.close();
    this.dispatchEvent(new Event("lost"));
  }
}
