import { dtypes, numbers, type DType, type DTypes } from "../dtype.js";
import { DTypeError, ShapeError } from "../errors.js";
import type { Primitive, Sample } from "../primitive.js";
import { draw, reals, values, type Range } from "../samples.js";
import { contiguousStrides, formatShape, sizeOf, type Shape } from "../shape.js";
import { forEachRow, rowLengthOf } from "../strided.js";

/** `axes`: the axes to reduce, in ascending order; they are removed from the shape. */
export interface ReductionAttributes {
  readonly axes: readonly number[];
}

/** Combines elements along some axes. */
export interface Reduction<D extends DType = DType> extends Primitive<ReductionAttributes, "reduction"> {
  /** The element types it computes on; the caller casts others. */
  readonly accepts: DTypes<D>;
  /** The result over no elements; `null` if there is none, and an empty reduction throws. */
  readonly initial: number | null;
}

interface ReductionRow<D extends DType> {
  readonly combine: (total: number, x: number) => number;
  readonly combineIntegers?: (total: number, x: number) => number;
  readonly initial: number | null;
  readonly accepts: DTypes<D>;
}

export const sum = reduction("sum", {
  combine: (total, x) => total + x,
  // Int32 sums wrap around at every step, so the order of additions does not matter.
  combineIntegers: (total, x) => (total + x) | 0,
  initial: 0,
  accepts: numbers,
});

export const prod = reduction("prod", {
  combine: (total, x) => total * x,
  combineIntegers: Math.imul,
  initial: 1,
  accepts: numbers,
});

export const max = reduction("max", {
  combine: Math.max,
  initial: null,
  accepts: dtypes,
});

/** Running totals along one axis. */
export const cumsum: Primitive<{ readonly axis: number }, "cumulative"> = {
  name: "cumsum",
  kind: "cumulative",
  arity: 1,

  shape([x], { axis }) {
    checkAxes("cumsum", [axis], x.shape);
    return x.shape;
  },
  dtype: ([x]) => acceptOnly("cumsum", x.dtype, numbers),
  reference([x], { axis }, output) {
    const stride = contiguousStrides(x.shape)[axis];
    const length = x.shape[axis];
    for (let start = 0; start < x.data.length; start += stride * length) {
      for (let lane = start; lane < start + stride; lane++) {
        let total = 0;
        for (let i = 0; i < length; i++) {
          total += x.data[lane + i * stride];
          output.data[lane + i * stride] = total;
        }
      }
    }
  },
};

/** The formulas and the samples. */
export const reductionDescriptions = {
  sum: { formula: "Σ x, over some axes", samples: () => samplesOf(sum, reals(-2, 2)) },
  prod: { formula: "Π x, over some axes", samples: () => samplesOf(prod, reals(0.4, 2)) },
  max: {
    formula: "the largest x; NaN if any is, over some axes",
    samples: () => samplesOf(max, reals(-2, 2)),
  },
  cumsum: {
    formula: "yᵢ = x₀ + … + xᵢ along one axis",
    samples: () => [
      { inputs: [draw([5], reals(-2, 2))], attributes: { axis: 0 } },
      { inputs: [draw([2, 3, 2], reals(-2, 2))], attributes: { axis: 1 } },
      { inputs: [draw([3, 1], reals(-2, 2))], attributes: { axis: 1 } },
      { inputs: [draw([0, 2], reals(-2, 2))], attributes: { axis: 0 } },
      { inputs: [values("int32", [4], [5, -7, 2, 9])], attributes: { axis: 0 } },
    ],
  },
};

/** Throws a ShapeError if a reduction that has no result over no elements would have to return one. */
export function checkNotEmpty(called: string, shape: Shape, axes: readonly number[]): void {
  if (sizeOf(shape) > 0 || sizeOf(reducedShape(shape, axes)) === 0) return;
  throw new ShapeError(
    called,
    `got the shape ${formatShape(shape)}, which has no elements along the axes ${formatShape(axes)}; expected at least 1`,
  );
}

/** The shape without the given axes. */
function reducedShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.filter((_, axis) => !axes.includes(axis));
}

function reduction<D extends DType>(name: string, row: ReductionRow<D>): Reduction<D> {
  return {
    name,
    kind: "reduction",
    arity: 1,
    accepts: row.accepts,
    initial: row.initial,
    shape([x], { axes }) {
      checkAxes(name, axes, x.shape);
      const shape = reducedShape(x.shape, axes);
      if (row.initial === null) checkNotEmpty(name, x.shape, axes);
      return shape;
    },
    dtype: ([x]) => acceptOnly(name, x.dtype, row.accepts),
    reference([x], { axes }, output) {
      const combine = x.dtype === "int32" ? (row.combineIntegers ?? row.combine) : row.combine;
      const strides = contiguousStrides(x.shape);
      const reduced = offsetsOf(
        axes.map((axis) => x.shape[axis]),
        axes.map((axis) => strides[axis]),
      );
      const kept = offsetsOf(
        reducedShape(x.shape, axes),
        strides.filter((_, axis) => !axes.includes(axis)),
      );
      for (let i = 0; i < kept.length; i++) {
        let total = row.initial ?? -Infinity;
        for (const offset of reduced) total = combine(total, x.data[kept[i] + offset]);
        output.data[i] = total;
      }
    },
  };
}

/** The offset of each element of a strided block, in row-major order. */
function offsetsOf(shape: Shape, strides: readonly number[]): Int32Array {
  const offsets = new Int32Array(sizeOf(shape));
  const rowLength = rowLengthOf(shape);
  const stride = strides.at(-1) ?? 0;
  forEachRow(shape, { offset: 0, strides }, (start, offset) => {
    for (let i = 0; i < rowLength; i++) offsets[start + i] = offset + i * stride;
  });
  return offsets;
}

function checkAxes(name: string, axes: readonly number[], shape: Shape): void {
  const rising = axes.every((axis, i) => Number.isInteger(axis) && axis > (axes[i - 1] ?? -1));
  if (!rising || (axes.at(-1) ?? -1) >= shape.length) {
    throw new ShapeError(name, `got the axes ${formatShape(axes)} for the shape ${formatShape(shape)}`);
  }
}

function acceptOnly(name: string, dtype: DType, accepts: readonly DType[]): DType {
  if (accepts.includes(dtype)) return dtype;
  throw new DTypeError(
    name,
    `got ${dtype}; expected ${accepts.join(", ")}`,
    'Cast with x.cast("int32") or another type',
  );
}

function samplesOf({ initial, accepts }: Reduction, range: Range): Sample<ReductionAttributes>[] {
  return [
    { inputs: [draw([], range)], attributes: { axes: [] } },
    { inputs: [draw([5], range)], attributes: { axes: [0] } },
    { inputs: [draw([2, 3, 4], range)], attributes: { axes: [1] } },
    { inputs: [draw([2, 3, 4], range, 1)], attributes: { axes: [0, 2] } },
    { inputs: [draw([3, 1, 2], range)], attributes: { axes: [1] } },
    { inputs: [draw([2, 3], range)], attributes: { axes: [0, 1] } },
    { inputs: [draw([0, 2], range)], attributes: { axes: [1] } },
    ...(initial === null ? [] : [{ inputs: [draw([0, 2], range)], attributes: { axes: [0] } }]),
    { inputs: [values("int32", [2, 3], [4, -2, 9, 7, 1, -8])], attributes: { axes: [1] } },
    ...(accepts.includes("bool")
      ? [{ inputs: [values("bool", [2, 2], [0, 1, 0, 0])], attributes: { axes: [1] } }]
      : []),
  ];
}
