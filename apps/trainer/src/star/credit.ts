import type { StepExplanation } from "@stargrad/explain";

import { percent, short, thousands } from "../words/numbers.js";
import { linked, say, type Rich } from "../words/rich.js";

/** The effect of one step of all knobs on the loss (the "mistake"). */
export interface Credit {
  /** The predicted decrease: −Σ gradient · step over all knobs. */
  readonly promise: number;
  /** The actual decrease, measured for each knob along the step and summed. */
  readonly paid: number;
  /** The rest of the change of the loss: the error of the quadrature. */
  readonly unexplained: number;
  /** Σ |paid| over all knobs. */
  readonly moved: number;
  /** How many knobs decreased the loss. */
  readonly helped: number;
  /** The number of knobs. */
  readonly knobs: number;
}

export function creditOf(step: StepExplanation): Credit {
  const { promise, paid, unexplained, moved, helped, parameters } = step;
  const knobs = [...parameters.values()].reduce((count, credit) => count + credit.paid.length, 0);
  return { promise, paid, unexplained, moved, helped, knobs };
}

export function promiseWords({ promise, knobs }: Pick<Credit, "promise" | "knobs">): Rich {
  const outlook = `mistake ${promise > 0 ? "down" : "up"} by ${short(Math.abs(promise))}`;
  return say`All ${thousands(knobs)} turns together promise: ${linked(outlook, "promise", "promise")}.`;
}

/** The same, and why a promise can be below zero. */
export function promiseStory(credit: Pick<Credit, "promise" | "knobs">): Rich {
  return say`${promiseWords(credit)}${uphill(credit)}`;
}

export function uphill({ promise }: Pick<Credit, "promise">): string {
  return promise > 0 ? "" : " The knobs still roll on from earlier turns, and here the way already rises.";
}

/** The part of the change that stayed unexplained, as a percentage. */
export function unexplainedShare({ unexplained, moved }: Credit): string {
  return percent(unexplained === 0 ? 0 : Math.abs(unexplained) / moved, 2);
}

/** Compares promise and paid. `causeOfGrowth` explains a try that made the loss larger. */
export function paidWords(credit: Credit, causeOfGrowth: string): Rich {
  const { promise, paid, helped, knobs } = credit;
  const rest = `Unexplained: ${unexplainedShare(credit)}.`;
  const count = say`${linked(`${thousands(helped)} of ${thousands(knobs)} knobs`, "knobs", "helped")} helped.`;
  if (paid <= 0) {
    return say`The mistake ${linked(`grew by ${short(-paid)}`, "paid", "hurt")}; ${count} ${causeOfGrowth} ${rest}`;
  }
  return say`${linked(`Paid ${short(paid)}`, "paid", "helped")} off the mistake${compared(paid, promise)}; ${count} ${rest}`;
}

function compared(paid: number, promise: number): Rich {
  if (promise <= 0) return say`, though the ${linked("promise was a rise", "promise", "promise")}`;
  if (paid >= promise) return say`, even ${linked("more than promised", "promise", "promise")}`;
  return say`, ${linked(`${percent(paid / promise)} of the promise`, "promise", "promise")}`;
}
