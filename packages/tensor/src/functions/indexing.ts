import { DTypeError, formatShape, ShapeError, type DType, type Shape } from "@stargrad/graph";
import { checkIndices, normalizeAxis } from "@stargrad/graph/internal";
import { commonType } from "../operands.js";
import { apply, type Tensor } from "../tensor.js";
import { arange, ones, zerosLike } from "./creation.js";
import { add, lessEqual, where } from "./elementwise.js";
import { expand, reshape, unsqueeze } from "./movement.js";

/**
 * Picks along an axis: `y[i][j] = x[index[i][j]][j]` for axis 0. The index has the shape of the result and agrees with x
 * on every other axis.
 *
 * Throws: IndexError if an index is negative or too large
 * Source: torch.gather
 */
export function gather<S extends Shape>(
  x: Tensor,
  index: Tensor<S>,
  options: { readonly axis?: number } = {},
): Tensor<S> {
  const place = normalizeAxis("gather", options.axis ?? -1, x.ndim);
  checkKnownIndices("gather", index, x.shape[place]);
  return apply("gather", [x, index], { axis: place }) as Tensor<S>;
}

/**
 * Takes whole slices of x by their index on an axis: rows of a matrix, for axis 0. The axis is replaced by the shape of
 * the index.
 *
 * Throws: IndexError if an index is negative or too large
 * Source: numpy.take; torch.nn.functional.embedding for axis 0
 */
export function take(x: Tensor, index: Tensor, options: { readonly axis?: number } = {}): Tensor {
  const place = normalizeAxis("take", options.axis ?? 0, x.ndim);
  checkKnownIndices("take", index, x.shape[place]);
  const [before, after] = [x.shape.slice(0, place), x.shape.slice(place + 1)];
  const flat = reshape(index, [...before.map(() => 1), index.size, ...after.map(() => 1)]);
  const taken = apply("gather", [x, expand(flat, [...before, index.size, ...after])], { axis: place });
  return reshape(taken, [...before, ...index.shape, ...after]);
}

/**
 * Adds each element of `source` to the place of x that its index names along an axis; places named twice receive both.
 *
 * Throws: IndexError if an index is negative or too large
 * Source: torch.scatter_add
 */
export function scatterAdd<S extends Shape>(
  x: Tensor<S>,
  index: Tensor,
  source: Tensor,
  options: { readonly axis?: number } = {},
): Tensor<S> {
  const place = normalizeAxis("scatterAdd", options.axis ?? -1, x.ndim);
  checkKnownIndices("scatterAdd", index, x.shape[place]);
  const [target, addend] = commonType([x, source]);
  return add(
    target,
    apply("scatterAdd", [index, addend], { axis: place, size: x.shape[place] }),
  ) as Tensor<S>;
}

/**
 * A 1 at each index and 0 elsewhere, along a new last axis.
 *
 * Shapes: index […] -> […, classes]
 * Throws: IndexError if an index is negative or not below `classes`
 */
export function oneHot(
  index: Tensor,
  classes: number,
  { dtype = "float32" }: { readonly dtype?: DType } = {},
): Tensor {
  checkKnownIndices("oneHot", index, classes);
  const column = unsqueeze(index, -1);
  return apply("scatterAdd", [column, ones(column.shape, { dtype })], {
    axis: column.ndim - 1,
    size: classes,
  });
}

/** The order that sorts an axis (the last, unless told): stable, NaN counting as the largest. */
export function argsort<S extends Shape>(
  x: Tensor<S>,
  options: { readonly axis?: number; readonly descending?: boolean } = {},
): Tensor<S> {
  const { axis = -1, descending = false } = options;
  return apply("argsort", [x], { axis: normalizeAxis("argsort", axis, x.ndim), descending }) as Tensor<S>;
}

/** The elements of an axis (the last, unless told) in order. Source: torch.sort */
export function sort<S extends Shape>(
  x: Tensor<S>,
  options: { readonly axis?: number; readonly descending?: boolean } = {},
): { readonly values: Tensor<S>; readonly indices: Tensor<S> } {
  const axis = normalizeAxis("sort", options.axis ?? -1, x.ndim);
  const indices = argsort(x, { ...options, axis });
  return { values: gather(x, indices, { axis }), indices };
}

/** The `count` largest (or smallest) elements of an axis, best first. Source: torch.topk */
export function topk(
  x: Tensor,
  count: number,
  options: { readonly axis?: number; readonly largest?: boolean } = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  const { axis = -1, largest = true } = options;
  const place = normalizeAxis("topk", axis, x.ndim);
  if (!(Number.isInteger(count) && count >= 0 && count <= x.shape[place])) {
    throw new ShapeError("topk", `got the count ${count} for axis ${axis} of ${formatShape(x.shape)}`);
  }
  const order = argsort(x, { axis: place, descending: largest });
  const indices = apply("slice", [order], {
    starts: x.shape.map(() => 0),
    lengths: x.shape.map((length, i) => (i === place ? count : length)),
    steps: x.shape.map(() => 1),
  });
  return { values: gather(x, indices, { axis: place }), indices };
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

/** Checks indices where they are written down already; those still to be computed are checked by the engine. */
function checkKnownIndices(called: string, index: Tensor, size: number): void {
  const { dtype, storage } = index.node;
  if (dtype !== "int32") {
    throw new DTypeError(called, `the index is ${dtype}; expected int32`, 'Cast it with index.cast("int32")');
  }
  if (storage?.location === "host" && storage.canReadSync) checkIndices(called, storage.readSync(), size);
}
