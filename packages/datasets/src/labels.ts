import { ArgumentError, Tensor } from "@stargrad/tensor";
import { expectList } from "@stargrad/tensor/internal";

import { valuesOf } from "./values-of.js";

/** The class of each item. */
export type Labels = Tensor | Iterable<number | string>;

/**
 * Numbers the classes from 0, in the order in which they first occur.
 *
 * Throws: ArgumentError unless there are `expected` labels, each a number or a text
 */
export function classesOf(
  called: string,
  labels: Labels,
  expected?: number,
): { readonly classes: Int32Array; readonly counts: readonly number[] } {
  const isTensor = labels instanceof Tensor;
  if (isTensor && labels.ndim !== 1) {
    throw new ArgumentError(called, `got labels of shape [${labels.shape.join(", ")}]; expected [N]`);
  }
  const list = isTensor ? [...valuesOf(labels)] : expectList(called, labels, "labels");
  if (expected !== undefined && list.length !== expected) {
    throw new ArgumentError(called, `got ${list.length} labels for ${expected} items`);
  }
  const wrong = list.findIndex((label) => typeof label !== "string" && !Number.isFinite(label));
  if (wrong >= 0) {
    throw new ArgumentError(
      called,
      `got the label ${String(list[wrong])} of item ${wrong}; expected a number or a text`,
    );
  }
  const numbers = new Map<unknown, number>();
  const counts: number[] = [];
  const classes = Int32Array.from(list, (label) => {
    const number = numbers.get(label) ?? numbers.size;
    numbers.set(label, number);
    counts[number] = (counts[number] ?? 0) + 1;
    return number;
  });
  return { classes, counts };
}
