// The page where a second person opens a past recording for today's keys.
import { startRewrap } from "./recordings/requests/rewrap.mjs";

startRewrap(document.querySelector("[data-rewrap]"));
