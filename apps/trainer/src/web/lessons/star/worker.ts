import { PenRun } from "../../../star/pen/runs.js";
import type { PenTypes } from "./messages.js";
import { serveTries } from "./serve-tries.js";

serveTries<PenTypes, PenRun>((settings, from) => new PenRun(settings, from));
