import { numbers } from "../dtype.js";
import { DTypeError, IndexError, ShapeError } from "../errors.js";
import type { HostTensor, Primitive, TensorType } from "../primitive.js";
import { draw, reals, values } from "../samples.js";
import { contiguousStrides, formatShape, sizeOf, type Shape } from "../shape.js";

/** 0, 1, 2, … as a vector of int32. */
export const iota: Primitive<{ readonly size: number }, "indexing"> = {
  name: "iota",
  kind: "indexing",
  arity: 0,

  shape(_inputs, { size }) {
    if (Number.isInteger(size) && size >= 0) return [size];
    throw new ShapeError("iota", `got the size ${size}; expected a whole number of at least 0`);
  },
  dtype: () => "int32",
  reference(_inputs, _attributes, output) {
    for (let i = 0; i < output.data.length; i++) output.data[i] = i;
  },
};

/** Selects elements along one axis, like `torch.gather`: `index` has the shape of the output. */
export const gather: Primitive<{ readonly axis: number }, "indexing"> = {
  name: "gather",
  kind: "indexing",
  arity: 2,

  shape([x, index], { axis }) {
    checkIndexShape("gather", x.shape, index.shape, axis);
    return index.shape;
  },
  dtype([x, index]) {
    checkIndexType("gather", index);
    return x.dtype;
  },
  reference([x, index], { axis }, output) {
    forEachIndexed("gather", index, x.shape, axis, (position, offset) => {
      output.data[position] = x.data[offset];
    });
  },
};

/** The transpose of `gather`: adds each element of x at its index along an axis of `size` zeros. */
export const scatterAdd: Primitive<{ readonly axis: number; readonly size: number }, "accumulation"> = {
  name: "scatterAdd",
  kind: "accumulation",
  arity: 2,

  shape([index, x], { axis, size }) {
    const shape = x.shape.map((length, i) => (i === axis ? size : length));
    checkIndexShape("scatterAdd", shape, index.shape, axis);
    if (index.shape[axis] !== x.shape[axis]) {
      throw new ShapeError(
        "scatterAdd",
        `got the index ${formatShape(index.shape)} for the source ${formatShape(x.shape)}; expected one shape`,
      );
    }
    return shape;
  },
  dtype([index, x]) {
    checkIndexType("scatterAdd", index);
    if (numbers.includes(x.dtype)) return x.dtype;
    throw new DTypeError("scatterAdd", `got ${x.dtype}; expected ${numbers.join(", ")}`);
  },
  reference([index, x], { axis }, output) {
    forEachIndexed("scatterAdd", index, output.shape, axis, (position, offset) => {
      output.data[offset] += x.data[position];
    });
  },
};

/** The indices that sort one axis. The sort is stable; NaN is larger than every number. */
export const argsort: Primitive<{ readonly axis: number; readonly descending: boolean }, "indexing"> = {
  name: "argsort",
  kind: "indexing",
  arity: 1,

  shape([x], { axis }) {
    if (axis >= 0 && axis < x.shape.length) return x.shape;
    throw new ShapeError("argsort", `got axis ${axis} for the shape ${formatShape(x.shape)}`);
  },
  dtype: () => "int32",
  reference([x], { axis, descending }, output) {
    const stride = contiguousStrides(x.shape)[axis];
    const length = x.shape[axis];
    const order = new Int32Array(length);
    for (let start = 0; start < x.data.length; start += stride * length) {
      for (let lane = start; lane < start + stride; lane++) {
        for (let i = 0; i < length; i++) order[i] = i;
        const element = (i: number): number => x.data[lane + i * stride];
        order.sort((i, j) =>
          descending ? compare(element(j), element(i)) : compare(element(i), element(j)),
        );
        for (let i = 0; i < length; i++) output.data[lane + i * stride] = order[i];
      }
    }
  },
};

