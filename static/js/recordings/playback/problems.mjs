// What does not fit together, said plainly. Nothing plays as if it were whole before somebody has read it.
import { sentence } from "../trouble.mjs";

const ONLY_TOLD = new Set(["recovered", "not-closed", "refused-audio", "refused-video"]); // nothing is missing in the files

export class Problems {
  constructor(part) {
    this.part = part;
    this.list = part.one("problem-list");
  }

  add(who, problem) {
    const item = document.createElement("li");
    item.textContent = (who ? `${who}: ` : "") + sentence(this.part.texts, problem);
    this.list.append(item);
    this.part.one("problems").hidden = false;
    if (!ONLY_TOLD.has(problem.code)) this.part.one("incomplete").hidden = false;
  }

  // Resolves once somebody has chosen to play what is whole, or at once if all is well.
  consent(serious) {
    if (!serious) return Promise.resolve();
    const button = this.part.one("rescue");
    button.hidden = false;
    return new Promise((resolve) => {
      button.addEventListener("click", () => {
        button.hidden = true;
        resolve();
      });
    });
  }

  static serious(problems) {
    return problems.some((one) => !ONLY_TOLD.has(one.code));
  }
}
