import type { AcceptedType, DType, NameOfKind } from "@stargrad/graph";
import { f32x4, f64x2, i32x4, v128, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import type { Machine } from "./machine/machine.js";
import { constant } from "./elementwise.js";

type Vector = Expression<"v128">;

/** The running value of a reduction. It combines vectors lane by lane; `fold` combines the lanes at the end. */
export interface Accumulator {
  /** The identity element of the reduction, in every lane. */
  readonly identity: Vector;
  reset(): void;
  /** Combines with a vector, which must be in a local. */
  add(value: Vector): void;
  /** Combines with a vector given as two halves, each in the lower half of a vector. Absent where that saves no work. */
  readonly addHalves?: (low: Vector, high: Vector) => void;
  /** Combines with the running value of another accumulator of the same kind. */
  merge(other: Accumulator): void;
  /** The lanes, each of which is a separate result. */
  lanes(): Vector;
  /** All lanes combined into the first lane. */
  fold(): Vector;
  /** The locals that hold the running value, for `merge`. */
  readonly parts: readonly Local<"v128">[];
}

type Combine = (a: Vector, b: Vector) => Vector;

type MakeAccumulator = (body: FunctionBuilder, width: AccumulatorWidth) => Accumulator;

/** The accumulators of a reduction, for exactly the element types that its row of the primitives table accepts. */
type AccumulatorsOf<R extends NameOfKind<"reduction">> = {
  readonly [D in AcceptedType<R>]: MakeAccumulator;
} & { readonly [D in Exclude<DType, AcceptedType<R>>]?: never };

const accumulators: { readonly [R in NameOfKind<"reduction">]: AccumulatorsOf<R> } = {
  sum: {
    int32: combined("int32", i32x4.add, 0),
    float32: doubleSum,
    float64: combined("float64", f64x2.add, 0),
  },
  prod: {
    int32: combined("int32", i32x4.mul, 1),
    float32: combined("float32", f32x4.mul, 1),
    float64: combined("float64", f64x2.mul, 1),
  },
  max: {
    bool: combined("bool", v128.or, 0),
    int32: combined("int32", i32x4.max, -2147483648),
    float32: (body, width) => floatMaximum(body, "float32", width),
    float64: (body, width) => floatMaximum(body, "float64", width),
  },
};

/** The width of the vectors that a reduction combines. With `half`, 32-bit elements fill only the lower half of a vector. */
export interface AccumulatorWidth {
  readonly machine: Pick<Machine, "vectorBytes">;
  readonly half: boolean;
}

export function accumulatorFor(
  body: FunctionBuilder,
  name: NameOfKind<"reduction">,
  dtype: DType,
  width: AccumulatorWidth,
): Accumulator {
  // A node only has types that the primitive's row accepts, and the table has an entry for each of them.
  const byType = accumulators[name] as Readonly<Record<DType, MakeAccumulator>>;
  return byType[dtype](body, width);
}

/** Combines vectors with one operation, starting from its identity element. */
function combined(dtype: DType, combine: Combine, initial: number): MakeAccumulator {
  return (body, width) => {
    const identity = constant(dtype, initial);
    const total = body.local("v128");
    return {
      identity,
      parts: [total],
      reset() {
        total.set(identity);
      },
      add(value) {
        total.set(combine(total, value));
      },
      merge({ parts }) {
        total.set(combine(total, parts[0]));
      },
      lanes: () => total,
      fold: () => folded(total, dtype, width, combine),
    };
  };
}

/**
 * Sums float32 in float64, as the reference engine does. A float32 sum of a million numbers would lose the last three
 * digits, and the float64 sum costs no time because memory bandwidth is the limit.
 */
function doubleSum(body: FunctionBuilder, { half, machine }: AccumulatorWidth): Accumulator {
  const parts = half ? [body.local("v128")] : [body.local("v128"), body.local("v128")];
  const [low, high] = parts;
  const addHalves = (first: Vector, second: Vector): void => {
    low.set(f64x2.add(low, f64x2.promoteLowF32(first)));
    high.set(f64x2.add(high, f64x2.promoteLowF32(second)));
  };
  return {
    identity: constant("float32", 0),
    parts,
    reset() {
      for (const part of parts) part.set(constant("float64", 0));
    },
    add(value) {
      if (half) low.set(f64x2.add(low, f64x2.promoteLowF32(value)));
      else addHalves(value, v128.exchange(value, machine.vectorBytes / 2));
    },
    ...(half ? {} : { addHalves }),
    merge(other) {
      parts.forEach((part, i) => {
        part.set(f64x2.add(part, other.parts[i]));
      });
    },
    lanes() {
      if (half) return f32x4.demoteF64Zero(low);
      return v128.lowerHalves(f32x4.demoteF64Zero(low), f32x4.demoteF64Zero(high));
    },
    fold() {
      if (!half) low.set(f64x2.add(low, high));
      return f32x4.demoteF64Zero(folded(low, "float64", { half, machine }, f64x2.add));
    },
  };
}

/**
 * The maximum, or NaN if an element is NaN. The WebAssembly instruction that propagates NaN compiles to eight machine
 * instructions, the one that drops NaN to one. So the latter is used, and a separate mask records whether a NaN occurred.
 */
function floatMaximum(
  body: FunctionBuilder,
  dtype: "float32" | "float64",
  width: AccumulatorWidth,
): Accumulator {
  const lanes = dtype === "float32" ? f32x4 : f64x2;
  const [largest, notNumbers] = [body.local("v128"), body.local("v128")];
  const identity = constant(dtype, -Infinity);
  const combine = (value: Vector, notNumber: Vector): void => {
    largest.set(lanes.pseudoMax(largest, value));
    notNumbers.set(v128.or(notNumbers, notNumber));
  };
  // A mask of all ones, read as a float, is NaN.
  const result = (): Vector => v128.or(largest, notNumbers);
  return {
    identity,
    parts: [largest, notNumbers],
    reset() {
      largest.set(identity);
      notNumbers.set(constant("int32", 0));
    },
    add(value) {
      combine(value, lanes.ne(value, value));
    },
    merge({ parts: [other, others] }) {
      combine(other, others);
    },
    lanes: result,
    fold() {
      largest.set(result());
      return folded(largest, dtype, width, lanes.max);
    },
  };
}

/** Combines all lanes into the first. Each step combines the two halves of the remaining lanes. */
function folded(
  total: Local<"v128">,
  dtype: DType,
  { half, machine: { vectorBytes } }: AccumulatorWidth,
  combine: Combine,
): Vector {
  const laneBytes = dtype === "float64" ? 8 : 4;
  const usedBytes = half && laneBytes === 4 ? vectorBytes / 2 : vectorBytes;
  for (let bytes = usedBytes / 2; bytes >= laneBytes; bytes /= 2) {
    total.set(combine(total, v128.exchange(total, bytes)));
  }
  return total;
}
