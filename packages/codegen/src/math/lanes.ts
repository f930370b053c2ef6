import {
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  i64,
  i64x2,
  v128,
  type Expression,
  type ValueType,
} from "../machine/expression.js";
import type { FunctionBuilder, FunctionReference, Local } from "../machine/function-builder.js";
import type { Machine } from "../machine/machine.js";
import type { ParameterLocals, Signature } from "../machine/module-builder.js";
import type { FloatType } from "@stargrad/graph";

export type { FloatType };

/** Functions of the module that are emitted once and shared by all their callers. */
export interface SharedFunctions {
  readonly machine: Pick<Machine, "vectorBytes">;
  get<const P extends readonly ValueType[], R extends ValueType>(
    name: string,
    signature: Signature<P, R>,
    write: (body: FunctionBuilder, ...parameters: ParameterLocals<P>) => void,
  ): FunctionReference<R>;
}

export type Vector = Expression<"v128">;

interface Format {
  readonly fractionBits: number;
  readonly bias: number;
  readonly smallestNormal: number;
  readonly largest: number;
}

const formats: Readonly<Record<FloatType, Format>> = {
  float32: { fractionBits: 23, bias: 127, smallestNormal: 2 ** -126, largest: (2 - 2 ** -23) * 2 ** 127 },
  float64: { fractionBits: 52, bias: 1023, smallestNormal: 2 ** -1022, largest: Number.MAX_VALUE },
};

/**
 * Arithmetic on vectors of one element type, so that a function is written once for float32 and float64. An expression is computed
 * at each of its uses, so a value that is used more than once must be stored with `keep`.
 */
export class Lanes {
  readonly body: FunctionBuilder;
  readonly dtype: FloatType;
  readonly relaxed: boolean;
  readonly shared: SharedFunctions;
  readonly format: Format;
  readonly #float: typeof f32x4 | typeof f64x2;
  readonly #integer: typeof i32x4 | typeof i64x2;
  /** Adding this constant to a small number rounds it to an integer, and leaves integer + bias in the lowest bits of the sum. */
  readonly #rounding: number;

  /** `relaxed`: use multiply-adds that the machine may fuse. `shared`: the shared functions of the module that contains the body. */
  constructor(
    body: FunctionBuilder,
    dtype: FloatType,
    { relaxed, shared }: { readonly relaxed: boolean; readonly shared: SharedFunctions },
  ) {
    this.body = body;
    this.dtype = dtype;
    this.relaxed = relaxed;
    this.shared = shared;
    this.format = formats[dtype];
    this.#float = dtype === "float32" ? f32x4 : f64x2;
    this.#integer = dtype === "float32" ? i32x4 : i64x2;
    this.#rounding = 1.5 * 2 ** this.format.fractionBits + this.format.bias;
  }

  /** The same arithmetic on the other element type, in the same function. */
  as(dtype: FloatType): Lanes {
    return new Lanes(this.body, dtype, this);
  }

  constant(value: number): Vector {
    const { dtype, body } = this;
    return body.hoist(dtype === "float32" ? f32x4.splat(f32.const(value)) : f64x2.splat(f64.const(value)));
  }

  /** An integer in each lane. */
  bits(value: bigint): Vector {
    const { dtype, body } = this;
    return body.hoist(
      dtype === "float32" ? i32x4.splat(i32.const(Number(value))) : i64x2.splat(i64.const(value)),
    );
  }

  keep(value: Vector): Local<"v128"> {
    return this.body.keep(value);
  }

  add(a: Vector, b: Vector): Vector {
    return this.#float.add(a, b);
  }

  sub(a: Vector, b: Vector): Vector {
    return this.#float.sub(a, b);
  }

  mul(a: Vector, b: Vector): Vector {
    return this.#float.mul(a, b);
  }

  div(a: Vector, b: Vector): Vector {
    return this.#float.div(a, b);
  }

  abs(a: Vector): Vector {
    return this.#float.abs(a);
  }

  neg(a: Vector): Vector {
    return this.#float.neg(a);
  }

  less(a: Vector, b: Vector): Vector {
    return this.#float.less(a, b);
  }

  greater(a: Vector, b: Vector): Vector {
    return this.#float.greater(a, b);
  }

  greaterEqual(a: Vector, b: Vector): Vector {
    return this.#float.greaterEqual(a, b);
  }

  equal(a: Vector, b: Vector): Vector {
    return this.#float.eq(a, b);
  }

  notEqual(a: Vector, b: Vector): Vector {
    return this.#float.ne(a, b);
  }

  /** x limited to `low` … `high`; NaN stays NaN. */
  clamp(x: Vector, low: number, high: number): Vector {
    return this.#float.pseudoMin(this.#float.pseudoMax(x, this.constant(low)), this.constant(high));
  }

  atMost(x: Vector, high: Vector): Vector {
    return this.#float.pseudoMin(x, high);
  }

