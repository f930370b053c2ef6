import type { ElementwiseName } from "@stargrad/compiler";
import type { AcceptedType, DType, FloatType } from "@stargrad/graph";
import { f32, f32x4, f64, f64x2, i32, i32x4, v128, type Expression } from "./machine/expression.js";
import type { FunctionBuilder } from "./machine/function-builder.js";
import { integerPower } from "./math/integer-power.js";
import { atan } from "./math/arctangent.js";
import { erf } from "./math/error-function.js";
import { cosh, exp, expm1, sigmoid, sinh, tanh } from "./math/exponential.js";
import { log, log1p } from "./math/logarithm.js";
import type { MathFunction, MathLibrary } from "./math/math-library.js";
import { modulo } from "./math/modulo.js";
import { pow } from "./math/power.js";
import { cos, sin } from "./math/sine.js";
import { tan } from "./math/tangent.js";

/**
 * Generates vector code for each elementwise primitive. int32 and float32 use 32-bit lanes, float64 uses 64-bit lanes, and
 * a bool is a 32-bit lane of all ones or all zeros. A loop that contains float64 processes as many elements at a time as
 * there are 64-bit lanes; its 32-bit elements fill the lower half of their vectors.
 */
type Vector = Expression<"v128">;

/** The operands, already in locals, and the context in which the operation is emitted. */
interface Operands {
  readonly inputs: readonly Vector[];
  /** The element type of the result. */
  readonly to: DType;
  /** The function that receives the code, and the library of its transcendental functions. */
  readonly body: FunctionBuilder;
  readonly math: MathLibrary;
}

type Emitter = (operands: Operands) => Vector;

/** The emitters of a primitive, for exactly the element types that its row of the primitives table accepts. */
type EmittersOf<P extends ElementwiseName> = { readonly [D in AcceptedType<P>]: Emitter } & {
  readonly [D in Exclude<DType, AcceptedType<P>>]?: never;
};

const emitters: { readonly [P in ElementwiseName]: EmittersOf<P> } = {
  neg: byType({ int32: i32x4.neg, float32: f32x4.neg, float64: f64x2.neg }),
  abs: byType({ int32: i32x4.abs, float32: f32x4.abs, float64: f64x2.abs }),
  sign: byType({
    int32: (x) => i32x4.max(i32x4.min(x, constant("int32", 1)), constant("int32", -1)),
    float32: (x) => signOf("float32", x),
    float64: (x) => signOf("float64", x),
  }),
  floor: byType({ int32: same, float32: f32x4.floor, float64: f64x2.floor }),
  round: byType({ int32: same, float32: f32x4.nearest, float64: f64x2.nearest }),
  sqrt: byType({ float32: f32x4.sqrt, float64: f64x2.sqrt }),
  exp: mathFunction(exp),
  expm1: mathFunction(expm1),
  log: mathFunction(log),
  log1p: mathFunction(log1p),
  sin: mathFunction(sin),
  cos: mathFunction(cos),
  tan: mathFunction(tan),
  atan: mathFunction(atan),
  sinh: mathFunction(sinh),
  cosh: mathFunction(cosh),
  tanh: mathFunction(tanh),
  sigmoid: mathFunction(sigmoid),
  erf: mathFunction(erf),
  pow: {
    int32: ({ inputs: [a, b], body }) => integerPower(body, a, b),
    ...mathFunction(pow),
  },

  add: byType({ int32: i32x4.add, float32: f32x4.add, float64: f64x2.add }),
  sub: byType({ int32: i32x4.sub, float32: f32x4.sub, float64: f64x2.sub }),
  mul: byType({ int32: i32x4.mul, float32: f32x4.mul, float64: f64x2.mul }),
  div: byType({ float32: f32x4.div, float64: f64x2.div }),
  maximum: byType({ bool: v128.or, int32: i32x4.max, float32: f32x4.max, float64: f64x2.max }),
  minimum: byType({ bool: v128.and, int32: i32x4.min, float32: f32x4.min, float64: f64x2.min }),
  less: byType({
    bool: (a, b) => v128.andNot(b, a),
    int32: i32x4.less,
    float32: f32x4.less,
    float64: (a, b) => v128.narrowMasks(f64x2.less(a, b)),
  }),
  lessEqual: byType({
    bool: (a, b) => v128.or(b, v128.not(a)),
    int32: i32x4.lessEqual,
    float32: f32x4.lessEqual,
    float64: (a, b) => v128.narrowMasks(f64x2.lessEqual(a, b)),
  }),
  equal: byType({
    bool: i32x4.eq,
    int32: i32x4.eq,
    float32: f32x4.eq,
    float64: (a, b) => v128.narrowMasks(f64x2.eq(a, b)),
  }),

  mod: {
    int32: ({ inputs: [a, b], body }) => modulo(body, "int32", a, b),
    float32: ({ inputs: [a, b], body }) => modulo(body, "float32", a, b),
    float64: ({ inputs: [a, b], body }) => modulo(body, "float64", a, b),
  },

  where: {
    bool: choice,
    int32: choice,
    float32: choice,
    float64: ({ inputs: [condition, a, b] }) => v128.bitSelect(a, b, v128.widenMasks(condition)),
  },
  cast: {
    bool: convertFrom("bool"),
    int32: convertFrom("int32"),
    float32: convertFrom("float32"),
    float64: convertFrom("float64"),
  },
};

