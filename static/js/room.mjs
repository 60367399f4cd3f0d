// The interview room.
import { Page } from "./room/page.mjs";

const root = document.getElementById("room");
if (root) new Page(root).start();
