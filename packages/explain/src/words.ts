import type { StepExplanation, WeightCredit } from "./credit.js";

/** The reader of a sentence. The numbers are the same for all. */
export type Level = "kid" | "student" | "maths";

/** Describes the credit of one weight in a sentence. */
export function describeWeight(credit: WeightCredit, level: Level = "student"): string {
  const { parameter, index, blame, change, promise, paid } = credit;
  const weight = nameOf(parameter, index);
  const turned = change === 0 ? "left alone" : change > 0 ? "turned up" : "turned down";
  switch (level) {
    case "kid":
      if (change === 0) return `${weight}: nobody touched this knob.`;
      return `${weight}: we ${turned} this knob by ${digits(Math.abs(change))}. ${verdict(promise, paid)}`;
    case "student":
      return `${weight}: ${turned} by ${digits(Math.abs(change))}; promised ${digits(promise)}, paid ${digits(paid)}`;
    case "maths":
      return `${weight}: g = ${digits(blame)}, Δw = ${digits(change)}, −g·Δw = ${digits(promise)}, −∫g dw = ${digits(paid)}`;
  }
}

/** Describes the effect of the whole step in a sentence. */
export function describeStep(step: StepExplanation, level: Level = "student"): string {
  const { lossBefore, lossAfter, gain, promise, paid, unexplained } = step;
  switch (level) {
    case "kid":
      return gain > 0
        ? `The mistake went from ${digits(lossBefore, 4)} down to ${digits(lossAfter, 4)}. The turns had promised ${digits(promise)} and paid ${digits(paid)}.`
        : `The mistake went from ${digits(lossBefore, 4)} up to ${digits(lossAfter, 4)}: we rolled past it. The turns had promised ${digits(promise)}.`;
    case "student":
      return `loss ${digits(lossBefore, 4)} → ${digits(lossAfter, 4)}: promised ${digits(promise)}, paid ${digits(paid)}, unexplained ${digits(unexplained)}`;
    case "maths":
      return `L: ${digits(lossBefore, 4)} → ${digits(lossAfter, 4)}; −g·Δw = ${digits(promise)}; −∫g·dw = ${digits(paid)}; rest ${digits(unexplained)} (${step.gradients} gradients)`;
  }
}

/** `layer 2, weight [3, 7]` for element [3, 7] of the parameter `2.weight`. */
function nameOf(parameter: string, index: readonly number[]): string {
  const path = parameter.split(".");
  const name = path.pop() ?? "";
  const layer = path.join(".");
  const owner = layer === "" ? "" : `${/^\d/.test(layer) ? "layer " : ""}${layer}, `;
  return `${owner}${name}${index.length === 0 ? "" : ` [${index.join(", ")}]`}`;
}

function verdict(promise: number, paid: number): string {
  if (paid < 0) return `It promised ${digits(promise)} but made things worse by ${digits(-paid)}.`;
  return `It promised ${digits(promise)} and paid ${digits(paid)}.`;
}

/** Two significant digits are enough to compare numbers. A loss takes four, so that small changes are visible. */
function digits(value: number, count = 2): string {
  return String(Number(value.toPrecision(count))).replaceAll("-", "−");
}