/** Emits a primitive. `from` is the type of its operands (for `where`, of the values, not of the condition). */
export function emitElementwise(primitive: ElementwiseName, from: DType, operands: Operands): Vector {
  // A node only has types that the primitive's row accepts, and the table has an entry for each of them.
  const byType = emitters[primitive] as Readonly<Record<DType, Emitter>>;
  return byType[from](operands);
}

type Conversion = (x: Vector) => Vector;

const conversions: Readonly<Record<DType, Readonly<Record<DType, Conversion>>>> = {
  bool: {
    bool: same,
    int32: (x) => v128.and(x, constant("int32", 1)),
    float32: (x) => v128.and(x, constant("float32", 1)),
    float64: (x) => v128.and(v128.widenMasks(x), constant("float64", 1)),
  },
  int32: {
    bool: (x) => v128.not(i32x4.eq(x, constant("int32", 0))),
    int32: same,
    float32: f32x4.convertI32Signed,
    float64: f64x2.convertLowI32Signed,
  },
  float32: {
    bool: (x) => f32x4.ne(x, constant("float32", 0)),
    int32: i32x4.truncSaturateF32,
    float32: same,
    float64: f64x2.promoteLowF32,
  },
  float64: {
    bool: (x) => v128.narrowMasks(f64x2.ne(x, constant("float64", 0))),
    int32: i32x4.truncSaturateF64Zero,
    float32: f32x4.demoteF64Zero,
    float64: same,
  },
};

/** A vector with the same number in every lane. */
export function constant(dtype: DType, value: number): Vector {
  switch (dtype) {
    case "bool":
      return i32x4.splat(i32.const(value === 0 ? 0 : -1));
    case "int32":
      return i32x4.splat(i32.const(value));
    case "float32":
      return f32x4.splat(f32.const(value));
    case "float64":
      return f64x2.splat(f64.const(value));
  }
}

/** 1 or −1 by the sign of x; x itself where x is 0 or NaN. */
function signOf(dtype: "float32" | "float64", x: Vector): Vector {
  const lanes = dtype === "float32" ? f32x4 : f64x2;
  const zero = constant(dtype, 0);
  const below = v128.bitSelect(constant(dtype, -1), x, lanes.less(x, zero));
  return v128.bitSelect(constant(dtype, 1), below, lanes.greater(x, zero));
}

function same(x: Vector): Vector {
  return x;
}

/** Emitters that need only the operands. */
function byType<D extends DType>(
  instructions: Readonly<Record<D, (a: Vector, b: Vector) => Vector>>,
): Readonly<Record<D, Emitter>> {
  const entries = Object.entries<(a: Vector, b: Vector) => Vector>(instructions);
  return Object.fromEntries(
    entries.map(([dtype, write]): [string, Emitter] => [dtype, ({ inputs: [a, b] }) => write(a, b)]),
  ) as Record<D, Emitter>;
}

/** Emitters of an approximated function, for both floating-point types. */
function mathFunction(write: MathFunction): Readonly<Record<FloatType, Emitter>> {
  const of = (dtype: FloatType): Emitter => {
    return ({ inputs, body, math }) => math.inline(body, dtype, write, inputs);
  };
  return { float32: of("float32"), float64: of("float64") };
}

function choice({ inputs: [condition, a, b] }: Operands): Vector {
  return v128.bitSelect(a, b, condition);
}

function convertFrom(from: DType): Emitter {
  return ({ inputs: [x], to }) => conversions[from][to](x);
}
