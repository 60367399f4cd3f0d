// The page where a member makes her key: passphrase, passkeys, printed copy, and only then the public half is sent.
import { PagePart } from "../page.mjs";
import { send } from "../send.mjs";
import { Trouble } from "../trouble.mjs";
import { fingerprintWords, makePassphrase } from "../words.mjs";
import { WorkerClient } from "../worker-client.mjs";
import { makeIdentity, passkeyObstacle, recipientOf } from "./identity.mjs";
import { byPasskey, byPassphrase } from "./ways.mjs";

const LAST = 6;

export async function startNewKey(root) {
  const part = new PagePart(root);
  const worker = new WorkerClient(root.dataset.worker);
  const identity = await makeIdentity(root.dataset.kind);
  const recipient = await recipientOf(identity);
  const passkeys = [];
  let passphrase = null;
  showCopy(root, identity, await fingerprintWords(recipient));
  offerPassphrase(part);
  showObstacle(part, await passkeyObstacle());

  part.onPress("passphrase-keep", async () => {
    part.say("working");
    const [first, again] = ["first", "again"].map((name) => root.querySelector(`#passphrase-${name}`).value);
    passphrase = await byPassphrase(worker, identity, first, again, part.texts["passphrase-name"]);
    done(part, "passphrase-done");
  });
  part.onPress("passkey-add", async () => {
    const field = root.querySelector("#passkey-name");
    const name = field.value.trim();
    if (!name) throw new Trouble("passkey-name-missing");
    passkeys.push(await byPasskey(identity, name, (code) => part.say(code)));
    list(part.one("passkeys"), name);
    field.value = "";
  });
  part.onPress("print", async () => window.print());
  part.onPress("register", async () => {
    if (!passphrase) throw new Trouble("passphrase-first");
    if (root.querySelector("#copy-last").value.trim().toUpperCase() !== identity.slice(-LAST)) throw new Trouble("copy-unproved");
    part.say("working");
    const wraps = [passphrase, ...passkeys];
    const { next } = await send(root.dataset.send, root.dataset.token, { recipient, wraps });
    window.location.assign(next);
  });
  root.querySelector("[data-ready]").hidden = false;
}

function showCopy(root, identity, words) {
  root.querySelector("[data-copy]").textContent = identity;
  for (const place of root.querySelectorAll("[data-words]")) place.textContent = words.join(" ");
}

function offerPassphrase(part) {
  const offer = () => (part.one("passphrase-offer").textContent = makePassphrase());
  offer();
  part.onPress("passphrase-other", async () => offer());
}

function showObstacle(part, code) {
  if (!code) return;
  part.one("passkey-obstacle").textContent = part.texts[code];
  part.one("passkey-obstacle").hidden = false;
  part.one("passkey-form").hidden = true;
}

function done(part, name) {
  part.one(name).hidden = false;
  part.one("passphrase-form").hidden = true;
}

function list(place, name) {
  const item = place.ownerDocument.createElement("li");
  item.textContent = name;
  place.append(item);
}
