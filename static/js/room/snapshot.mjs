// What the room's snapshot means for a page, without touching the page.
export function me(snapshot) {
  return snapshot.people.find((one) => one.person === snapshot.you) ?? null;
}

export function others(snapshot) {
  return snapshot.people.filter((one) => one.person !== snapshot.you);
}

export function nameOf(snapshot, person, words, role = null) {
  if (person === snapshot?.you) return words("you");
  const known = [...(snapshot?.people ?? []), ...(snapshot?.waiting ?? [])].find((one) => one.person === person);
  return known?.name || words(known || role ? `role-${known?.role ?? role}` : "somebody");
}

export function statusWord(snapshot) {
  const company = others(snapshot).some((one) => one.connected);
  if (!snapshot.admitted) return company ? "waiting" : "waiting-alone";
  return company ? "inside" : "inside-alone";
}

// What is known of the recording: while the connection is lost, nothing of one that was under way.
export function recordingState({ recording }, lost = false) {
  return lost && ["starting", "running", "paused"].includes(recording.state) ? "unknown" : recording.state;
}

// Which words stand beside the lamp. Somebody who is not recorded is told so, whatever the others do.
export function recordingWord(snapshot, lost = false) {
  const { possible } = snapshot.recording;
  const state = recordingState(snapshot, lost);
  if (!possible && state === "off") return "recording-never"; // one that was stopped has been recorded so far
  if (state === "running" && me(snapshot)?.may_be_recorded === false) return "recording-others";
  return `recording-${state}`;
}

// What the big record button does next; null while it can do nothing.
export function recordingStep({ state, possible }, distress = false) {
  if (!possible || distress || state === "starting") return null;
  return { off: "record_start", stopped: "record_start", failed: "record_start", running: "record_pause", paused: "record_resume" }[state] ?? null;
}

export function tileWord(person) {
  if (!person.connected) return "their-lost";
  if (!person.camera) return "their-camera-off";
  return person.video_held ? "their-picture-held" : "";
}
