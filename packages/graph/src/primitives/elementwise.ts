import {
  allocate,
  dtypes,
  floats,
  numbers,
  type DType,
  type DTypes,
  type FloatType,
  type TypedArray,
} from "../dtype.js";
import { DTypeError } from "../errors.js";
import type { HostTensor, NoAttributes, Primitive, Sample, TensorType } from "../primitive.js";
import { draw, reals, sampleShapes, values, type Range } from "../samples.js";
import { broadcastShapes, sameShape, sizeOf, type Shape } from "../shape.js";
import { gatherView, repeatedView } from "../strided.js";

/** A primitive that computes each element of the output from the corresponding elements of its inputs, which broadcast. */
export interface Elementwise<
  Arity extends 1 | 2 | 3 = 1 | 2 | 3,
  Accepted extends DType = DType,
  Transcendental extends boolean = boolean,
>
  extends Primitive<NoAttributes, "elementwise">, ElementCost {
  readonly arity: Arity;
  /** The element types it computes on; the caller casts others. The condition of `where` is always bool. */
  readonly accepts: DTypes<Accepted>;
  /** Whether it has no float instruction on any machine, so that an engine needs an approximating function. */
  readonly transcendental: Transcendental;
}

/** A primitive that changes the element type. */
export interface Conversion extends Primitive<{ readonly dtype: DType }, "conversion">, ElementCost {
  readonly arity: 1;
  readonly accepts: DTypes<DType>;
}

interface ElementCost {
  /** The approximate number of instructions per element. */
  readonly cost: number;
}

interface Row<Accepted extends DType, Transcendental extends boolean> {
  readonly formula: string;
  /** Default: the floats. */
  readonly accepts?: DTypes<Accepted>;
  /** Default: 25 for a transcendental function, else 1. */
  readonly cost?: number;
  /** Default: false. */
  readonly transcendental?: Transcendental;
}

interface UnaryRow<Accepted extends DType, Transcendental extends boolean> extends Row<
  Accepted,
  Transcendental
> {
  readonly compute: (x: number) => number;
  readonly samples: Range;
}

interface BinaryRow<Accepted extends DType, Transcendental extends boolean> extends Row<
  Accepted,
  Transcendental
> {
  readonly compute: (a: number, b: number) => number;
  /** The computation on int32, if double arithmetic is not exact or some operands must throw. */
  readonly computeIntegers?: (a: number, b: number) => number;
  readonly samples: readonly [Range, Range];
  readonly result?: "bool";
}