/** The formulas and the samples. */
export const indexingDescriptions = {
  iota: {
    formula: "yᵢ = i, int32",
    samples: () => [
      { inputs: [], attributes: { size: 5 } },
      { inputs: [], attributes: { size: 1 } },
      { inputs: [], attributes: { size: 0 } },
    ],
  },
  gather: {
    formula: "y[…, i, …] = x[…, index[…, i, …], …] along one axis",
    samples: () => [
      { inputs: [draw([4], reals(-2, 2)), values("int32", [3], [2, 0, 2])], attributes: { axis: 0 } },
      {
        inputs: [draw([3, 2], reals(-2, 2)), values("int32", [2, 2], [2, 0, 0, 0])],
        attributes: { axis: 0 },
      },
      { inputs: [draw([2, 3], reals(-2, 2)), values("int32", [2, 1], [2, 1])], attributes: { axis: 1 } },
      { inputs: [draw([2, 3], reals(-2, 2)), values("int32", [2, 0], [])], attributes: { axis: 1 } },
    ],
  },
  scatterAdd: {
    formula: "y[…, index[…, i, …], …] += x[…, i, …] along one axis, from zeros; inputs: index, x",
    samples: () => [
      {
        inputs: [values("int32", [3], [2, 0, 2]), draw([3], reals(-2, 2))],
        attributes: { axis: 0, size: 4 },
      },
      {
        inputs: [values("int32", [2, 2], [2, 0, 0, 0]), draw([2, 2], reals(-2, 2))],
        attributes: { axis: 0, size: 3 },
      },
      {
        inputs: [values("int32", [2, 1], [2, 1]), draw([2, 1], reals(-2, 2))],
        attributes: { axis: 1, size: 3 },
      },
    ],
  },
  argsort: {
    formula: "the indices that sort x along one axis, stable, NaN as the largest; int32",
    samples: () => [
      { inputs: [draw([6], reals(-2, 2))], attributes: { axis: 0, descending: false } },
      { inputs: [draw([3, 4], reals(-2, 2))], attributes: { axis: 0, descending: true } },
      {
        inputs: [values("int32", [2, 4], [3, 1, 3, 1, 2, 2, 0, 2])],
        attributes: { axis: 1, descending: true },
      },
      { inputs: [draw([3, 1], reals(-2, 2))], attributes: { axis: 1, descending: false } },
      { inputs: [draw([0], reals(-2, 2))], attributes: { axis: 0, descending: false } },
    ],
  },
};

/** Throws an `IndexError` for the first index outside [0, size). */
export function checkIndices(name: string, indices: ArrayLike<number>, size: number): void {
  for (let i = 0; i < indices.length; i++) {
    if (!(indices[i] >= 0 && indices[i] < size)) {
      throw indexError(name, indices[i], i, size);
    }
  }
}

/** The error that every engine throws for an index outside [0, size). */
export function indexError(name: string, index: number, position: number, size: number): IndexError {
  return new IndexError(name, `got the index ${index} at position ${position}; expected 0 to ${size - 1}`);
}

function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b || 0;
}

function checkIndexType(name: string, index: TensorType): void {
  if (index.dtype !== "int32") {
    throw new DTypeError(
      name,
      `the index is ${index.dtype}; expected int32`,
      'Cast it with index.cast("int32")',
    );
  }
}

function checkIndexShape(name: string, shape: Shape, index: Shape, axis: number): void {
  const fits = shape.length === index.length && shape.every((size, i) => i === axis || size === index[i]);
  if (!fits || !(axis >= 0 && axis < shape.length)) {
    throw new ShapeError(
      name,
      `got the index ${formatShape(index)} for ${formatShape(shape)} along axis ${axis}; expected shapes that differ only there`,
    );
  }
}

/** Calls `visit` for each element of `index`, with its position and the offset of the element it selects in a tensor of `shape`. */
function forEachIndexed(
  name: string,
  index: HostTensor,
  shape: Shape,
  axis: number,
  visit: (position: number, offset: number) => void,
): void {
  checkIndices(name, index.data, shape[axis]);
  const inner = sizeOf(shape.slice(axis + 1));
  const lanes = index.shape[axis] * inner;
  for (let position = 0; position < index.data.length; position++) {
    const block = Math.floor(position / lanes);
    visit(position, (block * shape[axis] + index.data[position]) * inner + (position % inner));
  }
}
