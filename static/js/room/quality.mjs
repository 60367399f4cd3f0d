// The connection in three words, from what the browser measures, and whether the picture has to rest.
const BAD = { loss: 0.15, seconds: 1.2 };
const POOR = { loss: 0.04, seconds: 0.4 };
const STEPS_WORSE = 2;
const STEPS_BETTER = 4;

export function levelOf({ loss = 0, roundTrip = 0 }) {
  if (loss > BAD.loss || roundTrip > BAD.seconds) return "bad";
  if (loss > POOR.loss || roundTrip > POOR.seconds) return "poor";
  return "good";
}

// Smooths levels: one odd sample changes nothing, getting better has to last longer than getting worse.
export class Quality {
  constructor() {
    this.level = "good";
    this.seen = "good";
    this.steps = 0;
  }

  step(sample) {
    const level = levelOf(sample);
    this.steps = level === this.seen ? this.steps + 1 : 1;
    this.seen = level;
    const order = ["good", "poor", "bad"];
    const needed = order.indexOf(level) > order.indexOf(this.level) ? STEPS_WORSE : STEPS_BETTER;
    if (level !== this.level && this.steps >= needed) this.level = level;
    return this.level;
  }
}

// Sound goes on when picture can't: the own picture rests after a bad while, and returns after a good one.
export class PictureRest {
  constructor({ restAfter = 4, returnAfter = 10 } = {}) {
    this.restAfter = restAfter;
    this.returnAfter = returnAfter;
    this.resting = false;
    this.steps = 0;
  }

  step(level) {
    const towards = this.resting ? level === "good" : level === "bad";
    this.steps = towards ? this.steps + 1 : 0;
    if (this.steps >= (this.resting ? this.returnAfter : this.restAfter)) {
      this.resting = !this.resting;
      this.steps = 0;
    }
    return this.resting;
  }
}

// One sample from RTCPeerConnection.getStats(), as the difference to the one before. `heard` is false where not one byte came.
export function sampleOf(report, before = {}) {
  const totals = { lost: 0, received: 0, bytes: 0 };
  let roundTrip = 0;
  let remoteLoss = 0;
  for (const one of report.values()) {
    if (one.type === "inbound-rtp") {
      totals.lost += Math.max(0, one.packetsLost ?? 0);
      totals.received += one.packetsReceived ?? 0;
    } else if (one.type === "remote-inbound-rtp") {
      remoteLoss = Math.max(remoteLoss, one.fractionLost ?? 0);
      roundTrip = Math.max(roundTrip, one.roundTripTime ?? 0);
    } else if (one.type === "candidate-pair") {
      totals.bytes += (one.bytesReceived ?? 0) + (one.responsesReceived ?? 0);
      if (one.nominated) roundTrip = Math.max(roundTrip, one.currentRoundTripTime ?? 0);
    } else if (one.type === "transport" || one.type === "data-channel") {
      totals.bytes += one.bytesReceived ?? 0;
    }
  }
  const lost = Math.max(0, totals.lost - (before.lost ?? 0));
  const received = Math.max(0, totals.received - (before.received ?? 0));
  const inboundLoss = lost + received > 20 ? lost / (lost + received) : 0;
  const heard = received > 0 || totals.bytes !== (before.bytes ?? -1);
  return { totals, loss: Math.max(inboundLoss, remoteLoss), roundTrip, heard };
}
