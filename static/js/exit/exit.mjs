// Leave at once: the page is covered before anything is asked of the network, and replaced in the history.
const PRESSES = 3;
const WITHIN_MS = 5000;

export function startExit(document) {
  const link = document.querySelector("[data-exit]");
  if (!link) return;
  const leave = () => {
    document.dispatchEvent(new Event("app:leave")); // a call ends at once
    document.title = "…";
    document.body.replaceChildren();
    document.body.className = "app-exit-cover";
    window.location.replace(link.href);
  };
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  let presses = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Shift" || event.repeat) {
      if (event.key !== "Shift") presses = [];
      return;
    }
    presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at < WITHIN_MS);
    if (presses.length >= PRESSES) leave();
  });
  // A page brought back by the back button would show what was left behind.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
}
