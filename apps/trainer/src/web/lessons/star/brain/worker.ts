import { BrainRun } from "../../../../star/brain/runs.js";
import { serveTries } from "../serve-tries.js";
import type { BrainTypes, MoreQuestions } from "./messages.js";

serveTries<BrainTypes, BrainRun, MoreQuestions>(
  (settings, from) => new BrainRun(settings, from),
  (found) => ({ trace: ({ run, try: number, square }) => found(run).trace(number, square) }),
);
