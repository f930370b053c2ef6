import { DTypeError, formatShape, ShapeError, type DType, type Shape } from "@stargrad/graph";
import { checkIndices, expectValues, normalizeAxis, numbers, wholeFrom } from "@stargrad/graph/internal";
import type { AxisOption } from "../axis-types.js";
import { accepted, castTo, commonType } from "../operands.js";
import { factor, indices, input, operation } from "../operation.js";
import { apply, type Tensor } from "../tensor.js";
import { arange, ones, zerosLike } from "./creation.js";
import { add, lessEqual, where } from "./elementwise.js";
import { expand, reshape, unsqueeze } from "./movement.js";

/**
 * Selects elements along an axis: `y[i][j] = x[index[i][j]][j]` for axis 0. The index has the shape of the result and the
 * lengths of x on every other axis.
 *
 * Defaults: the last axis
 * Throws: IndexError if an index is negative or too large
 * Source: torch.gather; numpy.take_along_axis
 */
export const gather = operation(
  "gather",
  [input, indices, ["axis"]],
  (x: Tensor, index: Tensor, { axis = -1 }: AxisOption) => {
    const normalized = normalizeAxis("gather", axis, x.ndim);
    checkKnownIndices("gather", index, x.shape[normalized]);
    return apply("gather", [x, index], { axis: normalized });
  },
) as <S extends Shape>(x: Tensor, index: Tensor<S>, options?: AxisOption | number) => Tensor<S>;

/**
 * Selects whole slices of x by index along an axis: rows of a matrix, for axis 0. The shape of the index replaces the axis.
 *
 * Defaults: axis 0
 * Throws: IndexError if an index is negative or too large
 * Source: numpy.take; torch.nn.functional.embedding for axis 0
 */
export const take = operation(
  "take",
  [input, indices, ["axis"]],
  (x: Tensor, index: Tensor, { axis = 0 }: AxisOption) => {
    const normalized = normalizeAxis("take", axis, x.ndim);
    checkKnownIndices("take", index, x.shape[normalized]);
    const [before, after] = [x.shape.slice(0, normalized), x.shape.slice(normalized + 1)];
    const flat = reshape(index, [...before.map(() => 1), index.size, ...after.map(() => 1)]);
    const taken = apply("gather", [x, expand(flat, [...before, index.size, ...after])], { axis: normalized });
    return reshape(taken, [...before, ...index.shape, ...after]);
  },
) as (x: Tensor, index: Tensor, options?: AxisOption | number) => Tensor;

/**
 * Adds each element of `source` to the element of x at the given index along an axis. Duplicate indices accumulate.
 *
 * Defaults: the last axis
 * Throws: IndexError if an index is negative or too large
 * Source: torch.scatter_add
 */
export const scatterAdd = operation(
  "scatterAdd",
  [factor, indices, factor, ["axis"]],
  (x: Tensor, index: Tensor, source: Tensor, { axis = -1 }: AxisOption) => {
    const normalized = normalizeAxis("scatterAdd", axis, x.ndim);
    checkKnownIndices("scatterAdd", index, x.shape[normalized]);
    const [target, addend] = commonType([x, source]);
    return add(target, apply("scatterAdd", [index, addend], { axis: normalized, size: x.shape[normalized] }));
  },
) as <S extends Shape>(
  x: Tensor<S>,
  index: Tensor,
  source: Tensor,
  options?: AxisOption | number,
) => Tensor<S>;

/**
 * One-hot vectors: 1 at each index and 0 elsewhere, along a new last axis.
 *
 * Shapes: index […] -> […, classes]
 * Throws: IndexError if an index is negative or not below `classes`
 * Source: torch.nn.functional.one_hot
 */
export const oneHot = /* @__PURE__ */ operation(
  "oneHot",
  [indices, "classes", ["dtype"]],
  (index: Tensor, classes: number, { dtype = "float32" }: { readonly dtype?: DType }) => {
    expectValues("oneHot", { classes }, wholeFrom(0));
    checkKnownIndices("oneHot", index, classes);
    const column = unsqueeze(index, -1);
    const source = ones(column.shape, { dtype: accepted(dtype, numbers) });
    return castTo(apply("scatterAdd", [column, source], { axis: column.ndim - 1, size: classes }), dtype);
  },
) as (index: Tensor, classes: number, options?: { readonly dtype?: DType }) => Tensor;

