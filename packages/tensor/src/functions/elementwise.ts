import {
  binaryNames,
  dtypes,
  floats,
  isFloat,
  primitives,
  unaryNames,
  type BinaryName,
  type DType,
  type Shape,
  type UnaryName,
} from "@stargrad/graph";
import {
  accepted,
  alignedOperands,
  castTo,
  checkBroadcast,
  resultType,
  toTensor,
  type Operand,
} from "../operands.js";
import type { Broadcast, BroadcastOperand, BroadcastTensor } from "../shape-types.js";
import { apply, type Tensor } from "../tensor.js";

export type Unary = <S extends Shape>(x: Tensor<S>) => Tensor<S>;
export type Binary = <A extends Shape = [], B extends Shape = []>(
  a: Operand<A>,
  b: BroadcastOperand<A, B>,
) => Tensor<Broadcast<A, NoInfer<B>>>;

/** Every unary and binary primitive as a function of tensors, made from the table. */
export const unaryFunctions = Object.fromEntries(unaryNames.map((name) => [name, unary(name)])) as Record<
  UnaryName,
  Unary
>;
export const binaryFunctions = Object.fromEntries(binaryNames.map((name) => [name, binary(name)])) as Record<
  BinaryName,
  Binary
>;

export const {
  abs,
  atan,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  neg,
  round,
  sigmoid,
  sign,
  sin,
  sqrt,
  tanh,
} = unaryFunctions;
export const { add, sub, mul, mod, pow, maximum, minimum, less, lessEqual, equal } = binaryFunctions;

/** `a / b`. Integers are divided as real numbers: the result is float32. */
export const div = binaryFunctions.div;

/** `⌊a / b⌋`, in the operands' own type. Throws if integers are divided by 0. Source: torch.floor_divide */
export function floorDivide<A extends Shape = [], B extends Shape = []>(
  a: Operand<A>,
  b: BroadcastOperand<A, B>,
): Tensor<Broadcast<A, NoInfer<B>>>;
export function floorDivide(a: Operand, b: Operand): Tensor {
  checkBroadcast("floorDivide", a, b);
  if (isFloat(resultType(a, b))) {
    // A quotient may round up to a whole number, as 1 / 0.1 does to 10; less the remainder it is one.
    return where(equal(b, 0), div(a, b), round(div(sub(a, mod(a, b)), b)));
  }
  // In float64 neither the multiple of b below a nor its quotient has to round.
  const multiple = sub(toTensor(a, "float64"), mod(a, b));
  return castTo(div(multiple, b), "int32");
}

/** `a > b` */
export function greater<A extends Shape = [], B extends Shape = []>(
  a: Operand<A>,
  b: BroadcastOperand<A, B>,
): Tensor<Broadcast<A, NoInfer<B>>>;
export function greater(a: Operand, b: Operand): Tensor {
  checkBroadcast("greater", a, b);
  return less(b, a);
}

/** `a ≥ b` */
export function greaterEqual<A extends Shape = [], B extends Shape = []>(
  a: Operand<A>,
  b: BroadcastOperand<A, B>,
): Tensor<Broadcast<A, NoInfer<B>>>;
export function greaterEqual(a: Operand, b: Operand): Tensor {
  checkBroadcast("greaterEqual", a, b);
  return lessEqual(b, a);
}

/** `a ≠ b`, true where either is NaN */
export function notEqual<A extends Shape = [], B extends Shape = []>(
  a: Operand<A>,
  b: BroadcastOperand<A, B>,
): Tensor<Broadcast<A, NoInfer<B>>>;
export function notEqual(a: Operand, b: Operand): Tensor {
  checkBroadcast("notEqual", a, b);
  return logicalNot(equal(a, b));
}

/** True where both are. Numbers count as true unless they are 0. */
export function logicalAnd<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: BroadcastTensor<A, B>,
): Tensor<Broadcast<A, NoInfer<B>>>;
export function logicalAnd(a: Tensor, b: Tensor): Tensor {
  checkBroadcast("logicalAnd", a, b);
  return minimum(castTo(a, "bool"), castTo(b, "bool"));
}

/** True where either is. Numbers count as true unless they are 0. */
export function logicalOr<A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: BroadcastTensor<A, B>,
): Tensor<Broadcast<A, NoInfer<B>>>;
export function logicalOr(a: Tensor, b: Tensor): Tensor {
  checkBroadcast("logicalOr", a, b);
  return maximum(castTo(a, "bool"), castTo(b, "bool"));
}

/** True where x is false, or 0. */
export function logicalNot<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function logicalNot(x: Tensor): Tensor {
  return equal(castTo(x, "bool"), false);
}

