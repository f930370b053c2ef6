import { DTypeError, formatShape, sameShape, ShapeError, type Tensor } from "@stargrad/tensor";

export { expectFloat } from "@stargrad/tensor/internal";

/** Throws a ShapeError unless `fits`; `expected` describes the shapes that fit. */
export function expectShape(called: string, x: Tensor, fits: boolean, expected: string): void {
  if (!fits) throw new ShapeError(called, `got ${formatShape(x.shape)}; expected ${expected}`);
}

/** Throws a ShapeError unless x has these axes; negative ones count from the end. */
export function expectAxes(called: string, x: Tensor, axes: readonly number[]): void {
  const least = Math.max(...axes.map((axis) => (axis < 0 ? -axis : axis + 1)));
  expectShape(called, x, x.ndim >= least, `at least ${least} ${least === 1 ? "axis" : "axes"}`);
}

/** Throws a ShapeError unless prediction and target have the same shape. Broadcasting them would hide a mistake. */
export function expectSameShape(called: string, prediction: Tensor, target: Tensor): void {
  if (sameShape(prediction.shape, target.shape)) return;
  throw new ShapeError(
    called,
    `got ${formatShape(prediction.shape)} and the target ${formatShape(target.shape)}; expected one shape`,
    "A loss does not broadcast; reshape one of them",
  );
}

/** Throws a ShapeError unless a weight can be expanded to the shape of x. */
export function expectBroadcast(called: string, name: string, weight: Tensor, x: Tensor): void {
  const fits = weight.shape.every((length, axis) => {
    const wanted: number | undefined = x.shape[axis - weight.ndim + x.ndim];
    return length === 1 || length === wanted;
  });
  if (fits && weight.ndim <= x.ndim) return;
  throw new ShapeError(
    called,
    `got ${name} ${formatShape(weight.shape)}; expected a shape that broadcasts to ${formatShape(x.shape)}`,
  );
}

/** Throws a DTypeError unless a tensor that is used as indices holds whole numbers. */
export function expectIndices(called: string, name: string, x: Tensor): void {
  if (x.dtype === "int32") return;
  throw new DTypeError(called, `got ${name} of ${x.dtype}; expected int32`, 'Cast with x.cast("int32")');
}
