// The page that plays a recording. Downloads come as a second script, since they bring a library of their own.
import { startPlay } from "./recordings/playback/play.mjs";

const root = document.querySelector("[data-play]");
startPlay(root, async (...known) => {
  if (!root.dataset.downloads) return;
  const { startDownloads } = await import(root.dataset.downloads);
  startDownloads(...known);
});
