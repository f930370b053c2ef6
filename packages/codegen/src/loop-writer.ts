import {
  leafKey,
  leavesOf,
  partsOf,
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
import { LoopValues, type Step, type Walker } from "./loop-values.js";
import type { Machine } from "./machine/machine.js";
import type { MathLibrary } from "./math/math-library.js";
import { storeElement, storeVector } from "./vectors.js";

export interface LoopInputs {
  readonly shape: Shape;
  readonly expressions: readonly LoopExpression[];
  /** Where results go: they are walked like everything else. */
  readonly results: readonly { readonly dtype: DType; readonly buffer: number; readonly layout: Layout }[];
  /** Keeps digits of axes of different groups apart. */
  readonly group?: (axis: number) => number;
  /** Whether digits may be walked in another order than the shape's. */
  readonly inAnyOrder?: boolean;
}

/** What loops are written with. */
export interface LoopContext {
  readonly body: FunctionBuilder;
  readonly math: MathLibrary;
  readonly target: Target;
  readonly machine: Machine;
  readonly addressOf: (buffer: number, element: number) => Expression<"i32">;
  readonly share: Share | null;
  /** The index along the first axis, if a loop around this one walks that. */
  readonly block: Local<"i32"> | null;
}

/** A digit that may be divided among threads, and into how many pieces. */
export interface Divisible {
  readonly digit: number;
  readonly pieces: number;
}

/** What a loop does for some steps at a time. */
export type Visit = (steps: readonly Step[], values: LoopValues) => void;

/** So many pieces of a digit keep any number of threads about equally busy. */
const enoughPieces = 16;

/**
 * Writes nested loops over the digits of an iteration. Every operand has a pointer that moves along; neighbours in the
 * innermost loop are reached by constant offsets from it.
 */
export class LoopWriter {
  readonly body: FunctionBuilder;
  readonly iteration: Iteration;
  /** How many elements are computed at a time. */
  readonly width: number;
  /** Whether there is float64, so that elements of 32 bits fill but half a vector. */
  readonly half: boolean;
  readonly machine: Machine;
  readonly #context: LoopContext;
  readonly #expressions: readonly LoopExpression[];
  readonly #sources: ReadonlyMap<Leaf, Walker>;
  readonly #results: readonly Walker[];
  readonly #walkers: readonly Walker[];
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
    if (refined === null) throw new Error("the layouts of one loop have no common digits");
    const iteration = inAnyOrder ? tiled(refined, target.tiles) : refined;
    this.body = body;
    this.machine = context.machine;
    this.iteration = iteration;
    this.half = [...partsOf(expressions), ...results].some(({ dtype }) => dtype === "float64");
    this.width = context.machine.vectorBytes / (this.half ? 8 : 4);
    this.#context = context;
    this.#expressions = expressions;
    this.#walkers = all.map((term, i): Walker => {
      const { dtype, layout } = term;
      const isPlace = term.kind === "place";
      const scale = isPlace ? 1 : bytesPerElement(dtype);
      const start = isPlace ? i32.const(layout.offset) : addressOf(term.buffer, layout.offset);
      const distance = block === null || layout.axes[0].length === 0 ? 0 : layout.axes[0][0].stride * scale;
      const pointer = body.keep(
        block === null || distance === 0 ? start : i32.add(start, i32.mul(block, i32.const(distance))),
      );
      return { dtype, strides: iteration.strides[i], scale, isPlace, pointer };
    });
    const positions = new Map([...distinct.keys()].map((key, i) => [key, i]));
    this.#sources = new Map(leaves.map((leaf) => [leaf, this.#walkers[positions.get(leafKey(leaf)) ?? 0]]));
    this.#results = this.#walkers.slice(distinct.size);
  }

  /** The axis of the shape that a digit belongs to. */
  axisOf(digit: number): number {
    return this.iteration.axes[digit] + this.#firstAxis;
  }

  /** How many loads read neighbouring elements along a digit. */
  neighbours(digit: number): number {
    const loads = new Set(this.#sources.values());
    return [...loads].filter(({ strides, isPlace }) => strides[digit] === 1 && !isPlace).length;
  }

  /** How many whole groups of vectors a walk along a digit consists of. */
  groupsAlong(digit: number, group: number): number {
    return Math.floor(Math.floor(this.iteration.lengths[digit] / this.width) / group);
  }

  /**
   * Writes loops of which this thread does its share: only its pieces of one of the digits given here, outermost first. If
   * none of them can be divided, the first share does everything.
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

  /** Runs `inside` for every combination of the given digits, outermost first. Pointers end where they began. */
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
   * Walks one digit by `group` vectors at a time; then what is left, the last vector perhaps not full. Pointers end where
   * they began. With `hoist`, what stands still along the digit is computed once before.
   */
  walk(digit: number, group: number, visit: Visit, hoist: boolean): void {
    const { width, body } = this;
    const length = this.iteration.lengths[digit];
    const groups = this.groupsAlong(digit, group);
    const rest = length - groups * group * width;
    const before = this.valuesAlong(digit);
    if (hoist) before.hoist(this.#expressions);
    const stepsOf = (count: number): Step[] =>
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
   * Values along a digit, `null` for one element alone, at a place of the code that loops over all other digits surround.
   * `before`: values whose place always comes before.
   */
  valuesAlong(digit: number | null, before: LoopValues | null = null): LoopValues {
    const { width, half } = this;
    return new LoopValues({ ...this.#context, width, half, sources: this.#sources }, digit, before);
  }

  /** Writes a vector to where a result has the elements of a step. */
  store(result: number, digit: number | null, { ahead, lanes }: Step, value: Local<"v128">): void {
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
    for (const { pointer, strides, scale } of this.#walkers) {
      const distance = strides[digit] * scale * steps;
      if (distance !== 0) pointer.set(i32.add(pointer, i32.const(distance)));
    }
  }

  /** This thread's share of so many pieces of a digit, each of `size` elements; `inside` moves the pointers on. */
  #pieces(digit: number, pieces: number, size: number, inside: () => void, after: () => void): void {
    const { body } = this;
    const { from, to } = piecesOf(body, this.#context.share, pieces);
    const moving = this.#walkers.filter(({ strides }) => strides[digit] !== 0);
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

  /** `count` times; without a loop if that is once. */
  #repeat(count: number, inside: () => void): void {
    if (count === 1) inside();
    else if (count > 1) this.body.for({ to: i32.const(count) }, inside);
  }
}
