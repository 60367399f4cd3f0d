// Keeps the screen from going dark in the call. A phone takes the lock away when it is put aside, so ask again.
export function keepAwake() {
  if (!navigator.wakeLock) return () => undefined;
  let lock = null;
  let wanted = true;
  const ask = async () => {
    if (!wanted || document.visibilityState !== "visible") return;
    try {
      lock = await navigator.wakeLock.request("screen");
    } catch {
      lock = null; // a phone that saves power may refuse; the call goes on all the same
    }
  };
  document.addEventListener("visibilitychange", ask);
  ask();
  return () => {
    wanted = false;
    lock?.release();
  };
}
