import { unexplainedShare } from "../../../star/credit.js";
import type { Scene } from "../../../star/pen/scene.js";
import type { End } from "../../../star/runs.js";
import { decimal, percent, short } from "../../../words/numbers.js";
import type { RunView } from "../../lesson.svelte.js";
import type { StageId } from "../../stages.js";
import { strokeOf } from "./figures/paper.js";

/** What the picture of a stage shows, for a reader of the screen. */
export function pictureLabel(scene: Scene, stage: StageId, chosen: string): string {
  const { attempt, worst, piles, step } = scene;
  const stroke = strokeOf(chosen) ?? 1;
  if (stage === "goal") return "The goal: a dotted star of ten numbered corners, which can be moved";
  if (stage === "attempt")
    return `Ten strokes drawn one after the other over a pale goal; stroke ${stroke} is blue`;
  if (stage === "mistake")
    return `An arrow from each drawn corner to its goal; corner ${worst + 1} misses most, by ${percent(attempt.misses[worst], 1)}`;
  if (stage === "blame")
    return `Notes walk back from corner ${piles.length} to stroke ${stroke}; the stream widens with every note that joins, ${piles[stroke - 1].notes} in all`;
  if (step === null) return "Every corner is where it belongs: a perfect star";
  if (stage === "adjust") return "The try before as a ghost, and the strokes after all 20 turns";
  return `Try ${scene.number + 1} over the ghost of try ${scene.number}; ${step.nearer} of ${attempt.corners.length} corners are nearer to their goals`;
}

export const runState = {
  promised: ({ adjustment }: Scene) => (adjustment === null ? "" : `${short(adjustment.promise)} promised`),
  paid: ({ adjustment }: Scene) =>
    adjustment === null ? "" : `${adjustment.paid > 0 ? "▲" : "▼"} ${short(adjustment.paid)}`,
  unexplained: ({ adjustment }: Scene) => (adjustment === null ? "" : unexplainedShare(adjustment)),
  mistake: ({ attempt }: Scene) => decimal(attempt.mistake, 5),
  sentence: ({ mistakes, end, first, last }: RunView<object, End>): string => {
    if (mistakes.length === 0) return "No try yet";
    const fall = `${mistakes.length} tries, from ${short(mistakes[0])} in try ${first} to ${short(mistakes[mistakes.length - 1])} in try ${last}`;
    return end?.kind === "perfect" ? `${fall}, which is perfect` : fall;
  },
};