export interface SortOptions {
  readonly axis?: number;
  readonly descending?: boolean;
}

export interface TopkOptions {
  readonly axis?: number;
  readonly largest?: boolean;
}

/** Values in sorted order, and their indices. */
export interface Sorted<S extends Shape = Shape> {
  readonly values: Tensor<S>;
  readonly indices: Tensor<S>;
}

/** The indices that sort an axis (default: the last): stable, NaN sorted as the largest. Source: torch.argsort */
export const argsort = operation(
  "argsort",
  [input, ["axis", "descending"]],
  (x: Tensor, { axis = -1, descending = false }: SortOptions) => {
    return apply("argsort", [x], { axis: normalizeAxis("argsort", axis, x.ndim), descending });
  },
) as <S extends Shape>(x: Tensor<S>, options?: SortOptions | number) => Tensor<S>;

/** The elements sorted along an axis (default: the last), and their indices. Source: torch.sort */
export const sort = operation(
  "sort",
  [input, ["axis", "descending"]],
  (x: Tensor, { axis: along = -1, descending = false }: SortOptions) => {
    const axis = normalizeAxis("sort", along, x.ndim);
    const indices = argsort(x, { axis, descending });
    return { values: gather(x, indices, { axis }), indices };
  },
) as <S extends Shape>(x: Tensor<S>, options?: SortOptions | number) => Sorted<S>;

/** The `count` largest (or smallest) elements of an axis, in sorted order, and their indices. Source: torch.topk */
export const topk = operation(
  "topk",
  [input, "count", ["axis", "largest"]],
  (x: Tensor, count: number, { axis = -1, largest = true }: TopkOptions) => {
    const normalized = normalizeAxis("topk", axis, x.ndim);
    if (!(Number.isInteger(count) && count >= 0 && count <= x.shape[normalized])) {
      throw new ShapeError("topk", `got the count ${count} for axis ${axis} of ${formatShape(x.shape)}`);
    }
    const order = argsort(x, { axis: normalized, descending: largest });
    const indices = apply("slice", [order], {
      starts: x.shape.map(() => 0),
      lengths: x.shape.map((length, i) => (i === normalized ? count : length)),
      steps: x.shape.map(() => 1),
    });
    return { values: gather(x, indices, { axis: normalized }), indices };
  },
) as (x: Tensor, count: number, options?: TopkOptions | number) => Sorted;

/** The lower triangle of the last two axes, 0 above diagonal `k`. Source: numpy.tril */
export const tril = operation("tril", [input, "k"], (x: Tensor, k = 0) => {
  const columns = columnsOf("tril", x);
  return where(lessEqual(columns, add(rowsOf(x), k)), x, zerosLike(x));
}) as <S extends Shape>(x: Tensor<S>, k?: number) => Tensor<S>;

/** The upper triangle of the last two axes, 0 below diagonal `k`. Source: numpy.triu */
export const triu = operation("triu", [input, "k"], (x: Tensor, k = 0) => {
  const columns = columnsOf("triu", x);
  return where(lessEqual(add(rowsOf(x), k), columns), x, zerosLike(x));
}) as <S extends Shape>(x: Tensor<S>, k?: number) => Tensor<S>;

function rowsOf(x: Tensor): Tensor {
  return unsqueeze(arange(x.shape[x.ndim - 2]), 1);
}

function columnsOf(called: string, x: Tensor): Tensor {
  if (x.ndim < 2) throw new ShapeError(called, `got ${formatShape(x.shape)}; expected at least two axes`);
  return arange(x.shape[x.ndim - 1]);
}

/** Checks indices that can be read now; the engine checks those that are still to be computed. */
function checkKnownIndices(called: string, index: Tensor, size: number): void {
  const { dtype, storage } = index.node;
  if (dtype !== "int32") {
    throw new DTypeError(called, `the index is ${dtype}; expected int32`, 'Cast it with index.cast("int32")');
  }
  if (storage?.location === "host" && storage.canReadSync) checkIndices(called, storage.readSync(), size);
}
