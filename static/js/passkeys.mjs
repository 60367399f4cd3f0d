// Passkeys: a form with data-passkey holds the server's question; the browser's answer goes into its hidden field.
import { browserSupportsWebAuthn, startAuthentication, startRegistration } from "@simplewebauthn/browser";

const ACTS = { add: startRegistration, use: startAuthentication };

function start(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  const sentence = problem.textContent;
  problem.textContent = "";
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await ACTS[form.dataset.passkey]({ optionsJSON: JSON.parse(form.dataset.options) });
      form.elements.answer.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      // She closed the browser's question, or the device has no passkey for us.
      console.info("passkey not used", error.name);
      problem.hidden = false;
      problem.textContent = sentence;
      button.disabled = false;
      button.focus();
    }
  });
}

if (browserSupportsWebAuthn()) document.querySelectorAll("form[data-passkey]").forEach(start);
