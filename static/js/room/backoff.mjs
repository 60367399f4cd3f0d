// How long to wait before the next try. A call has to come back within seconds of the network, so the waits stay short.
const WAITS_MS = [500, 1000, 1500, 2000];
const FIRST_TRY_MS = 8000;
const AGAIN_MS = 3000;
const LONGEST_TRY_MS = 8000;

export function waitBefore(attempt) {
  return WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)];
}

// How long one try may take. When the network is away a hanging try would hold up the next one; a slow machine gets more.
export function patience(attempt, connectedBefore) {
  if (!connectedBefore && attempt === 0) return FIRST_TRY_MS;
  return Math.min(AGAIN_MS + attempt * 500, LONGEST_TRY_MS);
}

// What an answer that is no answer means: try again, or tell her and stop.
export function verdict(status, code) {
  if (code === "busy" || code === "away" || status >= 500) return { again: true, word: "busy" };
  if (status === 429) return { again: true, word: "busy", afterMs: 5000 };
  if (status === 0) return { again: true, word: "lost" };
  return { again: false, word: `refused-${code || "unknown"}` };
}
