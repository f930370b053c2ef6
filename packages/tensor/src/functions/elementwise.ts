import {
  ArgumentError,
  dtypes,
  isFloat,
  primitives,
  type BinaryName,
  type DType,
  type Shape,
  type UnaryName,
} from "@stargrad/graph";
import { floats, writeValue } from "@stargrad/graph/internal";
import { widestFloat } from "../engine.js";
import {
  accepted,
  alignedOperands,
  castOperand,
  castTo,
  checkBroadcast,
  resultType,
  toOperand,
  type Operand,
} from "../operands.js";
import { factor, given, input, operand, operation } from "../operation.js";
import type { Broadcast, BroadcastOperand, BroadcastTensor } from "../shape-types.js";
import { apply, type Tensor } from "../tensor.js";
import { floorDivideInt32 } from "./exact-integers.js";

/*
 * The signatures that many functions share. TypeScript cannot infer shapes through a body, so each function asserts its type.
 */

/** A function of one tensor that keeps its shape. */
export type Unary = <S extends Shape>(x: Tensor<S>) => Tensor<S>;

/** A function of two operands that broadcast. */
export type Binary = <A extends Shape = [], B extends Shape = []>(
  a: Operand<A>,
  b: BroadcastOperand<A, B>,
) => Tensor<Broadcast<A, NoInfer<B>>>;

/** Like Binary, for operations that take no number. */
export type BinaryOfTensors = <A extends Shape, B extends Shape>(
  a: Tensor<A>,
  b: BroadcastTensor<A, B>,
) => Tensor<Broadcast<A, NoInfer<B>>>;

/*
 * Every unary and binary primitive is a function of tensors. The docstring repeats the formula of the primitive's row, so that
 * editors show it.
 */

/** `−x` */
export const neg = unary("neg");

/** `|x|`. Its gradient is the sign of x: 0 at 0, and NaN where x is NaN (PyTorch: 0). */
export const abs = unary("abs");

/** The sign of x: −1, 0 or 1; NaN stays NaN, and −0 stays −0. Source: numpy.sign */
export const sign = unary("sign");

/** `⌊x⌋` */
export const floor = unary("floor");

/** nearest integer, halves to even */
export const round = unary("round");

/** `eˣ` */
export const exp = unary("exp");

/** `eˣ − 1`, accurate for small x. Its gradient is `eˣ`, accurate also where the result is close to −1. */
export const expm1 = unary("expm1");

/** `ln x` */
export const log = unary("log");

/** `ln(1 + x)`, accurate for small x. */
export const log1p = unary("log1p");

/** `√x` */
export const sqrt = unary("sqrt");

/** `sin x` */
export const sin = unary("sin");

/** `cos x` */
export const cos = unary("cos");

/** `tan x` */
export const tan = unary("tan");

/** `arctan x` */
export const atan = unary("atan");

/** `sinh x` */
export const sinh = unary("sinh");

/** `cosh x` */
export const cosh = unary("cosh");

/** `tanh x` */
export const tanh = unary("tanh");

/** `1 / (1 + e⁻ˣ)` */
export const sigmoid = unary("sigmoid");

/** `2/√π ∫₀ˣ e^(−t²) dt`, the error function. */
export const erf = unary("erf");

/** `a + b` */
export const add = binary("add");

/** `a − b` */
export const sub = binary("sub");

/** `a · b` */
export const mul = binary("mul");

/** `a / b`. Integers are converted: the result is float32. */
export const div = binary("div");

/** `aᵇ`, as IEEE 754 defines it for zeros, infinities and NaN. */
export const pow = binary("pow");

/** `a − b·⌊a/b⌋`, with the sign of b; exact. Throws if integers are divided by 0. Source: numpy.mod */
export const mod = binary("mod");

/** The larger of a and b; NaN if either is. Equal operands share the gradient; beside a NaN, each receives it. Source: torch.maximum */
export const maximum = binary("maximum");

/** The smaller of a and b; NaN if either is. Equal operands share the gradient; beside a NaN, each receives it. Source: torch.minimum */
export const minimum = binary("minimum");

/** `a < b` */
export const less = binary("less");

/** `a ≤ b` */
export const lessEqual = binary("lessEqual");

/** `a = b`; false where either is NaN. */
export const equal = binary("equal");

/**
 * `⌊a / b⌋`, in the operands' common type; its gradient is 0. −2³¹ / −1 wraps around to −2³¹.
 *
 * Throws: DTypeError if integers are divided by 0
 * Source: numpy.floor_divide; torch.floor_divide
 */
