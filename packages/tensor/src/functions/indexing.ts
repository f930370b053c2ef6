import { DTypeError, formatShape, ShapeError, type DType, type Shape } from "@stargrad/graph";
import { checkIndices, normalizeAxis, numbers } from "@stargrad/graph/internal";
import { accepted, castTo, commonType } from "../operands.js";
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
export function gather<S extends Shape>(
  x: Tensor,
  index: Tensor<S>,
  options: { readonly axis?: number } = {},
): Tensor<S> {
  const normalized = normalizeAxis("gather", options.axis ?? -1, x.ndim);
  checkKnownIndices("gather", index, x.shape[normalized]);
  return apply("gather", [x, index], { axis: normalized }) as Tensor<S>;
}

/**
 * Selects whole slices of x by index along an axis: rows of a matrix, for axis 0. The shape of the index replaces the axis.
 *
 * Defaults: axis 0
 * Throws: IndexError if an index is negative or too large
 * Source: numpy.take; torch.nn.functional.embedding for axis 0
 */
export function take(x: Tensor, index: Tensor, options: { readonly axis?: number } = {}): Tensor {
  const normalized = normalizeAxis("take", options.axis ?? 0, x.ndim);
  checkKnownIndices("take", index, x.shape[normalized]);
  const [before, after] = [x.shape.slice(0, normalized), x.shape.slice(normalized + 1)];
  const flat = reshape(index, [...before.map(() => 1), index.size, ...after.map(() => 1)]);
  const taken = apply("gather", [x, expand(flat, [...before, index.size, ...after])], { axis: normalized });
  return reshape(taken, [...before, ...index.shape, ...after]);
}

/**
 * Adds each element of `source` to the element of x at the given index along an axis. Duplicate indices accumulate.
 *
 * Defaults: the last axis
 * Throws: IndexError if an index is negative or too large
 * Source: torch.scatter_add
 */
export function scatterAdd<S extends Shape>(
  x: Tensor<S>,
  index: Tensor,
  source: Tensor,
  options: { readonly axis?: number } = {},
): Tensor<S> {
  const normalized = normalizeAxis("scatterAdd", options.axis ?? -1, x.ndim);
  checkKnownIndices("scatterAdd", index, x.shape[normalized]);
  const [target, addend] = commonType([x, source]);
  return add(
    target,
    apply("scatterAdd", [index, addend], { axis: normalized, size: x.shape[normalized] }),
  ) as Tensor<S>;
}

/**
 * One-hot vectors: 1 at each index and 0 elsewhere, along a new last axis.
 *
 * Shapes: index […] -> […, classes]
 * Throws: IndexError if an index is negative or not below `classes`
 * Source: torch.nn.functional.one_hot
 */
export function oneHot(
  index: Tensor,
  classes: number,
  { dtype = "float32" }: { readonly dtype?: DType } = {},
): Tensor {
  checkKnownIndices("oneHot", index, classes);
  const column = unsqueeze(index, -1);
  const source = ones(column.shape, { dtype: accepted(dtype, numbers) });
  return castTo(apply("scatterAdd", [column, source], { axis: column.ndim - 1, size: classes }), dtype);
}

/** The indices that sort an axis (default: the last): stable, NaN sorted as the largest. Source: torch.argsort */
export function argsort<S extends Shape>(
  x: Tensor<S>,
  options: { readonly axis?: number; readonly descending?: boolean } = {},
): Tensor<S> {
  const { axis = -1, descending = false } = options;
  return apply("argsort", [x], { axis: normalizeAxis("argsort", axis, x.ndim), descending }) as Tensor<S>;
}

/** The elements sorted along an axis (default: the last), and their indices. Source: torch.sort */
export function sort<S extends Shape>(
  x: Tensor<S>,
  options: { readonly axis?: number; readonly descending?: boolean } = {},
): { readonly values: Tensor<S>; readonly indices: Tensor<S> } {
  const axis = normalizeAxis("sort", options.axis ?? -1, x.ndim);
  const indices = argsort(x, { ...options, axis });
  return { values: gather(x, indices, { axis }), indices };
}

/** The `count` largest (or smallest) elements of an axis, in sorted order, and their indices. Source: torch.topk */
export function topk(
  x: Tensor,
  count: number,
  options: { readonly axis?: number; readonly largest?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  const { axis = -1, largest = true } = options;
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
}

/** The lower triangle of the last two axes, 0 above diagonal `k`. Source: numpy.tril */
export function tril<S extends Shape>(x: Tensor<S>, k = 0): Tensor<S> {
  const columns = columnsOf("tril", x);
  return where(lessEqual(columns, add(rowsOf(x), k)), x, zerosLike(x)) as Tensor<S>;
}

/** The upper triangle of the last two axes, 0 below diagonal `k`. Source: numpy.triu */
export function triu<S extends Shape>(x: Tensor<S>, k = 0): Tensor<S> {
  const columns = columnsOf("triu", x);
  return where(lessEqual(add(rowsOf(x), k), columns), x, zerosLike(x)) as Tensor<S>;
}

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