/** `−⌊−x⌋` */
export function ceil<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function ceil(x: Tensor): Tensor {
  return neg(floor(neg(x)));
}

/** `sin x / cos x` */
export function tan<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function tan(x: Tensor): Tensor {
  return div(sin(x), cos(x));
}

/** `x²` */
export function square<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** `1 / x` */
export function reciprocal<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function reciprocal(x: Tensor): Tensor {
  return div(1, x);
}

/** `1 / √x` */
export function rsqrt<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function rsqrt(x: Tensor): Tensor {
  return reciprocal(sqrt(x));
}

export function isNaN<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function isNaN(x: Tensor): Tensor {
  return notEqual(x, x);
}

/** True where x is neither NaN nor infinite. */
export function isFinite<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function isFinite(x: Tensor): Tensor {
  return less(abs(castTo(x, accepted(x.dtype, floats))), Infinity);
}

/** The same numbers in another element type; see the primitive `cast` for how each conversion rounds. */
export function cast<S extends Shape>(x: Tensor<S>, dtype: DType): Tensor<S> {
  return castTo(x, dtype);
}

/** The same values, through which no gradient flows. */
export function stopGradient<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function stopGradient(x: Tensor): Tensor {
  return apply("stopGradient", [x], {});
}

/**
 * `a` where the condition is true, `b` where it is false; all three broadcast.
 *
 * Throws: DTypeError if the condition is not bool; ShapeError if the shapes do not broadcast
 */
export function where<C extends Shape, A extends Shape = [], B extends Shape = []>(
  condition: Tensor<C>,
  a: BroadcastOperand<C, A>,
  b: BroadcastOperand<Broadcast<C, A>, B>,
): Tensor<Broadcast<Broadcast<C, NoInfer<A>>, NoInfer<B>>>;
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply("where", [condition, ...alignedOperands(a, b, dtypes)], {});
}

/**
 * `min(max(x, min), max)`; either bound may be left out. The gradient is 1 at the bounds themselves.
 *
 * Source: torch.clamp
 */
export function clamp<S extends Shape>(
  x: Tensor<S>,
  bounds: { readonly min?: number; readonly max?: number },
): Tensor<S>;
export function clamp(x: Tensor, { min, max }: { readonly min?: number; readonly max?: number }): Tensor {
  const above = min === undefined ? x : where(less(x, min), min, x);
  return max === undefined ? above : where(less(max, above), max, above);
}

/**
 * The inverse of `erf`: `erf(erfinv(x)) = x`. ±∞ at ±1, and NaN beyond. Close to ±1, where `erf` is flat, fewer digits are
 * right: seven at 1 − 10⁻¹⁰.
 *
 * Source: Giles, "Approximating the erfinv Function", 2010, table 5, and two steps of Newton's method from there
 */
export function erfinv<S extends Shape>(x: Tensor<S>): Tensor<S>;
export function erfinv(x: Tensor): Tensor {
  const real = castTo(x, accepted(x.dtype, floats));
  // In float32 the error of erf itself, divided by its small slope, would be larger than what Newton's method gains.
  const wide = castTo(real, "float64");
  const edge = equal(abs(wide), 1);
  const inside = where(edge, 0, wide);
  const w = neg(log(mul(sub(1, inside), add(1, inside))));
  const central = less(w, 5);
  const near = polynomial(sub(where(central, w, 0), 2.5), erfinvNear);
  const far = polynomial(sub(sqrt(where(central, 5, w)), 3), erfinvFar);
  let root: Tensor = mul(inside, where(central, near, far));
  for (let step = 0; step < 2; step++) {
    const slope = mul(exp(neg(square(root))), 2 / Math.sqrt(Math.PI));
    root = sub(root, div(sub(erf(root), inside), slope));
  }
  const ends = where(less(wide, 0), -Infinity, Infinity);
  return castTo(where(edge, ends, root), real.dtype);
}

// From the highest power down.
const erfinvNear = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];
const erfinvFar = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682,
];

/** Horner's scheme. */
function polynomial(x: Tensor, [highest, second, ...lower]: readonly number[]): Tensor {
  return lower.reduce<Tensor>((y, coefficient) => add(mul(y, x), coefficient), add(mul(x, highest), second));
}

function unary(name: UnaryName): Unary {
  const { accepts } = primitives[name];
  return <S extends Shape>(x: Tensor<S>) =>
    apply(name, [castTo(x, accepted(x.dtype, accepts))], {}) as Tensor<S>;
}

function binary(name: BinaryName): Binary {
  const { accepts } = primitives[name];
  return <A extends Shape, B extends Shape>(a: Operand<A>, b: Operand<B>) =>
    apply(name, alignedOperands(a, b, accepts), {}) as Tensor<Broadcast<A, NoInfer<B>>>;
}
