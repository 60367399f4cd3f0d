// Draw a signature by finger, pen or mouse. It is optional: the typed name counts just the same.
// The hidden field gets "600x200;x,y x,y;…": whole numbers in a box of 600 by 200, a semicolon before each line.
const WIDTH = 600;
const HEIGHT = 200;
const MOST_POINTS = 4000;

export function startSignature(document) {
  const pad = document.querySelector("[data-signature]");
  if (!pad) return;
  const field = document.getElementById(pad.dataset.signature);
  const svg = pad.querySelector("svg");
  const clear = pad.querySelector("[data-signature-clear]");
  let lines = [];
  let current = null;
  let points = 0;
  pad.hidden = false;

  const place = (event) => {
    const box = svg.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * WIDTH);
    const y = Math.round(((event.clientY - box.top) / box.height) * HEIGHT);
    return [Math.min(Math.max(x, 0), WIDTH), Math.min(Math.max(y, 0), HEIGHT)];
  };
  const show = () => {
    const path = lines
      .map((line) => (line.length > 1 ? line : [...line, line[0]]))
      .map((line) => `M${line.map((point) => point.join(" ")).join("L")}`)
      .join("");
    svg.querySelector("path").setAttribute("d", path);
    const text = lines.map((line) => line.map((point) => point.join(",")).join(" ")).join(";");
    field.value = lines.length ? `${WIDTH}x${HEIGHT};${text}` : "";
  };
  svg.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    current = [place(event)];
    lines.push(current);
    show();
  });
  svg.addEventListener("pointermove", (event) => {
    if (!current || points > MOST_POINTS) return;
    const [x, y] = place(event);
    const [lastX, lastY] = current[current.length - 1];
    if (Math.hypot(x - lastX, y - lastY) < 3) return;
    current.push([x, y]);
    points += 1;
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (current = null));
  clear.addEventListener("click", () => {
    lines = [];
    points = 0;
    show();
  });
}
