// Whether calls get out of this network: candidates of our own relay, if there is one, and how long an answer takes.
const RELAY_MS = 6000;
const SLOW_MS = 600;
const TRIES = 4;

// With `relayOnly` there is no call without a relay: where none is set up, it is not her network's fault.
export async function testNetwork(iceServers, ping, relayOnly) {
  if (navigator.onLine === false) return "network-offline";
  if (relayOnly && !iceServers.length) return "network-unready";
  const [trip, relay] = await Promise.all([roundTrip(ping), iceServers.length ? relayWorks(iceServers) : null]);
  return judge(trip, relay);
}

export function judge(trip, relay) {
  if (trip === null) return "network-offline";
  if (relay === false) return "network-blocked";
  return trip > SLOW_MS ? "network-slow" : "network-good";
}

async function roundTrip(ping) {
  const trips = [];
  for (let at = 0; at < TRIES; at += 1) {
    const began = performance.now();
    try {
      await fetch(ping, { cache: "no-store", method: "HEAD" });
    } catch {
      return null;
    }
    trips.push(performance.now() - began);
  }
  return trips.sort((one, other) => one - other)[Math.floor(TRIES / 2)];
}

// True once the relay gave an address; false if it gave none in time.
export function relayWorks(iceServers) {
  return new Promise((resolve) => {
    const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: "relay" });
    const done = (works) => {
      peer.close();
      resolve(works);
    };
    const timer = setTimeout(() => done(false), RELAY_MS);
    peer.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) {
        clearTimeout(timer);
        done(true);
      }
    };
    peer.createDataChannel("test");
    peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  });
}