export const floorDivide = pairwise("floorDivide", (a: Operand, b: Operand) => {
  checkBroadcast("floorDivide", a, b);
  if (isFloat(resultType(a, b))) {
    const [x, y] = alignedOperands(a, b, floats);
    // The condition never holds: this branch only makes the result depend on both operands, with the gradient 0.
    return where(less(y, y), add(x, y), floorOfQuotient(detach(x), detach(y)));
  }
  if (widestFloat() === "float32") {
    const [x, y] = alignedOperands(a, b, primitives.mod.accepts);
    return floorDivideInt32(x, y);
  }
  // In float64 both the multiple of b and its quotient are exact.
  const multiple = sub(castOperand(a, "float64"), mod(a, b));
  const quotient = div(multiple, b);
  return castTo(where(equal(quotient, 2 ** 31), -(2 ** 31), quotient), "int32");
});

/** A plain quotient may round up to an integer, as 1 / 0.1 does to 10. Subtracting the remainder first makes it exact. */
function floorOfQuotient(x: Tensor, y: Tensor): Tensor {
  const remainder = mod(x, y);
  const whole = round(div(sub(x, remainder), y));
  // If y is infinite and has the other sign, it is the remainder.
  const negative = equal(abs(remainder), Infinity);
  // −0 + 0 is 0.
  return where(equal(y, 0), div(x, y), where(negative, -1, add(whole, 0)));
}

/** `a > b` */
export const greater = pairwise("greater", (a: Operand, b: Operand) => {
  checkBroadcast("greater", a, b);
  return less(b, a);
});

/** `a ≥ b` */
export const greaterEqual = pairwise("greaterEqual", (a: Operand, b: Operand) => {
  checkBroadcast("greaterEqual", a, b);
  return lessEqual(b, a);
});

/** `a ≠ b`; true where either is NaN. */
export const notEqual = pairwise("notEqual", (a: Operand, b: Operand) => {
  checkBroadcast("notEqual", a, b);
  return logicalNot(equal(a, b));
});

/** True where both operands are true. Numbers other than 0 count as true. */
export const logicalAnd = operation("logicalAnd", [factor, factor], (a: Tensor, b: Tensor) => {
  checkBroadcast("logicalAnd", a, b);
  return minimum(castTo(a, "bool"), castTo(b, "bool"));
}) as BinaryOfTensors;

/** True where an operand is true. Numbers other than 0 count as true. */
export const logicalOr = operation("logicalOr", [factor, factor], (a: Tensor, b: Tensor) => {
  checkBroadcast("logicalOr", a, b);
  return maximum(castTo(a, "bool"), castTo(b, "bool"));
}) as BinaryOfTensors;

/** True where x is false or 0. */
export const logicalNot = composed("logicalNot", (x: Tensor) => equal(castTo(x, "bool"), false));

/** `−⌊−x⌋` */
export const ceil = composed("ceil", (x: Tensor) => neg(floor(neg(x))));

/** `x²` */
export const square = composed("square", (x: Tensor) => mul(x, x));

/** `1 / x` */
export const reciprocal = composed("reciprocal", (x: Tensor) => div(1, x));

/** `1 / √x` */
export const rsqrt = composed("rsqrt", (x: Tensor) => reciprocal(sqrt(x)));

/** True where x is NaN. */
export const isNaN = composed("isNaN", (x: Tensor) => notEqual(x, x));

/** True where x is neither NaN nor infinite. */
export const isFinite = composed("isFinite", (x: Tensor) =>
  less(abs(castTo(x, accepted(x.dtype, floats))), Infinity),
);

/**
 * Converts to another element type; see the primitive `cast` for how each conversion rounds.
 *
 * Source: numpy.ndarray.astype; torch.Tensor.to
 */
export const cast = operation("cast", [input, given], (x: Tensor, dtype: DType) => {
  if (dtypes.includes(dtype)) return castTo(x, dtype);
  throw new ArgumentError("cast", `got ${writeValue(dtype)}; expected ${dtypes.join(", ")}`);
}) as <S extends Shape>(x: Tensor<S>, dtype: DType) => Tensor<S>;

/**
 * The same values, without gradient: no gradient flows back through the result.
 *
 * Source: torch.Tensor.detach
 * Searched for as: stop_gradient (JAX, TensorFlow)
 */
export const detach = composed("detach", (x: Tensor) => apply("detach", [x], {}));

/**
 * `a` where the condition is true, `b` where it is false; all three broadcast.
 *
 * Throws: DTypeError if the condition is not bool; ShapeError if the shapes do not broadcast
 * Source: torch.where; numpy.where
 */
