// Camera, microphone and loudspeaker: ask for them, list them, and say in one word why one cannot be had.
const PICTURE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

export function problemOf(error) {
  if (!navigator.mediaDevices?.getUserMedia) return "insecure";
  if (["NotAllowedError", "SecurityError"].includes(error?.name)) return "denied";
  if (["NotFoundError", "OverconstrainedError"].includes(error?.name)) return "missing";
  return "busy";
}

// A chosen device is only wished for: what is unplugged meanwhile must not stand in the way.
export function constraints({ audio = true, video = true, microphone = "", camera = "" }) {
  return {
    audio: audio && { ...SOUND, ...(microphone && { deviceId: { ideal: microphone } }) },
    video: video && { ...PICTURE, ...(camera ? { deviceId: { ideal: camera } } : { facingMode: "user" }) },
  };
}

export async function ask(wanted) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no devices here", "NotSupportedError");
  return navigator.mediaDevices.getUserMedia(constraints(wanted));
}

// The microphone counts more than the camera: without a camera the call goes on with sound.
export async function askGently(wanted) {
  try {
    return await ask(wanted);
  } catch (error) {
    if (!wanted.video || problemOf(error) === "insecure") throw error;
    return ask({ ...wanted, video: false });
  }
}

export async function fillChoices(selects, words, chosen = {}) {
  const all = await navigator.mediaDevices.enumerateDevices();
  for (const [kind, select] of Object.entries(selects)) {
    if (!select) continue;
    const found = all.filter((one) => one.kind === kind && one.deviceId);
    const named = { videoinput: "camera", audioinput: "microphone", audiooutput: "speaker" }[kind];
    select.replaceChildren(
      ...found.map((one, at) => new Option(one.label || `${words(named)} ${at + 1}`, one.deviceId)),
    );
    if (found.some((one) => one.deviceId === chosen[kind])) select.value = chosen[kind];
    const holder = select.closest(".nhsuk-form-group");
    if (kind === "audiooutput" && holder) holder.hidden = found.length < 2 || !("setSinkId" in HTMLMediaElement.prototype);
  }
}

export function stop(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
