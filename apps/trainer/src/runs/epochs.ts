import type { DataLoader } from "@stargrad/datasets";
import type { EpochEvent } from "@stargrad/train";

import type { Milestone } from "./kept-run.js";

/** What is logged of an epoch, and what the best one is chosen by: the loss of the examples that are held out. */
export function epochMilestone({
  epoch,
  loss,
  metrics,
  validation,
  seconds,
}: EpochEvent<"accuracy">): Milestone {
  const heldOut =
    validation === undefined
      ? {}
      : { heldOutLoss: validation.loss, heldOutAccuracy: validation.metrics.accuracy };
  return {
    at: epoch,
    figures: { loss, accuracy: metrics.accuracy, ...heldOut, seconds },
    score: validation?.loss ?? loss,
  };
}

/** Where a run is, in words: "epoch 2", "epoch 2 and 17 steps". */
export function placeIn(loader: Pick<DataLoader<unknown>, "epoch" | "state">): string {
  const { epoch, position } = loader.state();
  const steps = position === 0 ? "" : ` and ${position} ${position === 1 ? "step" : "steps"}`;
  return epoch === 0 && position > 0 ? steps.slice(" and ".length) : `epoch ${epoch}${steps}`;
}
