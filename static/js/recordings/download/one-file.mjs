// All people's tracks in one Matroska file, by stream copy: nothing is decoded, nothing gets worse.
import { EncodedAudioPacketSource, EncodedPacketSink, EncodedVideoPacketSource, MkvOutputFormat, Output } from "mediabunny";
import { inputOf } from "./inputs.mjs";
import { mediaTarget } from "./targets.mjs";

// `parts`: [{ track, size, name, read }]. Gives nothing; throws Trouble "stopped" through `job.check()`.
export async function joinTracks(parts, lengthMs, target, job) {
  const output = new Output({ format: new MkvOutputFormat(), target: mediaTarget(target) });
  const lanes = [];
  const made = new Map();
  for (const part of parts) {
    const input = inputOf(part.size, part.read);
    for (const source of await input.getTracks()) lanes.push(await lane(output, made, part, source));
  }
  await output.start();
  try {
    await interleaved(lanes, lengthMs, job);
    await output.finalize();
  } catch (error) {
    await output.cancel().catch(() => undefined);
    throw error;
  }
}

// A person's later parts go on in the same track of the output.
async function lane(output, made, part, source) {
  const video = source.type === "video";
  const key = `${part.track.track} ${source.type}`;
  if (!made.has(key)) {
    const codec = await source.getCodec();
    const to = video ? new EncodedVideoPacketSource(codec) : new EncodedAudioPacketSource(codec);
    if (video) output.addVideoTrack(to, { name: part.name });
    else output.addAudioTrack(to, { name: part.name });
    made.set(key, to);
  }
  const packets = new EncodedPacketSink(source).packets();
  return { to: made.get(key), packets, offset: part.track.startMs / 1000, config: await source.getDecoderConfig(), next: await packets.next() };
}

async function interleaved(lanes, lengthMs, job) {
  for (;;) {
    const open = lanes.filter((one) => !one.next.done);
    if (!open.length) return;
    const first = open.reduce((one, other) => (at(other) < at(one) ? other : one));
    job.check();
    const packet = first.next.value;
    await first.to.add(packet.clone({ timestamp: at(first) }), { decoderConfig: first.config });
    job.progress((at(first) * 1000) / lengthMs);
    first.next = await first.packets.next();
  }
}

const at = (one) => one.next.value.timestamp + one.offset;
