// Which help fits the browser. Every browser on an iPhone asks through the phone's own settings.
export function helpFor(agent, touchPoints = 0) {
  const apple = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touchPoints > 1);
  if (apple) return /CriOS|FxiOS|EdgiOS/.test(agent) ? "chrome-ios" : "safari-ios";
  if (/Firefox\//.test(agent)) return "firefox";
  if (/Android/.test(agent)) return "chrome-android";
  if (/Chrome\/|Chromium\//.test(agent)) return "chrome";
  return /Safari\//.test(agent) ? "safari" : "chrome";
}
