// The page of an interviewer's hours.
import { startWeek } from "./booking/week.mjs";

for (const form of document.querySelectorAll("[data-week]")) startWeek(form);
