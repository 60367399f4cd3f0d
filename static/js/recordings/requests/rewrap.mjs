// Open a past recording for today's keys: unlock, unwrap each file's key, wrap it anew. Only headers travel.
import { fromBase64, recipientOf, toBase64 } from "../keys/identity.mjs";
import { startUnlock } from "../keys/unlock.mjs";
import { PagePart } from "../page.mjs";
import { unwrapped } from "../playback/age-file.mjs";
import { send } from "../send.mjs";
import { Trouble } from "../trouble.mjs";
import { fingerprintWords } from "../words.mjs";
import { wrapHeader } from "./header.mjs";

export async function startRewrap(root) {
  const part = new PagePart(root);
  const recipients = JSON.parse(root.dataset.recipients);
  // Computed here from the keys that will be used, not taken from the server's word.
  for (const place of root.querySelectorAll("[data-key]")) place.textContent = (await fingerprintWords(recipients[place.dataset.key])).join(" ");
  await startUnlock(document.querySelector("[data-unlock]"), async (identity) => {
    const keys = await fileKeys(JSON.parse(root.dataset.headers), identity);
    part.one("agree-part").hidden = false;
    part.onPress("agree", async () => {
      part.say("working");
      const headers = await newHeaders(keys, recipients, identity);
      const { next } = await send(root.dataset.send, root.dataset.token, { headers });
      window.location.assign(next);
    });
  });
}

async function fileKeys(headers, identity) {
  const found = {};
  for (const [name, header] of Object.entries(headers)) found[name] = await unwrapped(fromBase64(header), identity);
  return found;
}

// Each new header is opened once more with her own key before it is sent, if that is among the recipients.
async function newHeaders(keys, recipients, identity) {
  const made = {};
  const mine = recipients.includes(await recipientOf(identity));
  for (const [name, key] of Object.entries(keys)) {
    const header = await wrapHeader(key, recipients);
    if (mine && toBase64(await unwrapped(header, identity)) !== toBase64(key)) throw new Trouble("proof-failed");
    made[name] = toBase64(header);
  }
  return made;
}
