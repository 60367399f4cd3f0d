// Make one way to open a key, and prove at once that it opens it.
import { Trouble } from "../trouble.mjs";
import { makePasskey, unwrapByPasskey, wrapToPasskey } from "./identity.mjs";

export const SHORTEST = 20;

// A passphrase's wrapped copy. Throws Trouble.
export async function byPassphrase(worker, identity, passphrase, again, name) {
  if (passphrase.trim().length < SHORTEST) throw new Trouble("passphrase-short");
  if (passphrase !== again) throw new Trouble("passphrase-differs");
  const blob = await worker.call("wrap", { identity, passphrase });
  if ((await worker.call("unwrap", { blob, passphrase })) !== identity) throw new Trouble("proof-failed");
  return { kind: "passphrase", name, blob, passkey: "" };
}

// A passkey's wrapped copy. The device asks three times: to make it, to lock, and to prove that it unlocks.
export async function byPasskey(identity, name, told) {
  told("passkey-make");
  const passkey = await makePasskey(name);
  told("passkey-lock");
  const blob = await wrapToPasskey(identity, passkey);
  told("passkey-prove");
  if ((await unwrapByPasskey(blob, passkey)) !== identity) throw new Trouble("passkey-other-secret");
  return { kind: "passkey", name, blob, passkey };
}
