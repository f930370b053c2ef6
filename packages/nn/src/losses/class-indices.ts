import { ArgumentError, IndexError, knownData, where, type Tensor } from "@stargrad/tensor";
import { expectShape } from "../shapes.js";

/** How the classes of a batch count. */
interface ClassOptions {
  readonly weight?: Tensor;
  readonly ignoreIndex: number;
}

/** Where the classes stand in [N, C, …] or [C]. */
export function classAxis(scores: Tensor): 0 | 1 {
  return scores.ndim === 1 ? 0 : 1;
}

/**
 * What stands at each item's class, times the weight of that class, and 0 for the items that are ignored; with it which
 * items count and what they weigh.
 */
export function pickClasses(
  scores: Tensor,
  target: Tensor,
  { weight, ignoreIndex }: ClassOptions,
): { readonly picked: Tensor; readonly counted: Tensor; readonly weights: Tensor } {
  const axis = classAxis(scores);
  const counted = target.notEqual(ignoreIndex); // [N, …]
  // What is ignored looks up class 0 and is set to 0 afterwards: nothing is ever read at −100.
  const index = where(counted, target, 0);
  const weights = weight === undefined ? counted.cast(scores.dtype) : where(counted, weight.take(index), 0);
  const picked = scores.gather(index.unsqueeze(axis), { axis }).squeeze(axis).mul(weights);
  return { picked: where(counted, picked, 0), counted, weights };
}

/** Throws unless there is a weight for each class, if there are any, and the ignored class is a whole number. */
export function checkClassOptions(
  called: string,
  { weight, ignoreIndex = 0 }: { readonly weight?: Tensor; readonly ignoreIndex?: number },
  classes: number,
): void {
  if (weight !== undefined) {
    const fits = weight.ndim === 1 && weight.size === classes;
    expectShape(called, weight, fits, `a weight for each of the ${classes} classes, [${classes}]`);
  }
  if (!Number.isInteger(ignoreIndex)) {
    throw new ArgumentError(called, `got ignoreIndex ${ignoreIndex}; expected a whole number`);
  }
}

/** Checks class indices whose values are known already; the others are checked by the engine. */
export function checkClasses(called: string, target: Tensor, classes: number, ignoreIndex: number): void {
  for (const [position, index] of knownData(target)?.entries() ?? []) {
    if (index === ignoreIndex || (index >= 0 && index < classes)) continue;
    throw new IndexError(
      called,
      `got the class ${index} at position ${position}; expected 0 to ${classes - 1}, or ${ignoreIndex} to ignore it`,
    );
  }
}
