import type { AcceptedType, DType, NameOfKind } from "@stargrad/graph";
import { f32x4, f64x2, i32x4, v128, type Expression } from "./assembler/expression.js";
import type { FunctionBuilder, Local } from "./assembler/function-builder.js";
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
  /** Takes in a vector as its two halves, each in the lower half of its own: where that is less work. */
  readonly addHalves?: (low: Vector, high: Vector) => void;
  /** Takes in what another accumulator of the same kind has combined. */
  merge(other: Accumulator): void;
  /** The lanes, each a result of its own. */
  lanes(): Vector;
  /** All lanes combined, in the first. */
  fold(): Vector;
  /** What it is made of, for `merge`. */
  readonly parts: readonly Local<"v128">[];
}

type Combine = (a: Vector, b: Vector) => Vector;

type MakeAccumulator = (body: FunctionBuilder, width: Width) => Accumulator;

/** The accumulators of a reduction for each element type that its row accepts, and for no other. */
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

export function accumulatorFor(
  body: FunctionBuilder,
  name: NameOfKind<"reduction">,
  dtype: DType,
  width: Width,
): Accumulator {
  // Nodes have no other types than their rows accept, and those the table has.
  const byType = accumulators[name] as Readonly<Record<DType, MakeAccumulator>>;
  return byType[dtype](body, width);
}

/** Combines vectors, beginning with what changes nothing. */
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
 * Sums float32 in float64, as the reference engine does: a million numbers added in float32 would lose the last three
 * digits, and memory is the limit anyway.
 */
function doubleSum(body: FunctionBuilder, width: Width): Accumulator {
  const parts = width === 4 ? [body.local("v128"), body.local("v128")] : [body.local("v128")];
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
      if (width === 4) addHalves(value, v128.shuffle(value, value, upperFirst));
      else low.set(f64x2.add(low, f64x2.promoteLowF32(value)));
    },
    ...(width === 4 ? { addHalves } : {}),
    merge(other) {
      parts.forEach((part, i) => {
        part.set(f64x2.add(part, other.parts[i]));
      });
    },
    lanes() {
      if (width === 2) return f32x4.demoteF64Zero(low);
      return v128.shuffle(f32x4.demoteF64Zero(low), f32x4.demoteF64Zero(high), lowerOfBoth);
    },
    fold() {
      if (width === 4) low.set(f64x2.add(low, high));
      return f32x4.demoteF64Zero(folded(low, "float64", 2, f64x2.add));
    },
  };
}

/**
 * The maximum, NaN if one is among the elements. The instruction that propagates NaN takes eight of the processor's; the one
 * that drops it takes one, so whether there was any is remembered beside it.
 */
function floatMaximum(body: FunctionBuilder, dtype: "float32" | "float64", width: Width): Accumulator {
  const lanes = dtype === "float32" ? f32x4 : f64x2;
  const [largest, notNumbers] = [body.local("v128"), body.local("v128")];
  const identity = constant(dtype, -Infinity);
  const combine = (value: Vector, notNumber: Vector): void => {
    largest.set(lanes.pseudoMax(largest, value));
    notNumbers.set(v128.or(notNumbers, notNumber));
  };
  // A mask of ones is a NaN.
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

/** Combines all lanes into the first. */
function folded(total: Local<"v128">, dtype: DType, width: Width, combine: Combine): Vector {
  for (const lanes of foldings(dtype, width)) total.set(combine(total, v128.shuffle(total, total, lanes)));
  return total;
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
