import type { AttributesOf, PrimitiveName, Shape } from "@stargrad/graph";
import {
  add,
  cast,
  cos,
  cosh,
  cumsum,
  div,
  equal,
  exp,
  expand,
  flip,
  floorDivide,
  gather,
  greaterEqual,
  less,
  log,
  logicalAnd,
  matmul,
  mul,
  neg,
  permute,
  pow,
  prod,
  reshape,
  sign,
  sin,
  sinh,
  square,
  sub,
  sum,
  tril,
  triu,
  ones,
  where,
  zerosLike,
  type Tensor,
} from "@stargrad/tensor";
import { apply } from "@stargrad/tensor/internal";

/**
 * The gradient of one input. `null` means that the output is not differentiable with respect to it. A function builds the gradient
 * only if it is wanted: of two inputs, one is often a constant or the data.
 */
export type InputGradient = Tensor | (() => Tensor) | null;

/**
 * The backward rule (vector-Jacobian product) of one primitive: computes dL/dx for each input x, in order, from `g` = dL/dy.
 * Rules call ordinary operations, so their results can be differentiated again.
 */
export type Rule<P extends PrimitiveName> = (
  g: Tensor,
  inputs: readonly Tensor[],
  y: Tensor,
  attributes: AttributesOf<P>,
) => readonly InputGradient[];

/**
 * One row per primitive. `null` marks primitives without derivative, mostly because their output is not real; `"loop"` marks
 * those that `pullBack` handles itself, one loop at a time.
 */
export const rules: { readonly [P in PrimitiveName]: Rule<P> | "loop" | null } = {
  // One input, element by element
  neg: (g) => [neg(g)],
  abs: (g, [x]) => [mul(g, sign(x))],
  sign: flat,
  floor: flat,
  round: flat,
  exp: (g, _, y) => [mul(g, y)],
  // Not y + 1, which has lost its digits where y is close to −1.
  expm1: (g, [x]) => [mul(g, exp(x))],
  log: (g, [x]) => [div(g, x)],
  log1p: (g, [x]) => [div(g, add(x, 1))],
  sqrt: (g, _, y) => [div(g, mul(y, 2))],
  sin: (g, [x]) => [mul(g, cos(x))],
  cos: (g, [x]) => [neg(mul(g, sin(x)))],
  tan: (g, _, y) => [mul(g, add(square(y), 1))],
  atan: (g, [x]) => [div(g, add(square(x), 1))],
  sinh: (g, [x]) => [mul(g, cosh(x))],
  cosh: (g, [x]) => [mul(g, sinh(x))],
  tanh: (g, _, y) => [mul(g, sub(1, square(y)))],
  sigmoid: (g, _, y) => [mul(g, mul(y, sub(1, y)))],
  erf: (g, [x]) => [mul(g, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI)))],
  cast: (g, [x]) => [cast(g, x.dtype)],
  detach: null,

  // Two or three inputs, element by element
  add: (g) => [g, g],
  sub: (g) => [g, () => neg(g)],
  mul: (g, [a, b]) => [() => mul(g, b), () => mul(g, a)],
  div: (g, [, b], y) => [() => div(g, b), () => neg(div(mul(g, y), b))],
  pow: (g, [a, b], y) => [
    () => powerByBase(g, a, b),
    // 0 · ln 0 would be NaN.
    () => mul(g, where(logicalAnd(equal(a, 0), greaterEqual(b, 0)), 0, mul(y, log(a)))),
  ],
  mod: (g, [a, b]) => [g, () => neg(mul(g, floorDivide(a, b)))],
  maximum: (g, [a, b]) => [() => shareUnless(less(a, b), g, a, b), () => shareUnless(less(b, a), g, a, b)],
  minimum: (g, [a, b]) => [() => shareUnless(less(b, a), g, a, b), () => shareUnless(less(a, b), g, a, b)],
  where: (g, [condition]) => [null, () => where(condition, g, 0), () => where(condition, 0, g)],
  less: null,
  lessEqual: null,
  equal: null,

  // Reductions and running totals
  sum: (g, [x], _, { axes }) => [spread(g, axes, x.shape)],
  prod: (g, [x], _, { axes }) => [mul(spread(g, axes, x.shape), productOfOthers(x, axes))],
  max: (g, [x], y, { axes }) => {
    const ties = cast(equal(x, spread(y, axes, x.shape)), x.dtype);
    return [mul(ties, spread(div(g, sum(ties, { axis: axes })), axes, x.shape))];
  },
  cumsum: (g, _inputs, _y, { axis }) => [flip(cumsum(flip(g, axis), { axis }), axis)],

  // Products
  matmul: (g, [a, b]) => [() => matmul(g, b.transpose()), () => matmul(a.transpose(), g)],

  // Movement: the rule is the inverse movement or its transpose
  reshape: (g, [x]) => [reshape(g, x.shape)],
  permute: (g, _inputs, _y, { axes }) => [permute(g, inverse(axes))],
  expand: (g, [x]) => [sum(g, { axis: grownAxes(x.shape, g.shape), keepDims: true })],
  flip: (g, _inputs, _y, { axes }) => [flip(g, axes)],
  slice: (g, [x], _y, { starts, lengths, steps }) => {
    const reach = lengths.map(
      (length, axis) => starts[axis] + Math.max(length - 1, 0) * steps[axis] + Math.min(length, 1),
    );
    return [
      apply("pad", [g], {
        before: starts,
        between: steps.map((step) => step - 1),
        after: reach.map((end, axis) => x.shape[axis] - end),
        value: 0,
      }),
    ];
  },
  pad: (g, [x], _y, { before, between }) => [
    apply("slice", [g], { starts: before, lengths: x.shape, steps: between.map((count) => count + 1) }),
  ],
  concat: (g, inputs, _y, { axis }) => {
    let start = 0;
    return inputs.map((x) => g.narrow(axis, (start += x.shape[axis]) - x.shape[axis], x.shape[axis]));
  },
  unfold: (g, [x], _y, attributes) => [apply("fold", [g], { ...attributes, shape: x.shape })],
  fold: (g, _inputs, _y, { size, stride, dilation }) => [apply("unfold", [g], { size, stride, dilation })],

  // Indexing and order
  gather: (g, [x, index], _y, { axis }) => [
    apply("scatterAdd", [index, g], { axis, size: x.shape[axis] }),
    null,
  ],
  scatterAdd: (g, [index], _y, { axis }) => [null, gather(g, index, { axis })],
  iota: null,
  argsort: null,
  check: null,
  randomBits: null,

  // Loops
  scan: "loop",
  scanOutput: "loop",
};

