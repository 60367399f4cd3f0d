// Small helpers for pages: their texts, one place for errors, and a button that shows that it works.
import { asTrouble, sentence } from "./trouble.mjs";

export class PagePart {
  constructor(root) {
    this.root = root;
    this.texts = JSON.parse(root.dataset.texts ?? "{}");
    this.error = root.querySelector("[data-error]");
    this.state = root.querySelector("[data-state]");
  }

  one(name) {
    return this.root.querySelector(`[data-${name}]`);
  }

  say(code, detail = {}) {
    if (this.state) this.state.textContent = code ? sentence(this.texts, { code, detail }) : "";
  }

  fail(error) {
    const trouble = asTrouble(error, "unknown");
    this.error.querySelector("[data-error-text]").textContent = sentence(this.texts, trouble);
    this.error.hidden = false;
    this.error.focus();
  }

  // Run an act behind a button: errors are shown, a second press waits. What the act gives ({ code, detail }) is said.
  async during(button, act) {
    if (button.getAttribute("aria-disabled") === "true") return;
    this.error.hidden = true;
    button.setAttribute("aria-disabled", "true");
    const outcome = await act().then((said) => ({ said }), (error) => ({ error }));
    button.removeAttribute("aria-disabled");
    this.say(outcome.said?.code ?? "", outcome.said?.detail);
    if (outcome.error) this.fail(outcome.error);
  }

  onPress(name, act) {
    const button = this.one(name);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      this.during(button, act);
    });
  }
}
