import { ArgumentError, formatShape, knownData, sameShape, ShapeError, type Tensor } from "@stargrad/tensor";
import { expectFloat } from "../shapes.js";

/** Throws unless all are float vectors of one shape, [N, D] or [D]. */
export function expectVectors(called: string, ...vectors: readonly [Tensor, ...Tensor[]]): void {
  const [first] = vectors;
  for (const x of vectors) expectFloat(called, x);
  if ([1, 2].includes(first.ndim) && vectors.every(({ shape }) => sameShape(shape, first.shape))) return;
  const got = vectors.map(({ shape }) => formatShape(shape)).join(", ");
  throw new ShapeError(called, `got ${got}; expected vectors of one shape, [N, D] or [D]`);
}

/** Throws if an element of a target whose values are already materialized is neither 1 nor −1. */
export function checkSigns(called: string, target: Tensor): void {
  for (const [position, value] of knownData(target)?.entries() ?? []) {
    if (value === 1 || value === -1) continue;
    throw new ArgumentError(called, `got the target ${value} at position ${position}; expected 1 or -1`);
  }
}
