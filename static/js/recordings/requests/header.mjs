// A new header for other keys around the same file key. The payload stays as it is, so nothing large moves.
import { Encrypter, Stanza } from "age-encryption";
import { base64nopad } from "@scure/base";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

const COLUMNS = 48; // bytes of a stanza's body on one line

export async function wrapHeader(fileKey, recipients) {
  const encrypter = new Encrypter(); // its own recipients wrap the key; typage has no call that writes a header alone
  for (const one of recipients) encrypter.addRecipient(one);
  const stanzas = [];
  for (const one of encrypter.recipients) stanzas.push(...(await one.wrapFileKey(fileKey)));
  const start = ["age-encryption.org/v1\n", ...stanzas.map(written), "---"].join("");
  const key = hkdf(sha256, fileKey, undefined, new TextEncoder().encode("header"), 32);
  const mac = hmac(sha256, key, new TextEncoder().encode(start));
  return new TextEncoder().encode(`${start} ${base64nopad.encode(mac)}\n`);
}

function written(stanza) {
  if (!(stanza instanceof Stanza)) throw new Error("not a stanza");
  const lines = [`-> ${stanza.args.join(" ")}`];
  for (let at = 0; at <= stanza.body.length; at += COLUMNS) lines.push(base64nopad.encode(stanza.body.subarray(at, at + COLUMNS)));
  return `${lines.join("\n")}\n`;
}
