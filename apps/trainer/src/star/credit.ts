import type { StepExplanation } from "@stargrad/explain";

import { percent, short } from "../terminal/text.js";

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

export function promiseWords({ promise, knobs }: Credit): string {
  const outlook = `mistake ${promise > 0 ? "down" : "up"} by ${short(Math.abs(promise))}`;
  return `All ${knobs} turns together promise: ${outlook}.`;
}

/** Compares promise and paid. `causeOfGrowth` explains a try that made the loss larger. */
export function paidWords(credit: Credit, causeOfGrowth: string): string {
  const { promise, paid, helped, knobs, unexplained, moved } = credit;
  const rest = `Unexplained: ${percent(unexplained === 0 ? 0 : Math.abs(unexplained) / moved, 2)}.`;
  const count = `${helped} of ${knobs} knobs helped.`;
  if (paid <= 0) return `The mistake grew by ${short(-paid)}; ${count} ${causeOfGrowth} ${rest}`;
  return `Paid ${short(paid)}${compared(paid, promise)}; ${count} ${rest}`;
}

function compared(paid: number, promise: number): string {
  if (promise <= 0) return " all the same";
  return paid >= promise ? ", even more than promised" : `, ${percent(paid / promise)} of the promise`;
}
