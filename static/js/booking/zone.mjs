// Offers times for where she is, if her device says that this is elsewhere. Without this she chooses by herself.
const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

function clock(zone, at) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(at);
}

export function startZone(document) {
  const hint = document.querySelector("[data-zone-hint]");
  if (hint) {
    const at = new Date();
    hint.hidden = clock(here(), at) === clock(hint.dataset.zoneHint, at);
  }
  const select = document.querySelector("select[data-zone]");
  if (select && select.value === "Europe/London" && [...select.options].some((one) => one.value === here())) {
    select.value = here();
  }
}
