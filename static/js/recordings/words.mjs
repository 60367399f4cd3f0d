// Plain words: a key's fingerprint to read out and compare, and passphrases that can be remembered.
// The server computes the same words from the same list (portal/recordings/keys/words.py).
import list from "./words.json";

const BITS = 9n;
const COUNT = 8;
const PASSPHRASE_WORDS = 7; // 63 bits, stretched by scrypt

export async function fingerprintWords(recipient) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(recipient)));
  let number = digest.subarray(0, 9).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const words = [];
  for (let place = 0; place < COUNT; place += 1) {
    words.unshift(list[Number(number & 511n)]);
    number >>= BITS;
  }
  return words;
}

export function makePassphrase() {
  const random = crypto.getRandomValues(new Uint16Array(PASSPHRASE_WORDS));
  return Array.from(random, (value) => list[value & 511]).join(" ");
}
