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
import type { Description, HostTensor, NoAttributes, Primitive, TensorType } from "../primitive.js";
import { draw, flags, reals, sampleShapes, values, type Bounds } from "../samples.js";
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

/** The range of each operand, with the points to avoid (see `reals`), or the samples themselves. */
type DescriptionOf<Row> =
  Row extends Elementwise<1>
    ? { readonly formula: string; readonly samples: Bounds }
    : Row extends Elementwise<2>
      ? { readonly formula: string; readonly samples: readonly [Bounds, Bounds] }
      : Row extends Primitive<infer Attributes>
        ? Description<Attributes>
        : never;

interface Row<Accepted extends DType, Transcendental extends boolean> {
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
}

interface BinaryRow<Accepted extends DType, Transcendental extends boolean> extends Row<
  Accepted,
  Transcendental
> {
  readonly compute: (a: number, b: number) => number;
  /** The computation on int32, if double arithmetic is not exact or some operands must throw. */
  readonly computeIntegers?: (a: number, b: number) => number;
  readonly result?: "bool";
}

const where: Elementwise<3, DType, false> = {
  name: "where",
  kind: "elementwise",
  arity: 3,

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
};

const cast: Conversion = {
  name: "cast",
  kind: "conversion",
  arity: 1,

  accepts: dtypes,
  cost: 1,
  shape: ([x]) => x.shape,
  dtype: (_inputs, { dtype }) => dtype,
  reference([x], { dtype }, output) {
    const convert = dtype === "bool" ? isTrue : dtype === "int32" ? toInteger : identity;
    for (let i = 0; i < x.data.length; i++) output.data[i] = convert(x.data[i]);
  },
};

/** The rows of the elementwise primitives, and of `cast`. */
export const elementwise = {
  neg: unary("neg", {
    compute: (x) => -x,
    accepts: numbers,
  }),
  abs: unary("abs", {
    compute: Math.abs,
    accepts: numbers,
  }),
  sign: unary("sign", {
    compute: Math.sign,
    accepts: numbers,
  }),
  floor: unary("floor", {
    compute: Math.floor,
    accepts: numbers,
  }),
  round: unary("round", {
    compute: roundHalfToEven,
    accepts: numbers,
  }),
  exp: unary("exp", {
    transcendental: true,
    compute: Math.exp,
  }),
  expm1: unary("expm1", {
    transcendental: true,
    compute: Math.expm1,
  }),
  log: unary("log", {
    transcendental: true,
    compute: Math.log,
  }),
  log1p: unary("log1p", {
    transcendental: true,
    compute: Math.log1p,
  }),
  sqrt: unary("sqrt", { compute: Math.sqrt }),
  sin: unary("sin", {
    transcendental: true,
    compute: Math.sin,
  }),
  cos: unary("cos", {
    transcendental: true,
    compute: Math.cos,
  }),
  tan: unary("tan", {
    transcendental: true,
    compute: Math.tan,
  }),
  atan: unary("atan", {
    transcendental: true,
    compute: Math.atan,
  }),
  sinh: unary("sinh", {
    transcendental: true,
    compute: Math.sinh,
  }),
  cosh: unary("cosh", {
    transcendental: true,
    compute: Math.cosh,
  }),
  tanh: unary("tanh", {
    transcendental: true,
    compute: Math.tanh,
  }),
  sigmoid: unary("sigmoid", {
    transcendental: true,
    compute: stableSigmoid,
  }),
  erf: unary("erf", {
    transcendental: true,
    compute: errorFunction,
  }),

  add: binary("add", {
    compute: (a, b) => a + b,
    accepts: numbers,
  }),
  sub: binary("sub", {
    compute: (a, b) => a - b,
    accepts: numbers,
  }),
  mul: binary("mul", {
    compute: (a, b) => a * b,
    computeIntegers: Math.imul,
    accepts: numbers,
  }),
  div: binary("div", {
    compute: (a, b) => a / b,
  }),
  pow: binary("pow", {
    transcendental: true,
    compute: power,
    computeIntegers: integerPower,
    accepts: numbers,
  }),
  mod: binary("mod", {
    compute: flooredModulo,
    computeIntegers: integerModulo,
    accepts: numbers,
    // It contains a division, which is slow.
    cost: 25,
  }),
  maximum: binary("maximum", {
    compute: Math.max,
    accepts: dtypes,
    // A maximum that propagates NaN takes several processor instructions.
    cost: 6,
  }),
  minimum: binary("minimum", {
    compute: Math.min,
    accepts: dtypes,
    // A minimum that propagates NaN takes several processor instructions.
    cost: 6,
  }),
  less: binary("less", {
    compute: (a, b) => Number(a < b),
    accepts: dtypes,
    result: "bool",
  }),
  lessEqual: binary("lessEqual", {
    compute: (a, b) => Number(a <= b),
    accepts: dtypes,
    result: "bool",
  }),
  equal: binary("equal", {
    compute: (a, b) => Number(a === b),
    accepts: dtypes,
    result: "bool",
  }),

  where,
  cast,
};

