// The topic guide: a tick is kept at once, with the place in the recording if one is running.
import { clock } from "./time.mjs";

export function startGuide({ root, csrf, recordingSeconds }) {
  for (const code of root.querySelectorAll("[data-code]")) show(code, code.dataset.code);
  root.addEventListener("change", async (event) => {
    const box = event.target.closest("[data-topic]");
    if (!box) return;
    const code = box.closest("li").querySelector("[data-code]");
    const seconds = recordingSeconds();
    const at = box.checked && seconds !== null ? Math.round(seconds * 1000) : null;
    const kept = await keep(box, csrf, at);
    if (kept) show(code, box.checked && at !== null ? String(at) : "");
    else box.checked = !box.checked;
  });
}

async function keep(box, csrf, at) {
  try {
    const response = await fetch(box.dataset.topic, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify({ done: box.checked, recording_ms: at }),
      redirect: "manual",
    });
    return response.ok;
  } catch {
    return false; // the box springs back, so she sees that it was not kept
  }
}

function show(code, milliseconds) {
  code.textContent = milliseconds === "" ? "" : clock(Number(milliseconds) / 1000);
}
