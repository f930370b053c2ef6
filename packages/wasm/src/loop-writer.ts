import {
  leafKey,
  leavesOf,
  partsOf,
  refine,
  type Iteration,
  type Layout,
  type LoopExpression,
} from "@stargrad/compiler";
import { bytesPerElement, type DType, type Shape } from "@stargrad/graph";
import { i32, i32x4, v128, type Expression } from "./assembler/expression.js";
import type { FunctionBuilder, Local } from "./assembler/function-builder.js";
import type { MathLibrary } from "./math/math-library.js";
import { spelling } from "./spelling.js";
import { loadSplat, loadStrided, loadVector, type Width } from "./vectors.js";

/** Where and how something is walked: a load, a place or a result. */
interface Term {
  readonly dtype: DType;
  readonly layout: Layout;
  /** The address of element 0 of its buffer; for a place, 0. */
  readonly base: Expression<"i32">;
  /** Bytes per element of its layout; 1 for a place, whose "address" is the element's number. */
  readonly scale: number;
}

/** A term while the loops run: a pointer that always shows the current element. */
interface Walker extends Term {
  readonly strides: readonly number[];
  readonly pointer: Local<"i32">;
}

export interface LoopInputs {
  readonly shape: Shape;
  readonly expressions: readonly LoopExpression[];
  /** Where results go: they are walked like everything else. */
  readonly results: readonly {
    readonly dtype: DType;
    readonly layout: Layout;
    readonly base: Expression<"i32">;
  }[];
  /** Keeps digits of axes of different groups apart. */
  readonly group?: (axis: number) => number;
  readonly addressOf: (buffer: number) => Expression<"i32">;
}

/**
 * Writes nested loops over the digits of an iteration. Every operand has a pointer that moves along; loads that do not
 * move in the innermost loop are read once before it.
 */
export class LoopWriter {
  readonly body: FunctionBuilder;
  readonly iteration: Iteration;
  /** How many elements are computed at a time. */
  readonly width: Width;
  readonly results: readonly Walker[];
  readonly #math: MathLibrary;
  readonly #sources: ReadonlyMap<string, Walker>;
  readonly #walkers: readonly Walker[];

