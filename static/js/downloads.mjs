export { startDownloads } from "./recordings/download/panel.mjs";