  atLeast(x: Vector, low: Vector): Vector {
    return this.#float.pseudoMax(x, low);
  }

  /** a · b + c */
  multiplyAdd(a: Vector, b: Vector, c: Vector): Vector {
    return this.relaxed ? this.#float.relaxedMultiplyAdd(a, b, c) : this.#float.add(this.#float.mul(a, b), c);
  }

  /** c − a · b */
  multiplySubtract(a: Vector, b: Vector, c: Vector): Vector {
    return this.relaxed
      ? this.#float.relaxedNegativeMultiplyAdd(a, b, c)
      : this.#float.sub(c, this.#float.mul(a, b));
  }

  /** c₀ + c₁ x + c₂ x² + … by Horner's rule. Its steps depend on each other, but the processor overlaps them with those of the next vector. */
  polynomial(x: Local<"v128">, coefficients: readonly number[]): Vector {
    return coefficients.map((c) => this.constant(c)).reduceRight((sum, c) => this.multiplyAdd(sum, x, c));
  }

  /** The integers nearest to x · factor, for results up to 2²¹ (float32) or 2⁵⁰ (float64). */
  roundProduct(x: Vector, factor: number): Vector {
    const rounding = this.constant(this.#rounding);
    return this.sub(this.multiplyAdd(x, this.constant(factor), rounding), rounding);
  }

  /** The nearest integers, for x of any size. */
  nearest(x: Vector): Vector {
    return this.#float.nearest(x);
  }

  /** 2ⁿ for an integer n for which that is a normal number. */
  powerOfTwo(n: Vector): Vector {
    return this.shiftLeft(this.add(n, this.constant(this.#rounding)), this.format.fractionBits);
  }

  /** 2⁻ⁿ */
  inversePowerOfTwo(n: Vector): Vector {
    return this.shiftLeft(this.sub(this.constant(this.#rounding), n), this.format.fractionBits);
  }

  /** The sign bit where the integer is odd, 0 where it is even. */
  signOfOdd(n: Vector): Vector {
    // The bias is odd, so the lowest bit is inverted.
    const even = this.shiftLeft(this.add(n, this.constant(this.#rounding)), this.#signPosition);
    return v128.xor(even, this.#signBit());
  }

  signOf(x: Vector): Vector {
    return v128.and(x, this.#signBit());
  }

  /** y, which must not be negative, with the sign of x. This also gives a zero the right sign. */
  withSignOf(y: Vector, x: Vector): Vector {
    return v128.or(y, this.signOf(x));
  }

  /**
   * x = m · 2ᵏ with √½ ≤ m < √2 for normal x > 0. The bits of √½ are subtracted, so that the exponent field changes at m = √½
   * and then holds k.
   */
  split(x: Local<"v128">): { readonly exponent: Vector; readonly fraction: Vector } {
    const { fractionBits, bias } = this.format;
    const one = BigInt(bias) << BigInt(fractionBits);
    const field = -(1n << BigInt(fractionBits));
    const start = one - (this.dtype === "float32" ? 0x4afb0dn : 0x95f619980c433n);
    const shifted = this.keep(this.#integer.sub(x, this.bits(start)));
    const fraction = this.#integer.sub(x, v128.and(shifted, this.bits(field)));
    if (this.dtype === "float32") {
      return {
        exponent: f32x4.convertI32Signed(i32x4.shiftRightSigned(shifted, i32.const(fractionBits))),
        fraction,
      };
    }
    // There is no instruction that converts 64-bit integers, so the biased exponent is written into the fraction of 2⁵².
    const field52 = i64x2.shiftRightUnsigned(i64x2.add(shifted, this.bits(one)), i32.const(fractionBits));
    const exponent = v128.or(field52, this.constant(2 ** fractionBits));
    return { exponent: this.sub(exponent, this.constant(2 ** fractionBits + bias)), fraction };
  }

  shiftLeft(x: Vector, count: number): Vector {
    return this.#integer.shiftLeft(x, i32.const(count));
  }

  /** Elements of a where the mask is set, of b elsewhere. */
  select(mask: Vector, a: Vector, b: Vector): Vector {
    return v128.bitSelect(a, b, mask);
  }

  /** 1 if the mask is not set in every lane. */
  notAll(mask: Vector): Expression<"i32"> {
    // The top bits of the 32-bit halves serve as the test for float64 masks too.
    return i32x4.notAll(mask);
  }

  /** The mask of lanes that are positive, normal and finite. Functions of positive numbers need no special case for them. */
  isOrdinary(x: Vector): Vector {
    const { smallestNormal, largest } = this.format;
    return v128.and(
      this.#float.greaterEqual(x, this.constant(smallestNormal)),
      this.#float.lessEqual(x, this.constant(largest)),
    );
  }

  get #signPosition(): number {
    return this.dtype === "float32" ? 31 : 63;
  }

  #signBit(): Vector {
    return this.bits(this.dtype === "float32" ? -(1n << 31n) : -(1n << 63n));
  }
}
