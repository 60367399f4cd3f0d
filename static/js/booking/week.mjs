// The hours of a week as a grid to paint in. The fields stay the truth: the grid reads them and writes them.
const DAY = 288; // quanta of five minutes
const FIRST = 7 * 12;
const LAST = 21 * 12;

const two = (number) => String(number).padStart(2, "0");
const clock = (at) => `${two(Math.floor(at / 12))}:${two((at % 12) * 5)}`;

/** Which quanta "09:00-12:30, 13:30-17:00" covers; null if it cannot be read. */
export function read(text) {
  const taken = new Uint8Array(DAY);
  for (const part of text.replaceAll("–", "-").split(/[,;\n]/)) {
    if (!part.trim()) continue;
    const match = /^\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*$/.exec(part);
    if (!match) return null;
    const [starts, ends] = [match[1] * 12 + match[2] / 5, match[3] * 12 + match[4] / 5];
    if (!Number.isInteger(starts) || !Number.isInteger(ends) || starts >= ends || ends > DAY) return null;
    taken.fill(1, starts, ends);
  }
  return taken;
}

/** The quanta as text, in as few windows as can be. */
export function write(taken) {
  const windows = [];
  for (let at = 0; at < DAY; at += 1) {
    if (!taken[at]) continue;
    const starts = at;
    while (at < DAY && taken[at]) at += 1;
    windows.push(`${clock(starts)}-${clock(at)}`);
  }
  return windows.join(", ");
}

export function startWeek(form) {
  const step = Number(form.dataset.step) / 5;
  const fields = [...form.querySelectorAll(".app-week input")];
  const names = fields.map((field) => form.querySelector(`label[for="${field.id}"]`).textContent.trim().replace(/\s+/g, " "));
  let days = fields.map((field) => read(field.value) ?? new Uint8Array(DAY));
  const covered = days.flatMap((day) => [day.indexOf(1), day.lastIndexOf(1) + 1]).filter((at) => at > 0);
  const first = Math.min(FIRST, ...covered.map((at) => Math.floor(at / 12) * 12));
  const last = Math.max(LAST, ...covered.map((at) => Math.ceil(at / 12) * 12));
  const table = document.createElement("table");
  table.className = "app-grid";
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", form.dataset.legend);
  table.setAttribute("aria-multiselectable", "true");
  const head = table.createTHead().insertRow();
  head.append(document.createElement("td"), ...names.map((name) => header(name.slice(0, 3), name, "col")));
  const body = table.createTBody();
  const cells = [];
  for (let at = first; at < last; at += step) {
    const row = body.insertRow();
    row.append(header(at % 12 ? "" : clock(at), clock(at), "row"));
    cells.push(
      names.map((name, day) => {
        const cell = row.insertCell();
        cell.setAttribute("role", "gridcell");
        cell.tabIndex = -1;
        cell.dataset.at = at;
        cell.dataset.day = day;
        cell.setAttribute("aria-label", `${name} ${clock(at)}`);
        return cell;
      }),
    );
  }
  cells[Math.min(4, cells.length - 1)][0].tabIndex = 0;

  function show() {
    for (const cell of cells.flat()) {
      const from = Number(cell.dataset.at);
      const part = days[cell.dataset.day].subarray(from, from + step);
      const count = part.reduce((sum, one) => sum + one, 0);
      cell.setAttribute("aria-selected", String(count === step));
      cell.toggleAttribute("data-part", count > 0 && count < step);
    }
  }

  function paint(cell, on) {
    const from = Number(cell.dataset.at);
    const day = Number(cell.dataset.day);
    days[day].fill(on ? 1 : 0, from, from + step);
    fields[day].value = write(days[day]);
    show();
  }

  function move(row, column) {
    const target = cells[Math.max(0, Math.min(cells.length - 1, row))][Math.max(0, Math.min(6, column))];
    table.querySelector('[tabindex="0"]').tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
    return target;
  }

  const chosen = (cell) => cell.getAttribute("aria-selected") === "true";
  let painting = null;
  table.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest("[role=gridcell]");
    if (!cell || event.button) return;
    painting = !chosen(cell);
    event.target.releasePointerCapture?.(event.pointerId);
    paint(cell, painting);
    move(cells.findIndex((row) => row.includes(cell)), Number(cell.dataset.day));
    event.preventDefault();
  });
  table.addEventListener("pointerover", (event) => {
    const cell = event.target.closest("[role=gridcell]");
    if (cell && painting !== null && event.buttons) paint(cell, painting);
  });
  document.addEventListener("pointerup", () => { painting = null; });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[role=gridcell]");
    if (!cell) return;
    const row = cells.findIndex((one) => one.includes(cell));
    const column = Number(cell.dataset.day);
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -7], End: [0, 7] };
    if (event.key === " " || event.key === "Enter") {
      paint(cell, !chosen(cell));
    } else if (steps[event.key]) {
      const on = chosen(cell);
      const target = move(row + steps[event.key][0], column + steps[event.key][1]);
      if (event.shiftKey) paint(target, on);
    } else {
      return;
    }
    event.preventDefault();
  });
  for (const [day, field] of fields.entries()) {
    field.addEventListener("input", () => {
      const taken = read(field.value);
      if (taken) {
        days = days.map((one, at) => (at === day ? taken : one));
        show();
      }
    });
  }
  show();
  form.querySelector(".app-week").after(table);
}

function header(text, name, scope) {
  const cell = document.createElement("th");
  cell.scope = scope;
  const shown = document.createElement("span");
  shown.setAttribute("aria-hidden", "true");
  shown.textContent = text;
  const spoken = document.createElement("span");
  spoken.className = "nhsuk-u-visually-hidden";
  spoken.textContent = name;
  cell.append(shown, spoken);
  return cell;
}
