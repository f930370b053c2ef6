import type { Credit } from "@stargrad/explain";

import { percent } from "../words/numbers.js";
import type { ExplanationEvent } from "./explanations.js";

/**
 * Formats the explanation of a step: one line for the whole step and, in the same columns, one line for each layer. All
 * numbers have four decimals, so that readers can add them up.
 */
export function explanationLines({ step, steps, explanation }: ExplanationEvent): string[] {
  const { lossBefore, lossAfter, unexplainedShare } = explanation;
  const label = `step ${String(step).padStart(String(steps).length)}  `;
  const loss = `loss ${decimal(lossBefore)} → ${decimal(lossAfter)}`;
  return [
    `${label}${loss}  ${columns(explanation)}  unexplained ${percent(unexplainedShare, 2)}`,
    ...[...explanation.byLayer()].map(
      ([layer, credit]) =>
        `${" ".repeat(label.length)}${`layer ${layer}`.padEnd(loss.length)}  ${columns(credit)}`,
    ),
  ];
}

function columns({ promise, paid }: Credit): string {
  return `promise ${decimal(promise).padStart(7)}  paid ${decimal(paid).padStart(7)}`;
}

function decimal(value: number): string {
  return value.toFixed(4).replace("-", "−");
}
