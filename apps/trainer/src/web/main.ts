import "./styles/tokens.css";
import "./styles/page.css";

import { load } from "./lessons/load.js";
import { startWorker } from "./lessons/star/start-worker.js";
import { startEarly } from "./run/early.js";

// This script is small, and asks for everything else at once: the lesson, its worker and the page arrive side by side. The page reads the
// link, and refuses it if it must.
const query = new URLSearchParams(location.search);
const asked = query.get("lesson");
if (asked === "star" && query.get("rung") !== "brain") startEarly(startWorker);
// If it does not arrive, the page says so.
if (asked !== null && Object.hasOwn(load, asked)) load[asked as keyof typeof load]().catch(() => undefined);
void import("./mount.js");