export const neg = unary("neg", {
  formula: "−x",
  compute: (x) => -x,
  accepts: numbers,
  samples: reals(-2, 2),
});
export const abs = unary("abs", {
  formula: "|x|",
  compute: Math.abs,
  accepts: numbers,
  samples: reals(-2, 2, [0]),
});
export const sign = unary("sign", {
  formula: "−1, 0 or 1; NaN stays NaN",
  compute: Math.sign,
  accepts: numbers,
  samples: reals(-2, 2, [0]),
});
export const floor = unary("floor", {
  formula: "⌊x⌋",
  compute: Math.floor,
  accepts: numbers,
  samples: reals(-2.9, 2.9, [-2, -1, 0, 1, 2]),
});
export const round = unary("round", {
  formula: "nearest integer, halves to even",
  compute: roundHalfToEven,
  accepts: numbers,
  samples: reals(-2.4, 2.4, [-1.5, -0.5, 0.5, 1.5]),
});
export const exp = unary("exp", {
  formula: "eˣ",
  transcendental: true,
  compute: Math.exp,
  samples: reals(-2, 2),
});
export const expm1 = unary("expm1", {
  formula: "eˣ − 1",
  transcendental: true,
  compute: Math.expm1,
  samples: reals(-1, 1),
});
export const log = unary("log", {
  formula: "ln x",
  transcendental: true,
  compute: Math.log,
  samples: reals(0.2, 4),
});
export const log1p = unary("log1p", {
  formula: "ln(1 + x)",
  transcendental: true,
  compute: Math.log1p,
  samples: reals(-0.5, 2),
});
export const sqrt = unary("sqrt", { formula: "√x", compute: Math.sqrt, samples: reals(0.2, 4) });
export const sin = unary("sin", {
  formula: "sin x",
  transcendental: true,
  compute: Math.sin,
  samples: reals(-3, 3),
});
export const cos = unary("cos", {
  formula: "cos x",
  transcendental: true,
  compute: Math.cos,
  samples: reals(-3, 3),
});
export const atan = unary("atan", {
  formula: "arctan x",
  transcendental: true,
  compute: Math.atan,
  samples: reals(-3, 3),
});
export const sinh = unary("sinh", {
  formula: "sinh x",
  transcendental: true,
  compute: Math.sinh,
  samples: reals(-2, 2),
});
export const cosh = unary("cosh", {
  formula: "cosh x",
  transcendental: true,
  compute: Math.cosh,
  samples: reals(-2, 2),
});
export const tanh = unary("tanh", {
  formula: "tanh x",
  transcendental: true,
  compute: Math.tanh,
  samples: reals(-2, 2),
});
export const sigmoid = unary("sigmoid", {
  formula: "1 / (1 + e⁻ˣ)",
  transcendental: true,
  compute: stableSigmoid,
  samples: reals(-4, 4),
});
export const erf = unary("erf", {
  formula: "2/√π ∫₀ˣ e^(−t²) dt",
  transcendental: true,
  compute: errorFunction,
  samples: reals(-2.5, 2.5),
});

