// Unlocks a member's key by passkey, passphrase or printed copy. The page hands over what to do with the identity.
import { PagePart } from "../page.mjs";
import { Trouble } from "../trouble.mjs";
import { WorkerClient } from "../worker-client.mjs";
import { passkeyObstacle, readPrinted, unwrapByPasskey } from "./identity.mjs";

// `use(identity)` is called once; if it throws (say, the key opens no track), the form stays for another try.
export async function startUnlock(root, use) {
  const part = new PagePart(root);
  const ways = JSON.parse(root.dataset.ways);
  const worker = new WorkerClient(root.dataset.worker);
  const opened = async (identity) => {
    await use(identity);
    worker.end();
    root.hidden = true;
  };
  await offerPasskeys(part, ways.filter((one) => one.kind === "passkey"), opened);
  offerPassphrase(part, worker, ways.filter((one) => one.kind === "passphrase"), opened);
  part.onPress("printed-open", async () => opened(await readPrinted(root.querySelector("#printed-copy").value)));
  part.one("unlock-ready").hidden = false;
}

async function offerPasskeys(part, passkeys, opened) {
  const place = part.one("unlock-passkeys");
  const obstacle = passkeys.length ? await passkeyObstacle() : "";
  if (obstacle) {
    place.textContent = part.texts[obstacle];
    return;
  }
  for (const one of passkeys) {
    const button = place.ownerDocument.createElement("button");
    button.type = "button";
    button.className = "nhsuk-button nhsuk-u-margin-right-3";
    button.textContent = part.texts["unlock-by"].replace("{name}", one.name);
    button.addEventListener("click", () => {
      part.during(button, async () => {
        part.say("passkey-ask");
        await opened(await unwrapByPasskey(one.blob, one.passkey));
      });
    });
    place.append(button);
  }
}

function offerPassphrase(part, worker, wraps, opened) {
  const form = part.one("unlock-passphrase");
  form.hidden = wraps.length === 0;
  const button = form.querySelector("button");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    part.during(button, async () => {
      const field = form.querySelector("#unlock-with");
      if (!field.value) throw new Trouble("passphrase-missing");
      part.say("working");
      await opened(await tried(worker, wraps, field.value));
      field.value = "";
    });
  });
}

// The newest key that this passphrase opens.
async function tried(worker, wraps, passphrase) {
  for (const one of [...wraps].reverse()) {
    try {
      return await worker.call("unwrap", { blob: one.blob, passphrase });
    } catch (error) {
      if (error.code !== "wrong-passphrase") throw error;
    }
  }
  throw new Trouble("wrong-passphrase");
}