  constructor(body: FunctionBuilder, math: MathLibrary, inputs: LoopInputs) {
    this.body = body;
    this.#math = math;
    const terms = new Map<string, Term>();
    for (const leaf of leavesOf(inputs.expressions)) {
      const { dtype, layout } = leaf;
      const base = leaf.kind === "load" ? inputs.addressOf(leaf.buffer) : i32.const(0);
      terms.set(leafKey(leaf), {
        dtype,
        layout,
        base,
        scale: leaf.kind === "load" ? bytesPerElement(dtype) : 1,
      });
    }
    const outputs = inputs.results.map((result) => ({ ...result, scale: bytesPerElement(result.dtype) }));
    const all = [...terms.values(), ...outputs];
    const iteration = refine(
      inputs.shape,
      all.map(({ layout }) => layout),
      inputs.group,
    );
    if (iteration === null) throw new Error("the layouts of one loop have no common digits");
    this.iteration = iteration;
    this.#walkers = all.map((term, i) => ({
      ...term,
      strides: iteration.strides[i],
      pointer: body.keep(i32.add(term.base, i32.const(term.layout.offset * term.scale))),
    }));
    const names = [...terms.keys()];
    this.#sources = new Map(names.map((name, i) => [name, this.#walkers[i]]));
    this.results = this.#walkers.slice(names.length);
    const wide = [
      ...partsOf(inputs.expressions).map(({ dtype }) => dtype),
      ...outputs.map(({ dtype }) => dtype),
    ];
    this.width = wide.includes("float64") ? 2 : 4;
  }

  /** Runs `inside` for every combination of the given digits, outermost first. Pointers end where they began. */
  nest(digits: readonly number[], inside: () => void): void {
    const [digit, ...inner] = digits;
    if (digits.length === 0) {
      inside();
      return;
    }
    const length = this.iteration.lengths[digit];
    this.#repeat(length, () => {
      this.nest(inner, inside);
      this.advance(digit, 1);
    });
    this.advance(digit, -length);
  }

  /**
   * Walks one digit, vector by vector and then element by element. `visit` gets a function that computes an expression
   * for the elements at hand. Pointers end where they began.
   */
  walk(
    digit: number,
    vectors: boolean,
    visit: Visit,
    { hoist = true }: { readonly hoist?: boolean } = {},
  ): void {
    const length = this.iteration.lengths[digit];
    const whole = vectors ? Math.floor(length / this.width) : 0;
    this.#stretch(digit, whole, true, visit, hoist);
    this.#stretch(digit, length - whole * this.width, false, visit, hoist);
    this.advance(digit, -length);
  }

  /** Computes an expression for the current element alone. */
  computeElement(): Compute {
    return this.#computer(null, new Map());
  }

  /** How many loads read neighbouring elements along a digit. */
  neighbours(digit: number): number {
    return [...this.#sources.values()].filter(({ strides }) => strides[digit] === 1).length;
  }

  /** Moves every pointer along a digit. */
  advance(digit: number, steps: number): void {
    for (const { pointer, strides, scale } of this.#walkers) {
      const distance = strides[digit] * scale * steps;
      if (distance !== 0) pointer.set(i32.add(pointer, i32.const(distance)));
    }
  }

  #stretch(digit: number, count: number, wide: boolean, visit: Visit, hoist: boolean): void {
    if (count === 0) return;
    // Loads that stand still are read once, unless loops inside this one move them.
    const still = new Map<string, Local<"v128">>();
    for (const [key, walker] of this.#sources) {
      if (hoist && walker.strides[digit] === 0) still.set(key, this.body.keep(readSplat(walker)));
    }
    this.#repeat(count, () => {
      visit(this.#computer(wide ? digit : null, still), wide);
      this.advance(digit, wide ? this.width : 1);
    });
  }

  /** `count` times; without a loop if that is once. */
  #repeat(count: number, inside: () => void): void {
    if (count === 1) inside();
    else this.body.for({ to: i32.const(count) }, inside);
  }

  /**
   * Computes expressions for the current element (`null`) or for neighbours along a digit. Each leaf is read once, and an
   * expression that several results share is computed once.
   */
  #computer(digit: number | null, still: ReadonlyMap<string, Local<"v128">>): Compute {
    const read = new Map<string, Local<"v128">>(still);
    const applied = new Map<LoopExpression, Local<"v128">>();
    const compute = (expression: LoopExpression): Local<"v128"> => {
      if (expression.kind === "apply") {
        const shared = applied.get(expression);
        if (shared !== undefined) return shared;
        const { primitive, inputs, dtype } = expression;
        const from = inputs[inputs.length - 1].dtype;
        const operands = inputs.map(compute);
        const value = this.body.keep(
          spelling[primitive]({ inputs: operands, from, to: dtype, body: this.body, math: this.#math }),
        );
        applied.set(expression, value);
        return value;
      }
      const key = leafKey(expression);
      const known = read.get(key);
      if (known !== undefined) return known;
      const walker = this.#sources.get(key);
      if (walker === undefined) throw new Error("an expression is computed that the loop was not made for");
      const value = this.body.keep(digit === null ? readSplat(walker) : this.#readVector(walker, digit));
      read.set(key, value);
      return value;
    };
    return compute;
  }

  #readVector(walker: Walker, digit: number): Expression<"v128"> {
    const stride = walker.strides[digit];
    if (stride === 0) return readSplat(walker);
    if (isPlace(walker)) {
      const steps = Int32Array.of(0, stride, 2 * stride, 3 * stride);
      return i32x4.add(readSplat(walker), v128.const(new Uint8Array(steps.buffer)));
    }
    return stride === 1
      ? loadVector(walker.dtype, this.width, walker.pointer)
      : loadStrided(walker.dtype, this.width, walker.pointer, stride * walker.scale);
  }
}

/** Computes an expression into a local. */
export type Compute = (expression: LoopExpression) => Local<"v128">;

/** What a loop does at each place: `wide` says whether it stands on a whole vector or on one element. */
export type Visit = (compute: Compute, wide: boolean) => void;

function readSplat(walker: Walker): Expression<"v128"> {
  return isPlace(walker) ? i32x4.splat(walker.pointer) : loadSplat(walker.dtype, walker.pointer);
}

function isPlace({ scale, dtype }: Term): boolean {
  return scale === 1 && dtype === "int32";
}
