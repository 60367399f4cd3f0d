// Notes with time codes. The server gets only ciphertext for the team's keys; who may read is who may open recordings.
import { send } from "../send.mjs";
import { Trouble } from "../trouble.mjs";
import { clock } from "./clock.mjs";

export async function startNotes(part, vault, player) {
  const place = part.one("notes");
  for (const note of JSON.parse(part.root.dataset.notes)) {
    try {
      add(part, place, player, { ...note, ...JSON.parse(await vault.call("unseal", { blob: note.sealed })) });
    } catch {
      add(part, place, player, { ...note, ms: null, text: part.texts["note-closed"] });
    }
  }
  part.onPress("note-keep", async () => {
    const field = part.one("note-text");
    const text = field.value.trim();
    if (!text) throw new Trouble("note-empty");
    const ms = Math.round(player.position);
    const sealed = await vault.call("seal", { text: JSON.stringify({ ms, text }), recipients: JSON.parse(part.root.dataset.recipients) });
    const said = await send(`${part.root.dataset.base}/notes`, part.root.dataset.token, { sealed });
    add(part, place, player, { ...said, ms, text });
    field.value = "";
  });
}

function add(part, place, player, note) {
  const item = document.createElement("li");
  if (note.ms !== null) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "app-text-button";
    button.textContent = clock(note.ms);
    button.addEventListener("click", () => player.seek(note.ms));
    item.append(button, " ");
  }
  const text = document.createElement("span");
  text.className = "app-note";
  text.textContent = note.text;
  const by = document.createElement("span");
  by.className = "nhsuk-hint app-note__by";
  by.textContent = `${note.by}, ${note.at}`;
  item.append(text, by);
  item.dataset.ms = note.ms ?? "";
  const later = [...place.children].find((one) => Number(one.dataset.ms) > (note.ms ?? 0));
  place.insertBefore(item, later ?? null);
}
