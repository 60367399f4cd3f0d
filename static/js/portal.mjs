// Enhances plain pages. Everything here also works without it.
import { Button, ErrorSummary, SkipLink, createAll } from "nhsuk-frontend";
import { startExit } from "./exit/exit.mjs";
import { startZone } from "./booking/zone.mjs";
import { sayUnsaid } from "./room/wish.mjs";
import { startSignature } from "./consent/signature.mjs";

document.body.classList.add("js-enabled", "nhsuk-frontend-supported");
createAll(Button, { preventDoubleClick: true });
createAll(ErrorSummary);
createAll(SkipLink);
startExit(document);
startSignature(document);
startZone(document);
sayUnsaid(document);
