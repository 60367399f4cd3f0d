// Sends JSON to the portal as the page's own form would, and goes where it is told.
import { Trouble } from "./trouble.mjs";

// The answer's JSON. Throws Trouble "refused" with the server's sentence, or "no-answer".
export async function send(address, token, content) {
  let answer;
  try {
    answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token },
      body: JSON.stringify(content),
    });
  } catch {
    throw new Trouble("no-answer");
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (answer.status === 401 && said.confirm) throw new Trouble("confirm-again");
  throw new Trouble(said.error ? "refused" : "no-answer", { why: said.error ?? answer.status });
}
