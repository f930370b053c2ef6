import { IndexError, knownData, sameShape, where, type Tensor } from "@stargrad/tensor";
import { expectShape } from "../shapes.js";

/** The weights of the classes, and the class that is ignored. */
interface ClassOptions {
  readonly weight?: Tensor;
  readonly ignoreIndex: number;
}

/** The axis of the classes in [N, C, …] or [C]. */
export function classAxis(scores: Tensor): 0 | 1 {
  return scores.ndim === 1 ? 0 : 1;
}

/**
 * `picked` is each item's score of its class times the weight of that class, and 0 for ignored items. `counted` is false for
 * ignored items; `weights` is each item's weight.
 */
export function pickClasses(
  scores: Tensor,
  target: Tensor,
  { weight, ignoreIndex }: ClassOptions,
): { readonly picked: Tensor; readonly counted: Tensor; readonly weights: Tensor } {
  const axis = classAxis(scores);
  const counted = target.notEqual(ignoreIndex); // [N, …]
  // Ignored items look up class 0 and are set to 0 afterwards, so the index −100 is never read.
  const index = where(counted, target, 0);
  const weights = weight === undefined ? counted.cast(scores.dtype) : where(counted, weight.take(index), 0);
  const picked = scores.gather(index.unsqueeze(axis), { axis }).squeeze(axis).mul(weights);
  return { picked: where(counted, picked, 0), counted, weights };
}

/** What to try if the classes of scores [N, …, C] are the last axis, as a target [N, …] tells; undefined if it does not. */
export function classesLastHint(scores: Tensor, target: Tensor): string | undefined {
  const isLast = scores.ndim > 2 && sameShape(target.shape, scores.shape.slice(0, -1));
  if (!isLast) return undefined;
  const order = [0, scores.ndim - 1, ...scores.shape.slice(1, -1).map((_, i) => i + 1)];
  return `The classes are axis 1; move them there with x.permute([${order.join(", ")}])`;
}

/** Throws a ShapeError unless the weight, if given, has one element for each class. */
export function checkClassWeight(called: string, weight: Tensor | undefined, classes: number): void {
  if (weight === undefined) return;
  const fits = weight.ndim === 1 && weight.size === classes;
  expectShape(called, weight, fits, `a weight for each of the ${classes} classes, [${classes}]`);
}

/** Checks class indices whose values are already materialized; the engine checks the others. */
export function checkClasses(called: string, target: Tensor, classes: number, ignoreIndex: number): void {
  for (const [position, index] of knownData(target)?.entries() ?? []) {
    if (index === ignoreIndex || (index >= 0 && index < classes)) continue;
    throw new IndexError(
      called,
      `got the class ${index} at position ${position}; expected 0 to ${classes - 1}, or ${ignoreIndex} to ignore it`,
    );
  }
}
