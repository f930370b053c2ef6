import {
  leafKey,
  leavesOf,
  subexpressionsOf,
  refine,
  tiled,
  type Iteration,
  type Layout,
  type Leaf,
  type LoopExpression,
  type Target,
} from "@stargrad/compiler";
import { bytesPerElement, type DType, type Shape } from "@stargrad/graph";
import { i32, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import { piecesOf, type Share } from "./kernel-context.js";
import { LoopValues, type LaneRange, type OperandCursor } from "./loop-values.js";
import type { Machine } from "./machine/machine.js";
import type { MathLibrary } from "./math/math-library.js";
import { storeElement, storeVector } from "./vectors.js";

export interface LoopInputs {
  readonly shape: Shape;
  readonly expressions: readonly LoopExpression[];
  /** The locations of the results, which are walked like the operands. */
  readonly results: readonly { readonly dtype: DType; readonly buffer: number; readonly layout: Layout }[];
  /** Digits of axes in different groups are not merged. */
  readonly group?: (axis: number) => number;
  /** Whether digits may be walked in a different order than the shape's. */
  readonly inAnyOrder?: boolean;
}

/** The context that `LoopWriter` needs to emit loops. */
export interface LoopContext {
  readonly body: FunctionBuilder;
  readonly math: MathLibrary;
  readonly target: Target;
  readonly machine: Machine;
  readonly addressOf: (buffer: number, element: number) => Expression<"i32">;
  readonly share: Share | null;
  /** The index along the first axis, if an enclosing loop walks that axis. */
  readonly block: Local<"i32"> | null;
}

/** A digit that may be divided among threads, and the number of its pieces. */
export interface Divisible {
  readonly digit: number;
  readonly pieces: number;
}

/** The body of a loop: emits the code for a few steps at a time. */
export type Visit = (steps: readonly LaneRange[], values: LoopValues) => void;

/** From this number of pieces on, a digit can be divided about evenly among any number of threads. */
const enoughPieces = 16;

/**
 * Writes nested loops over the digits of an iteration. Every operand has a pointer that advances with the loops; neighbours in
 * the innermost loop are addressed by constant offsets from it.
 */
export class LoopWriter {
  readonly body: FunctionBuilder;
  readonly iteration: Iteration;
  /** The number of elements computed at a time. */
  readonly width: number;
  /** Whether the loop contains float64, so that 32-bit elements fill only the lower half of a vector. */
  readonly half: boolean;
  readonly machine: Machine;
  readonly #context: LoopContext;
  readonly #expressions: readonly LoopExpression[];
  readonly #sources: ReadonlyMap<Leaf, OperandCursor>;
  readonly #results: readonly OperandCursor[];
  readonly #cursors: readonly OperandCursor[];
  readonly #firstAxis: number;
  #divided: number | null = null;

  constructor(
    context: LoopContext,
    { shape, expressions, results, group = () => 0, inAnyOrder = false }: LoopInputs,
  ) {
    const { body, block, addressOf, target } = context;
    const leaves = leavesOf(expressions);
    // Leaves that read the same elements in the same order share a pointer.
    const distinct = new Map(leaves.map((leaf) => [leafKey(leaf), leaf]));
    const all = [...distinct.values(), ...results.map((result) => ({ kind: "load" as const, ...result }))];
    this.#firstAxis = block === null ? 0 : 1;
    const refined = refine(
      shape.slice(this.#firstAxis),
      all.map(({ layout }) => ({ ...layout, axes: layout.axes.slice(this.#firstAxis) })),
      (axis) => group(axis + this.#firstAxis),
    );
    if (refined === null) throw new Error("LoopWriter got layouts that cannot be divided into common digits");
    const iteration = inAnyOrder ? tiled(refined, target.tiles) : refined;
    this.body = body;
    this.machine = context.machine;
    this.iteration = iteration;
    this.half = [...subexpressionsOf(expressions), ...results].some(({ dtype }) => dtype === "float64");
    this.width = context.machine.vectorBytes / (this.half ? 8 : 4);
    this.#context = context;
    this.#expressions = expressions;
    this.#cursors = all.map((term, i): OperandCursor => {
      const { dtype, layout } = term;
      const isIndex = term.kind === "index";
      const scale = isIndex ? 1 : bytesPerElement(dtype);
      const start = isIndex ? i32.const(layout.offset) : addressOf(term.buffer, layout.offset);
      const distance = block === null || layout.axes[0].length === 0 ? 0 : layout.axes[0][0].stride * scale;
      const pointer = body.keep(
        block === null || distance === 0 ? start : i32.add(start, i32.mul(block, i32.const(distance))),
      );
      return { dtype, strides: iteration.strides[i], scale, isIndex, pointer };
    });
    const positions = new Map([...distinct.keys()].map((key, i) => [key, i]));
    this.#sources = new Map(leaves.map((leaf) => [leaf, this.#cursors[positions.get(leafKey(leaf)) ?? 0]]));
    this.#results = this.#cursors.slice(distinct.size);
  }

  /** The axis of the shape that a digit belongs to. */
  axisOf(digit: number): number {
    return this.iteration.axes[digit] + this.#firstAxis;
  }

  /** The number of loads that read neighbouring elements along a digit. */
  neighbours(digit: number): number {
    const loads = new Set(this.#sources.values());
    return [...loads].filter(({ strides, isIndex }) => strides[digit] === 1 && !isIndex).length;
  }

  /** The number of whole groups of vectors in a walk along a digit. */
  groupsAlong(digit: number, group: number): number {
    return Math.floor(Math.floor(this.iteration.lengths[digit] / this.width) / group);
  }

  /**
   * Writes loops whose work is divided among threads. Each thread does only its pieces of one of the candidate digits, which are
   * given outermost first. If none of them can be divided, the first share does everything.
   */
  divide(candidates: readonly Divisible[], write: () => void): void {
    const { share } = this.#context;
    if (share === null) {
      write();
      return;
    }
    const most = Math.max(0, ...candidates.map(({ pieces }) => pieces));
    const chosen = candidates.find(({ pieces }) => pieces >= Math.min(most, enoughPieces));
    this.#divided = chosen?.digit ?? null;
    if (chosen === undefined) this.body.if(i32.eqz(share.index), write);
    else write();
  }

  /** Runs `inside` for every combination of the given digits, outermost first. All pointers are restored at the end. */
  nest(digits: readonly number[], inside: () => void): void {
    const [digit, ...inner] = digits;
    if (digits.length === 0) {
      inside();
      return;
    }
    const length = this.iteration.lengths[digit];
    const step = (): void => {
      this.nest(inner, inside);
      this.#advance(digit, 1);
    };
    if (digit === this.#divided) {
      this.#pieces(digit, length, 1, step, () => undefined);
      return;
    }
    this.#repeat(length, step);
    this.#advance(digit, -length);
  }

  /**
   * Walks one digit by `group` vectors at a time, then the remainder, whose last vector may be partial. All pointers are
   * restored at the end. With `hoist`, values that are constant along the digit are computed once before the loop.
   */
  walk(digit: number, group: number, visit: Visit, hoist: boolean): void {
    const { width, body } = this;
    const length = this.iteration.lengths[digit];
    const groups = this.groupsAlong(digit, group);
    const rest = length - groups * group * width;
    const before = this.valuesAlong(digit);
    if (hoist) before.hoist(this.#expressions);
    const stepsOf = (count: number): LaneRange[] =>
      Array.from({ length: Math.ceil(count / width) }, (_, i) => ({
        ahead: i * width,
        lanes: Math.min(width, count - i * width),
      }));
    const visitGroup = (): void => {
      visit(stepsOf(group * width), this.valuesAlong(digit, before));
      this.#advance(digit, group * width);
    };
    const visitRest = (): void => {
      if (rest > 0) visit(stepsOf(rest), this.valuesAlong(digit, before));
    };
    const { share } = this.#context;
    if (digit === this.#divided && share !== null) {
      this.#pieces(digit, groups, group * width, visitGroup, () => {
        if (rest > 0) body.if(i32.eq(i32.add(share.index, i32.const(1)), share.count), visitRest);
      });
      return;
    }
    this.#repeat(groups, visitGroup);
    visitRest();
    this.#advance(digit, -groups * group * width);
  }

  /**
   * Values along a digit (`null`: of a single element), at a point of the code inside the loops over all other digits.
   * `before`: values of a point of the code that always runs earlier.
   */
  valuesAlong(digit: number | null, before: LoopValues | null = null): LoopValues {
    const { width, half } = this;
    return new LoopValues({ ...this.#context, width, half, sources: this.#sources }, digit, before);
  }

  /** Stores a vector to the elements of a result that belong to a step. */
  store(result: number, digit: number | null, { ahead, lanes }: LaneRange, value: Local<"v128">): void {
    const { dtype, strides, scale, pointer } = this.#results[result];
    const stride = digit === null ? 0 : strides[digit];
    const offset = ahead * stride * scale;
    if (stride === 1 && lanes === this.width) {
      storeVector(this.body, dtype, this.half, pointer, value, offset);
      return;
    }
    for (let lane = 0; lane < lanes; lane++) {
      storeElement(this.body, dtype, pointer, value, { lane, offset: offset + lane * stride * scale });
    }
  }

  /** Moves every pointer along a digit. */
  #advance(digit: number, steps: number): void {
    for (const { pointer, strides, scale } of this.#cursors) {
      const distance = strides[digit] * scale * steps;
      if (distance !== 0) pointer.set(i32.add(pointer, i32.const(distance)));
    }
  }

  /** Loops over this thread's share of `pieces` pieces of a digit, each of `size` elements. `inside` advances the pointers. */
  #pieces(digit: number, pieces: number, size: number, inside: () => void, after: () => void): void {
    const { body } = this;
    const { from, to } = piecesOf(body, this.#context.share, pieces);
    const moving = this.#cursors.filter(({ strides }) => strides[digit] !== 0);
    const starts = moving.map(({ pointer }) => body.keep(pointer));
    for (const { pointer, strides, scale } of moving) {
      pointer.set(i32.add(pointer, i32.mul(from, i32.const(strides[digit] * scale * size))));
    }
    body.for({ from, to }, inside);
    after();
    moving.forEach(({ pointer }, i) => {
      pointer.set(starts[i]);
    });
  }

  /** Runs `inside` `count` times; emits no loop if `count` is 1. */
  #repeat(count: number, inside: () => void): void {
    if (count === 1) inside();
    else if (count > 1) this.body.for({ to: i32.const(count) }, inside);
  }
}
