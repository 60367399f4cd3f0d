// Lost packets of sound are sent again where both sides say so; browsers by themselves say it for pictures alone. The call
// itself seldom gains by it, since it does not wait; the recording does.
export function withSoundSentAgain(sdp) {
  const parts = sdp.split(/(?=^m=)/m);
  return parts.map((part) => (part.startsWith("m=audio") && /^a=sendonly\r?$/m.test(part) ? repaired(part) : part)).join("");
}

function repaired(part) {
  const opus = part.match(/^a=rtpmap:(\d+) opus\/48000\/2\r?$/im);
  if (!opus || part.includes(`a=rtcp-fb:${opus[1]} nack`)) return part;
  return part.replace(opus[0], `${opus[0].trimEnd()}\r\na=rtcp-fb:${opus[1]} nack${opus[0].endsWith("\r") ? "\r" : ""}`);
}

// A browser that does not take the changed offer makes the call with its own. Gives the offer's text.
export async function offerFrom(peer) {
  const own = await peer.createOffer();
  const changed = withSoundSentAgain(own.sdp);
  try {
    await peer.setLocalDescription({ type: "offer", sdp: changed });
    return changed;
  } catch {
    await peer.setLocalDescription(own);
    return own.sdp;
  }
}