export const where = /* @__PURE__ */ operation(
  "where",
  [input, given, given],
  (condition: Tensor, x: Operand, y: Operand) => {
    const operands = alignedOperands(toOperand("where", x, y), toOperand("where", y, x), dtypes);
    return apply("where", [condition, ...operands], {});
  },
) as <C extends Shape, A extends Shape = [], B extends Shape = []>(
  condition: Tensor<C>,
  a: BroadcastOperand<C, A>,
  b: BroadcastOperand<Broadcast<C, A>, B>,
) => Tensor<Broadcast<Broadcast<C, NoInfer<A>>, NoInfer<B>>>;

/**
 * `min(max(x, min), max)`; either bound may be omitted. The gradient at the bounds is 1, and 0 where x is NaN.
 *
 * Source: torch.clamp; numpy.clip
 */
export const clamp = operation(
  "clamp",
  [input, ["min", "max"]],
  (x: Tensor, { min, max }: { readonly min?: number; readonly max?: number }) => {
    // A constant NaN has no gradient.
    const number = isFloat(x.dtype) ? where(equal(x, x), x, NaN) : x;
    const above = min === undefined ? number : where(less(x, min), min, number);
    return max === undefined ? above : where(less(max, above), max, above);
  },
) as <S extends Shape>(x: Tensor<S>, bounds: { readonly min?: number; readonly max?: number }) => Tensor<S>;

/**
 * `ln(x / (1 − x))`, the inverse of `sigmoid`: ∞ at 1, −∞ at 0, NaN outside of [0, 1]. With an epsilon, x is first clamped to
 * [ε, 1 − ε]. Without it, the gradient at 0 and 1 is NaN.
 *
 * Defaults: no epsilon
 * Source: torch.logit
 */
export const logit = operation(
  "logit",
  [input, ["epsilon"]],
  (x: Tensor, { epsilon }: { readonly epsilon?: number }) => {
    const real = castTo(x, accepted(x.dtype, floats));
    const inside = epsilon === undefined ? real : clamp(real, { min: epsilon, max: 1 - epsilon });
    return log(div(inside, sub(1, inside)));
  },
) as <S extends Shape>(x: Tensor<S>, options?: { readonly epsilon?: number }) => Tensor<S>;

/**
 * The inverse of `erf`: `erf(erfinv(x)) = x`. ±∞ at ±1, as is its gradient, NaN outside of [−1, 1]. Near ±1, where `erf` is flat, fewer digits are
 * correct: seven at 1 − 10⁻¹⁰.
 *
 * Source: Giles, "Approximating the erfinv Function", 2010, table 5, refined by two steps of Newton's method; torch.erfinv
 */
export const erfinv = composed("erfinv", (x: Tensor) => {
  const real = castTo(x, accepted(x.dtype, floats));
  // In float32, the error of erf divided by its small slope exceeds the improvement by Newton's method. Without float64, the
  // initial approximation is therefore the result; it is correct except for the last few digits of float32.
  const widest = widestFloat();
  const wide = castTo(real, widest);
  const edge = equal(abs(wide), 1);
  const inside = where(edge, 0, wide);
  const w = neg(log(mul(sub(1, inside), add(1, inside))));
  const central = less(w, 5);
  const near = polynomial(sub(where(central, w, 0), 2.5), erfinvNear);
  const far = polynomial(sub(sqrt(where(central, 5, w)), 3), erfinvFar);
  let root: Tensor = mul(inside, where(central, near, far));
  for (let step = 0; step < (widest === "float64" ? 2 : 0); step++) {
    const slope = mul(exp(neg(square(root))), 2 / Math.sqrt(Math.PI));
    root = sub(root, div(sub(erf(root), inside), slope));
  }
  // x / 0 at ±1: infinite, and so is its slope.
  const outer = where(edge, wide, 0);
  const ends = div(outer, sub(1, abs(outer)));
  return castTo(where(edge, ends, root), real.dtype);
});

// Coefficients from the highest power down.
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
  return composed(name, (x) => apply(name, [castTo(x, accepted(x.dtype, accepts))], {}));
}

function binary(name: BinaryName): Binary {
  const { accepts } = primitives[name];
  return pairwise(name, (a, b) => apply(name, alignedOperands(a, b, accepts), {}));
}

function composed(name: string, compute: (x: Tensor) => Tensor): Unary {
  return operation(name, [input], compute) as Unary;
}

function pairwise(name: string, compute: (a: Operand, b: Operand) => Tensor): Binary {
  return operation(name, [operand, operand], compute) as Binary;
}
