import { passphraseActs } from "./recordings/keys/passphrase.mjs";
import { serve } from "./recordings/worker-server.mjs";

serve(passphraseActs);
