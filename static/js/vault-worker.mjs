import { vaultActs } from "./recordings/playback/vault.mjs";
import { serve } from "./recordings/worker-server.mjs";

serve(vaultActs);
