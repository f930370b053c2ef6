import type { StepExplanation } from "@stargrad/explain";

import { percent, short } from "../terminal/text.js";

/** What turning all knobs once did to the mistake. */
export interface Credit {
  /** What back-propagation predicted: −Σ blame · turn. */
  readonly promise: number;
  /** What it really gained, measured knob by knob along the way and added up. */
  readonly paid: number;
  /** What the mistake changed beyond that: the error of the account. */
  readonly unexplained: number;
  /** Σ |paid|: all that was gained and all that was lost. */
  readonly moved: number;
  /** How many knobs made the mistake smaller. */
  readonly helped: number;
  /** Of how many. */
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

/** Promise and paid compared; `excuse` is for a try that made things worse. */
export function paidWords(credit: Credit, excuse: string): string {
  const { promise, paid, helped, knobs, unexplained, moved } = credit;
  const rest = `Unexplained: ${percent(unexplained === 0 ? 0 : Math.abs(unexplained) / moved, 2)}.`;
  const voices = `${helped} of ${knobs} knobs helped.`;
  if (paid <= 0) return `The mistake grew by ${short(-paid)}; ${voices} ${excuse} ${rest}`;
  return `Paid ${short(paid)}${compared(paid, promise)}; ${voices} ${rest}`;
}

function compared(paid: number, promise: number): string {
  if (promise <= 0) return " all the same";
  return paid >= promise ? ", even more than promised" : `, ${percent(paid / promise)} of the promise`;
}
