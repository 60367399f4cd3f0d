// An age identity and the copies of it that only its owner opens. It never leaves the browser in the clear.
import { Decrypter, Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient, webauthn } from "age-encryption";
import { isTrouble, Trouble } from "../trouble.mjs";

export const HYBRID = "mlkem768x25519";
const SECRET = /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{58}$/;

export const makeIdentity = (kind) => (kind === HYBRID ? generateHybridIdentity() : generateX25519Identity());

export const recipientOf = (identity) => identityToRecipient(identity);

// A printed copy as somebody typed it: spaces and small letters do not matter. Throws Trouble "copy-mistyped".
export async function readPrinted(text) {
  const tidy = text.replace(/\s/g, "").toUpperCase();
  if (!SECRET.test(tidy)) throw new Trouble("copy-mistyped");
  try {
    await recipientOf(tidy);
  } catch {
    throw new Trouble("copy-mistyped");
  }
  return tidy;
}

export async function wrapToPassphrase(identity, passphrase) {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(tidyPassphrase(passphrase));
  return toBase64(await encrypter.encrypt(identity));
}

// Throws Trouble "wrong-passphrase".
export async function unwrapByPassphrase(blob, passphrase) {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(tidyPassphrase(passphrase));
  return opened(decrypter, blob, "wrong-passphrase");
}

export const makePasskey = async (name) => asked(() => webauthn.createCredential({ keyName: name }));

export async function wrapToPasskey(identity, passkey) {
  const encrypter = new Encrypter();
  encrypter.addRecipient(new webauthn.WebAuthnRecipient({ identity: passkey }));
  return toBase64(await asked(() => encrypter.encrypt(identity)));
}

// Throws Trouble "passkey-refused" or "passkey-other-secret".
export async function unwrapByPasskey(blob, passkey) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(new webauthn.WebAuthnIdentity({ identity: passkey }));
  return asked(() => opened(decrypter, blob, "passkey-other-secret"));
}

// Why passkeys cannot be used here: a code, or "" where nothing speaks against them.
export async function passkeyObstacle() {
  if (!window.PublicKeyCredential) return "passkey-unsupported";
  if (/^[\d.]+$|^\[/.test(window.location.hostname)) return "passkey-needs-name";
  const can = await window.PublicKeyCredential.getClientCapabilities?.().catch(() => undefined);
  return can && can["extension:prf"] === false ? "passkey-no-prf" : "";
}

async function opened(decrypter, blob, code) {
  try {
    return await decrypter.decrypt(fromBase64(blob), "text");
  } catch (error) {
    if (String(error.message).startsWith("no identity matched")) throw new Trouble(code);
    throw error;
  }
}

async function asked(act) {
  try {
    return await act();
  } catch (error) {
    if (isTrouble(error)) throw error;
    throw new Trouble(/PRF/.test(error.message) ? "passkey-no-prf" : "passkey-refused");
  }
}

const tidyPassphrase = (text) => text.normalize("NFKC").trim().replace(/\s+/g, " ");

export function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
