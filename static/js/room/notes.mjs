// Private notes, kept as they are typed: a little after the last key, and again until it has worked.
import { clock } from "./time.mjs";

const AFTER_MS = 1200;
const RETRY_MS = 4000;

export function startNotes({ area, said, stamp, csrf, words, recordingSeconds }) {
  let revision = Number(area.dataset.revision);
  let kept = area.value;
  let timer;
  let busy = false;

  const later = (afterMs) => {
    clearTimeout(timer);
    timer = setTimeout(keep, afterMs);
  };

  async function keep() {
    if (busy || area.value === kept) return;
    busy = true;
    const text = area.value;
    let response = null;
    try {
      response = await fetch(area.dataset.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
        body: JSON.stringify({ text, revision }),
        redirect: "manual",
        keepalive: text.length < 15000,
      });
    } catch {
      response = null; // the network is away
    }
    busy = false;
    if (response?.ok) {
      revision = (await response.json()).revision;
      kept = text;
      said.textContent = words("notes-kept", { time: new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) });
      if (area.value !== kept) later(AFTER_MS);
    } else if (response?.status === 409) {
      const theirs = await response.json();
      revision = theirs.revision;
      area.value = merged(theirs.text, area.value);
      said.textContent = words("notes-elsewhere");
      later(AFTER_MS);
    } else {
      said.textContent = words("notes-failed");
      later(RETRY_MS);
    }
  }

  area.addEventListener("input", () => {
    said.textContent = words("notes-changed");
    later(AFTER_MS);
  });
  area.addEventListener("blur", keep);
  stamp.addEventListener("click", () => {
    const at = recordingSeconds();
    const text = at === null ? new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : clock(at);
    area.setRangeText(`[${text}] `, area.selectionStart, area.selectionEnd, "end");
    area.focus();
    area.dispatchEvent(new Event("input"));
  });
  addEventListener("beforeunload", (event) => {
    if (area.value !== kept) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && keep());
}

// Neither text may be lost: what is kept elsewhere comes first, unless ours holds it already.
export function merged(theirs, ours) {
  if (ours.includes(theirs)) return ours;
  return `${theirs}\n\n${ours}`;
}
