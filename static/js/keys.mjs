// The pages where the team makes and looks after its keys.
import { startNewKey } from "./recordings/keys/new-key.mjs";
import { startNewWay } from "./recordings/keys/new-way.mjs";

const newKey = document.querySelector("[data-new-key]");
if (newKey) startNewKey(newKey);
const newWay = document.querySelector("[data-new-way]");
if (newWay) startNewWay(newWay);
