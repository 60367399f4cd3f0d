// Add a passphrase or a passkey to a key that its owner has unlocked.
import { PagePart } from "../page.mjs";
import { send } from "../send.mjs";
import { Trouble } from "../trouble.mjs";
import { WorkerClient } from "../worker-client.mjs";
import { passkeyObstacle, recipientOf } from "./identity.mjs";
import { startUnlock } from "./unlock.mjs";
import { byPasskey, byPassphrase } from "./ways.mjs";

export async function startNewWay(root) {
  const part = new PagePart(root);
  const obstacle = await passkeyObstacle();
  await startUnlock(root.ownerDocument.querySelector("[data-unlock]"), async (identity) => {
    if ((await recipientOf(identity)) !== root.dataset.recipient) throw new Trouble("other-key");
    root.hidden = false;
    offer(part, identity, obstacle);
  });
}

function offer(part, identity, obstacle) {
  const { root } = part;
  const worker = new WorkerClient(root.dataset.worker);
  const keep = async (wrap) => {
    const { next } = await send(root.dataset.send, root.dataset.token, { wrap });
    window.location.assign(next);
  };
  if (obstacle) {
    part.one("passkey-obstacle").textContent = part.texts[obstacle];
    part.one("passkey-obstacle").hidden = false;
    part.one("passkey-form").hidden = true;
  }
  part.onPress("passkey-add", async () => {
    const name = root.querySelector("#passkey-name").value.trim();
    if (!name) throw new Trouble("passkey-name-missing");
    await keep(await byPasskey(identity, name, (code) => part.say(code)));
  });
  part.onPress("passphrase-keep", async () => {
    part.say("working");
    const [first, again] = ["first", "again"].map((name) => root.querySelector(`#passphrase-${name}`).value);
    await keep(await byPassphrase(worker, identity, first, again, part.texts["passphrase-name"]));
  });
}
