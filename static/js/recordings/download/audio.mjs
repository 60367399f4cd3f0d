// Everybody's voices mixed into one WAV for the transcriber: 16 kHz, one channel, 16 bits.
import { AudioSample, AudioSampleSink, AudioSampleSource, Output, WavOutputFormat } from "mediabunny";
import { inputOf } from "./inputs.mjs";
import { mediaTarget } from "./targets.mjs";

const FROM = 48000; // what Opus decodes to
const TO = 16000;
const STEP = FROM / TO;
const TAPS = 63;

export async function mixVoices(parts, lengthMs, target, job) {
  const output = new Output({ format: new WavOutputFormat(), target: mediaTarget(target) });
  const source = new AudioSampleSource({ codec: "pcm-s16" });
  output.addAudioTrack(source);
  const voices = [];
  for (const part of parts) {
    const track = await inputOf(part.size, part.read).getPrimaryAudioTrack();
    if (track) voices.push(new Voice(track, part.track.startMs / 1000));
  }
  await output.start();
  try {
    await blocks(voices, lengthMs / 1000, source, job);
    await output.finalize();
  } catch (error) {
    await output.cancel().catch(() => undefined);
    throw error;
  }
}

async function blocks(voices, seconds, source, job) {
  const filter = lowPass();
  let carried = new Float32Array(TAPS - 1);
  for (let second = 0; second < seconds; second += 1) {
    job.check();
    const length = Math.round(Math.min(1, seconds - second) * TO) * STEP;
    const mixed = new Float32Array(TAPS - 1 + length);
    mixed.set(carried);
    for (const voice of voices) await voice.into(mixed.subarray(TAPS - 1), second);
    carried = mixed.slice(length);
    const sample = new AudioSample({ data: thinned(mixed, filter, length / STEP), format: "f32", numberOfChannels: 1, sampleRate: TO, timestamp: second });
    await source.add(sample);
    sample.close();
    job.progress(second / seconds);
  }
}

// One voice, read forwards only.
class Voice {
  constructor(track, offset) {
    this.samples = new AudioSampleSink(track).samples();
    this.offset = offset;
    this.held = null;
  }

  // Add what is said between `second` and the end of the block to the block.
  async into(block, second) {
    for (;;) {
      this.held ??= (await this.samples.next()).value ?? null;
      if (!this.held) return;
      const from = Math.round((this.held.timestamp + this.offset - second) * FROM);
      if (from >= block.length) return;
      if (from + this.held.numberOfFrames > 0) this.#add(block, from);
      if (from + this.held.numberOfFrames > block.length) return; // its end belongs to the next block
      this.held.close();
      this.held = null;
    }
  }

  #add(block, from) {
    const { numberOfFrames: frames, numberOfChannels: channels } = this.held;
    const plane = new Float32Array(frames);
    for (let channel = 0; channel < channels; channel += 1) {
      this.held.copyTo(plane, { planeIndex: channel, format: "f32-planar" });
      for (let at = Math.max(0, -from); at < frames && from + at < block.length; at += 1) block[from + at] += plane[at] / channels;
    }
  }
}

// A windowed sinc that lets through what 16 kHz can hold.
function lowPass() {
  const filter = new Float32Array(TAPS);
  const cut = 0.45 / STEP;
  for (let at = 0; at < TAPS; at += 1) {
    const off = at - (TAPS - 1) / 2;
    const sinc = off === 0 ? 2 * cut : Math.sin(2 * Math.PI * cut * off) / (Math.PI * off);
    filter[at] = sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * at) / (TAPS - 1)));
  }
  return filter;
}

function thinned(mixed, filter, count) {
  const out = new Float32Array(count);
  for (let at = 0; at < count; at += 1) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap += 1) sum += mixed[at * STEP + tap] * filter[tap];
    out[at] = Math.max(-1, Math.min(1, sum));
  }
  return out;
}