export const add = binary("add", {
  formula: "a + b",
  compute: (a, b) => a + b,
  accepts: numbers,
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const sub = binary("sub", {
  formula: "a − b",
  compute: (a, b) => a - b,
  accepts: numbers,
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const mul = binary("mul", {
  formula: "a · b",
  compute: (a, b) => a * b,
  computeIntegers: Math.imul,
  accepts: numbers,
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const div = binary("div", {
  formula: "a / b",
  compute: (a, b) => a / b,
  samples: [reals(-2, 2), reals(0.4, 2)],
});
export const pow = binary("pow", {
  formula: "aᵇ",
  transcendental: true,
  compute: power,
  computeIntegers: integerPower,
  accepts: numbers,
  samples: [reals(0.3, 2), reals(-2, 3)],
});
export const mod = binary("mod", {
  formula: "a − b·⌊a/b⌋, with the sign of b",
  compute: flooredModulo,
  computeIntegers: integerModulo,
  accepts: numbers,
  // It contains a division, which is slow.
  cost: 25,
  samples: [reals(-2.4, 2.4, [-2, -1, 0, 1, 2]), reals(2.6, 4)],
});
export const maximum = binary("maximum", {
  formula: "the larger of a and b; NaN if either is",
  compute: Math.max,
  accepts: dtypes,
  // A maximum that propagates NaN takes several processor instructions.
  cost: 6,
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const minimum = binary("minimum", {
  formula: "the smaller of a and b; NaN if either is",
  compute: Math.min,
  accepts: dtypes,
  // A minimum that propagates NaN takes several processor instructions.
  cost: 6,
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const less = binary("less", {
  formula: "a < b",
  compute: (a, b) => Number(a < b),
  accepts: dtypes,
  result: "bool",
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const lessEqual = binary("lessEqual", {
  formula: "a ≤ b",
  compute: (a, b) => Number(a <= b),
  accepts: dtypes,
  result: "bool",
  samples: [reals(-2, 2), reals(-2, 2)],
});
export const equal = binary("equal", {
  formula: "a = b",
  compute: (a, b) => Number(a === b),
  accepts: dtypes,
  result: "bool",
  samples: [reals(-2, 2), reals(-2, 2)],
});

export const where: Elementwise<3, DType, false> = {
  name: "where",
  kind: "elementwise",
  arity: 3,
  formula: "a where the condition holds, else b",
  accepts: dtypes,
  cost: 1,
  transcendental: false,
  shape([condition, a, b]) {
    return broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
  },
  dtype([condition, a, b]) {
    if (condition.dtype !== "bool") {
      throw new DTypeError("where", `the condition is ${condition.dtype}; expected bool`);
    }
    return sharedDType("where", [a, b], dtypes);
  },
  reference(inputs, _attributes, output) {
    const [condition, a, b] = inputs.map((input) => repeated(input, output.shape));
    for (let i = 0; i < output.data.length; i++) output.data[i] = condition[i] === 1 ? a[i] : b[i];
  },
  samples: sampleShapes.map((shape) => ({
    inputs: [flags(shape), draw(shape, reals(-2, 2), 0), draw(shape, reals(-2, 2), 1)],
    attributes: {},
  })),
};

export const cast: Conversion = {
  name: "cast",
  kind: "conversion",
  arity: 1,
  formula: "x in another element type; int32 truncates toward zero, bool is x ≠ 0",
  accepts: dtypes,
  cost: 1,
  shape: ([x]) => x.shape,
  dtype: (_inputs, { dtype }) => dtype,
  reference([x], { dtype }, output) {
    const convert = dtype === "bool" ? isTrue : dtype === "int32" ? toInteger : identity;
    for (let i = 0; i < x.data.length; i++) output.data[i] = convert(x.data[i]);
  },
  samples: [
    { inputs: [draw([2, 3], reals(-2, 2))], attributes: { dtype: "float64" } },
    { inputs: [draw([3, 1], reals(-9, 9))], attributes: { dtype: "int32" } },
    { inputs: [values("float64", [3], [0, -0.5, 2])], attributes: { dtype: "bool" } },
    { inputs: [values("int32", [2, 2], [0, 1, -7, 70000])], attributes: { dtype: "float64" } },
    { inputs: [flags([4])], attributes: { dtype: "int32" } },
  ],
};

function unary<Accepted extends DType = FloatType, Transcendental extends boolean = false>(
  name: string,
  row: UnaryRow<Accepted, Transcendental>,
): Elementwise<1, Accepted, Transcendental> {
  const common = commonFields(name, row);
  const { accepts } = common;
  return {
    ...common,
    arity: 1,
    shape: ([x]) => x.shape,
    dtype: (inputs) => sharedDType(name, inputs, accepts),
    reference([x], _attributes, output) {
      for (let i = 0; i < x.data.length; i++) output.data[i] = row.compute(x.data[i]);
    },
    samples: [
      ...sampleShapes.map((shape) => ({ inputs: [draw(shape, row.samples)], attributes: {} })),
      ...(accepts.includes("int32") ? [{ inputs: [integers([7])], attributes: {} }] : []),
    ],
  };
}

function binary<Accepted extends DType = FloatType, Transcendental extends boolean = false>(
  name: string,
  row: BinaryRow<Accepted, Transcendental>,
): Elementwise<2, Accepted, Transcendental> {
  const common = commonFields(name, row);
  const { accepts } = common;
  const [rangeA, rangeB] = row.samples;
  const samples: Sample<NoAttributes>[] = sampleShapes.map((shape) => ({
    inputs: [draw(shape, rangeA, 0), draw(shape, rangeB, 1)],
    attributes: {},
  }));
  if (accepts.includes("int32")) {
    samples.push({ inputs: [integers([7]), values("int32", [7], [1, 2, 3, 7, 2, 1, 3])], attributes: {} });
  }
  if (accepts.includes("bool")) {
    samples.push({ inputs: [flags([4]), values("bool", [4], [0, 0, 1, 1])], attributes: {} });
  }
  return {
    ...common,
    arity: 2,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    dtype: (inputs) => {
      const dtype = sharedDType(name, inputs, accepts);
      return row.result ?? dtype;
    },
    reference(inputs, _attributes, output) {
      const [a, b] = inputs.map((input) => repeated(input, output.shape));
      const compute = inputs[0].dtype === "int32" ? (row.computeIntegers ?? row.compute) : row.compute;
      for (let i = 0; i < output.data.length; i++) output.data[i] = compute(a[i], b[i]);
    },
    samples,
  };
}

/** The fields that unary and binary rows share, with their defaults. */
function commonFields<Accepted extends DType, Transcendental extends boolean>(
  name: string,
  row: Row<Accepted, Transcendental>,
) {
  // If a field is left out, its type parameter has the default type, so these casts are correct.
  const { accepts = floats as DTypes<Accepted>, transcendental = false as Transcendental } = row;
  const { formula, cost = transcendental ? 25 : 1 } = row;
  return { name, kind: "elementwise", formula, accepts, cost, transcendental } as const;
}

function integers(shape: Shape): HostTensor {
  return draw(shape, { low: -9, high: 9 }, 2, "int32");
}

function flags(shape: Shape): HostTensor {
  const { data } = draw(shape, { low: 0, high: 2 });
  return { shape, dtype: "bool", data: Uint8Array.from(data, (value) => Number(value >= 1)) };
}

/** The elements of an input broadcast to a shape. */
function repeated({ shape, dtype, data }: HostTensor, to: Shape): TypedArray {
  if (sameShape(shape, to)) return data;
  const elements = allocate(dtype, sizeOf(to));
  gatherView(data, repeatedView(shape, to), to, elements);
  return elements;
}

function sharedDType(name: string, inputs: readonly TensorType[], accepts: readonly DType[]): DType {
  const [{ dtype }] = inputs;
  if (!inputs.every((input) => input.dtype === dtype) || !accepts.includes(dtype)) {
    const got = inputs.map((input) => input.dtype).join(", ");
    throw new DTypeError(
      name,
      `got ${got}; expected ${accepts.join(", ")}, the same for all`,
      "Cast with x.cast(dtype)",
    );
  }
  return dtype;
}

function identity(x: number): number {
  return x;
}

function isTrue(x: number): number {
  return Number(x !== 0);
}

/** Truncates and saturates at the ends of int32, because wrapping around would map large numbers to arbitrary ones. */
function toInteger(x: number): number {
  return Math.min(Math.max(Math.trunc(x), -2147483648), 2147483647);
}

function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return Math.round(x);
  // −0.5 rounds to −0, as IEEE 754 has it; −1 + 1 would be 0.
  return below % 2 === 0 ? below : -(-below - 1);
}

/** Avoids e^|x|, which overflows and would make the gradient ∞/∞. */
function stableSigmoid(x: number): number {
  const decay = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + decay) : decay / (1 + decay);
}

/** In JavaScript, 1 ** NaN and 1 ** ∞ are NaN; in IEEE 754, C and PyTorch they are 1. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

function integerPower(base: number, exponent: number): number {
  if (exponent < 0) {
    throw new DTypeError(
      "pow",
      `got int32 and the exponent ${exponent}; expected at least 0`,
      'Cast with x.cast("float32")',
    );
  }
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

function flooredModulo(a: number, b: number): number {
  const remainder = a % b;
  return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
}

function integerModulo(a: number, b: number): number {
  if (b === 0) throw new DTypeError("mod", "got int32 and the divisor 0; the remainder is undefined");
  return flooredModulo(a, b);
}

/**
 * The error function to double precision: its Taylor series near 0, and elsewhere the continued fraction of erfc (DLMF 7.6.2
 * and 7.9.1). Each is truncated where further terms no longer change the result.
 */
function errorFunction(x: number): number {
  const magnitude = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 1.25) {
    // Adds small terms first. The factor e^(−x²) is outside the sum, so it rounds once.
    let sum = 1;
    for (let n = 25; n >= 1; n--) sum = 1 + (sum * 2 * x * x) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * x * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let n = 120; n >= 1; n--) fraction = n / 2 / (magnitude + fraction);
  const complement = Math.exp(-magnitude * magnitude) / (Math.sqrt(Math.PI) * (magnitude + fraction));
  return Math.sign(x) * (1 - complement);
}