/** The formulas and the samples. */
export const elementwiseDescriptions: {
  readonly [Name in keyof typeof elementwise]: DescriptionOf<(typeof elementwise)[Name]>;
} = {
  neg: { formula: "−x", samples: [-2, 2] },
  abs: { formula: "|x|", samples: [-2, 2, [0]] },
  sign: { formula: "−1, 0 or 1; NaN stays NaN", samples: [-2, 2, [0]] },
  floor: { formula: "⌊x⌋", samples: [-2.9, 2.9, [-2, -1, 0, 1, 2]] },
  round: { formula: "nearest integer, halves to even", samples: [-2.4, 2.4, [-1.5, -0.5, 0.5, 1.5]] },
  exp: { formula: "eˣ", samples: [-2, 2] },
  expm1: { formula: "eˣ − 1", samples: [-1, 1] },
  log: { formula: "ln x", samples: [0.2, 4] },
  log1p: { formula: "ln(1 + x)", samples: [-0.5, 2] },
  sqrt: { formula: "√x", samples: [0.2, 4] },
  sin: { formula: "sin x", samples: [-3, 3] },
  cos: { formula: "cos x", samples: [-3, 3] },
  tan: { formula: "tan x", samples: [-1.2, 1.2] },
  atan: { formula: "arctan x", samples: [-3, 3] },
  sinh: { formula: "sinh x", samples: [-2, 2] },
  cosh: { formula: "cosh x", samples: [-2, 2] },
  tanh: { formula: "tanh x", samples: [-2, 2] },
  sigmoid: { formula: "1 / (1 + e⁻ˣ)", samples: [-4, 4] },
  erf: { formula: "2/√π ∫₀ˣ e^(−t²) dt", samples: [-2.5, 2.5] },
  add: {
    formula: "a + b",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  sub: {
    formula: "a − b",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  mul: {
    formula: "a · b",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  div: {
    formula: "a / b",
    samples: [
      [-2, 2],
      [0.4, 2],
    ],
  },
  pow: {
    formula: "aᵇ",
    samples: [
      [0.3, 2],
      [-2, 3],
    ],
  },
  mod: {
    formula: "a − b·⌊a/b⌋, with the sign of b",
    samples: [
      [-2.4, 2.4, [-2, -1, 0, 1, 2]],
      [2.6, 4],
    ],
  },
  maximum: {
    formula: "the larger of a and b; NaN if either is",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  minimum: {
    formula: "the smaller of a and b; NaN if either is",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  less: {
    formula: "a < b",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  lessEqual: {
    formula: "a ≤ b",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  equal: {
    formula: "a = b",
    samples: [
      [-2, 2],
      [-2, 2],
    ],
  },
  where: {
    formula: "a where the condition holds, else b",
    samples: () =>
      sampleShapes.map((shape) => ({
        inputs: [flags(shape), draw(shape, reals(-2, 2), 0), draw(shape, reals(-2, 2), 1)],
        attributes: {},
      })),
  },
  cast: {
    formula: "x in another element type; int32 truncates toward zero, bool is x ≠ 0",
    samples: () => [
      { inputs: [draw([2, 3], reals(-2, 2))], attributes: { dtype: "float64" } },
      { inputs: [draw([3, 1], reals(-9, 9))], attributes: { dtype: "int32" } },
      { inputs: [values("float64", [3], [0, -0.5, 2])], attributes: { dtype: "bool" } },
      { inputs: [values("int32", [2, 2], [0, 1, -7, 70000])], attributes: { dtype: "float64" } },
      { inputs: [flags([4])], attributes: { dtype: "int32" } },
    ],
  },
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
  };
}

function binary<Accepted extends DType = FloatType, Transcendental extends boolean = false>(
  name: string,
  row: BinaryRow<Accepted, Transcendental>,
): Elementwise<2, Accepted, Transcendental> {
  const common = commonFields(name, row);
  const { accepts } = common;
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
  };
}

/** The fields that unary and binary rows share, with their defaults. */
function commonFields<Accepted extends DType, Transcendental extends boolean>(
  name: string,
  row: Row<Accepted, Transcendental>,
) {
  // If a field is left out, its type parameter has the default type, so these casts are correct.
  const { accepts = floats as DTypes<Accepted>, transcendental = false as Transcendental } = row;
  const { cost = transcendental ? 25 : 1 } = row;
  return { name, kind: "elementwise", accepts, cost, transcendental } as const;
}

/** The elements of an input broadcast to a shape. */
function repeated({ shape, dtype, data }: HostTensor, to: Shape): TypedArray {
  if (sameShape(shape, to)) return data;
  const elements = allocate(dtype, sizeOf(to));
  gatherView(data, repeatedView(shape, to), to, elements);
  return elements;
}

function sharedDType(name: string, inputs: readonly TensorType[], accepts: readonly DType[]): DType {
  const { dtype } = inputs[0];
  let isShared = true;
  // A loop without a closure: every operation of a plain step runs through it.
  for (let i = 1; i < inputs.length; i++) if (inputs[i].dtype !== dtype) isShared = false;
  if (!isShared || !accepts.includes(dtype)) {
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