/** The derivative of a piecewise constant function: 0. */
function flat(_g: Tensor, [x]: readonly Tensor[]): Tensor[] {
  return [zerosLike(x)];
}

/**
 * `g b a^(b−1)`. Where b is 0, neither a^(−1) nor the incoming gradient is used: at a = 0 they make this gradient NaN, or the
 * next one.
 */
function powerByBase(g: Tensor, a: Tensor, b: Tensor): Tensor {
  const constant = equal(b, 0);
  return where(constant, 0, mul(g, mul(b, pow(a, where(constant, 0, sub(b, 1))))));
}

/** An operand's share of the gradient: nothing if it loses, half if they are equal, else all; if one is NaN, all for each. */
function shareUnless(loses: Tensor, g: Tensor, a: Tensor, b: Tensor): Tensor {
  return where(loses, 0, where(equal(a, b), mul(g, 0.5), g));
}

/** Repeats a reduced tensor along the axes that the reduction removed. */
function spread(reduced: Tensor, axes: readonly number[], shape: Shape): Tensor {
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  return expand(reshape(reduced, kept), shape);
}

/**
 * For each element, the product of the others. Dividing the whole product by the element fails where the element is 0. So the
 * element is replaced by 1: n elements need n products of n factors, which are correct and differentiable again.
 */
function productOfOthers(x: Tensor, axes: readonly number[]): Tensor {
  const kept = x.shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]));
  const order = [...kept, ...axes];
  const outer = kept.map((axis) => x.shape[axis]);
  const count = axes.reduce((total, axis) => total * x.shape[axis], 1);
  const rows = expand(reshape(permute(x, order), [...outer, 1, count]), [...outer, count, count]);
  const diagonal = tril(triu(ones([count, count], { dtype: "bool" })));
  const products = prod(where(diagonal, 1, rows), { axis: -1 });
  return permute(
    reshape(
      products,
      order.map((axis) => x.shape[axis]),
    ),
    inverse(order),
  );
}

/** The axes whose length differs between the shapes. */
function grownAxes(from: Shape, to: Shape): number[] {
  return from.flatMap((length, axis) => (length === to[axis] ? [] : [axis]));
}

function inverse(axes: readonly number[]): number[] {
  return axes.map((_, axis) => axes.indexOf(axis));
}
