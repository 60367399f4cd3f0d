// Wrapping to a passphrase takes about a second of hard work (scrypt), so the worker does it.
import { unwrapByPassphrase, wrapToPassphrase } from "./identity.mjs";

export const passphraseActs = {
  wrap: async ({ identity, passphrase }) => ({ result: await wrapToPassphrase(identity, passphrase) }),
  unwrap: async ({ blob, passphrase }) => ({ result: await unwrapByPassphrase(blob, passphrase) }),
};
