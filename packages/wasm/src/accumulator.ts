import type { ReduceKernel } from "@stargrad/compiler";
import type { DType } from "@stargrad/graph";
import { f32x4, f64x2, i32x4, v128, type Expression } from "./assembler/expression.js";
import type { FunctionBuilder } from "./assembler/function-builder.js";
import { constant } from "./spelling.js";
import type { Width } from "./vectors.js";

type Vector = Expression<"v128">;

/** What a reduction has combined so far: vectors lane by lane, and at the end perhaps the lanes. */
export interface Accumulator {
  /** What changes nothing when it is added, in every lane. */
  readonly identity: Vector;
  reset(): void;
  /** Takes in a vector, which must be in a local. */
  add(value: Vector): void;
  /** The lanes, each a result of its own. */
  lanes(): Vector;
  /** All lanes combined, in the first. */
  fold(): Vector;
}

/** How vectors are combined, and what they start from. */
interface Combination {
  readonly combine: (a: Vector, b: Vector) => Vector;
  readonly identity: number;
}

type Reduction = ReduceKernel["combine"];

const combinations: Readonly<Record<Reduction, Readonly<Partial<Record<DType, Combination>>>>> = {
  sum: {
    int32: { combine: i32x4.add, identity: 0 },
    float64: { combine: f64x2.add, identity: 0 },
  },
  prod: {
    int32: { combine: i32x4.mul, identity: 1 },
    float32: { combine: f32x4.mul, identity: 1 },
    float64: { combine: f64x2.mul, identity: 1 },
  },
  max: {
    bool: { combine: v128.or, identity: 0 },
    int32: { combine: i32x4.max, identity: -2147483648 },
    float32: { combine: f32x4.max, identity: -Infinity },
    float64: { combine: f64x2.max, identity: -Infinity },
  },
};

export function accumulatorFor(
  body: FunctionBuilder,
  name: Reduction,
  dtype: DType,
  width: Width,
): Accumulator {
  if (name === "sum" && dtype === "float32") return doubleSum(body, width);
  const combination = combinations[name][dtype];
  if (combination === undefined) throw new Error(`no ${name} for ${dtype}`);
  const { combine } = combination;
  const identity = constant(dtype, combination.identity);
  const total = body.local("v128");
  return {
    identity,
    reset() {
      total.set(identity);
    },
    add(value) {
      total.set(combine(total, value));
    },
    lanes: () => total,
    fold() {
      for (const lanes of foldings(dtype, width))
        total.set(combine(total, v128.shuffle(total, total, lanes)));
      return total;
    },
  };
}

/**
 * Sums float32 in float64, as the reference engine does: a million numbers added in float32 would lose the last three
 * digits, and memory is the limit anyway.
 */
function doubleSum(body: FunctionBuilder, width: Width): Accumulator {
  const halves = width === 4 ? [body.local("v128"), body.local("v128")] : [body.local("v128")];
  const [low, high] = halves;
  const identity = constant("float32", 0);
  return {
    identity,
    reset() {
      for (const half of halves) half.set(constant("float64", 0));
    },
    add(value) {
      low.set(f64x2.add(low, f64x2.promoteLowF32(value)));
      if (width === 4) high.set(f64x2.add(high, f64x2.promoteLowF32(v128.shuffle(value, value, upperFirst))));
    },
    lanes() {
      if (width === 2) return f32x4.demoteF64Zero(low);
      return v128.shuffle(f32x4.demoteF64Zero(low), f32x4.demoteF64Zero(high), lowerOfBoth);
    },
    fold() {
      if (width === 4) low.set(f64x2.add(low, high));
      low.set(f64x2.add(low, v128.shuffle(low, low, upperFirst)));
      return f32x4.demoteF64Zero(low);
    },
  };
}

/** Shuffles: the halves of a vector exchanged; pairs of lanes exchanged; the lower halves of two vectors. */
const upperFirst = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];
const neighboursFirst = [4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11];
const lowerOfBoth = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

/** Shuffles that bring every lane onto the first, one halving at a time. */
function foldings(dtype: DType, width: Width): number[][] {
  if (dtype === "float64") return [upperFirst];
  return width === 4 ? [upperFirst, neighboursFirst] : [neighboursFirst];
}
