// The device check before the room.
import { Check } from "./room/check.mjs";

const root = document.getElementById("check");
if (root) new Check(root, document.getElementById("check-form")).start();
