import { partsOf, type Leaf, type LoopExpression } from "@stargrad/compiler";
import type { DType } from "@stargrad/graph";
import { i32x4, v128, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import type { MathLibrary } from "./math/math-library.js";
import type { Machine } from "./machine/machine.js";
import { spell } from "./spelling.js";
import { loadSplat, loadStrided, loadVector } from "./vectors.js";

/** Neighbours along the digit that is walked: from which on, counted from where the pointers stand, and how many. */
export interface Step {
  readonly ahead: number;
  readonly lanes: number;
}

/** Something that is walked while loops run: a pointer that always shows the current element. */
export interface Walker {
  readonly dtype: DType;
  /** By digit of the iteration, in elements. */
  readonly strides: readonly number[];
  /** Bytes per element; 1 for a place, whose "address" is the element's number. */
  readonly scale: number;
  readonly isPlace: boolean;
  readonly pointer: Local<"i32">;
}

/** What values are written with. */
export interface ValueContext {
  readonly body: FunctionBuilder;
  readonly math: MathLibrary;
  readonly machine: Pick<Machine, "vectorBytes">;
  /** How many elements are computed at a time. */
  readonly width: number;
  /** Whether elements of 32 bits fill but half a vector. */
  readonly half: boolean;
  readonly sources: ReadonlyMap<Leaf, Walker>;
}

type Known = Map<Walker | LoopExpression, Local<"v128">>;

/**
 * The values of expressions at one place of the code. Each leaf is read once, what several results share is computed once, and
 * what stands still along the digit is the same for all steps.
 */
export class LoopValues {
  readonly #context: ValueContext;
  /** `null` where only one element is computed. */
  readonly #digit: number | null;
  readonly #still: Known;
  readonly #moving = new Map<Step, Known>();
  readonly #stands: Map<LoopExpression, boolean>;

  /** `before`: values of a place that always comes before this one, whose still values hold here too. */
  constructor(context: ValueContext, digit: number | null, before: LoopValues | null = null) {
    this.#context = context;
    this.#digit = digit;
    this.#still = new Map(before === null ? [] : before.#still);
    this.#stands = before === null ? new Map<LoopExpression, boolean>() : before.#stands;
  }

  /** Computes what stands still now, once for all steps. */
  hoist(expressions: readonly LoopExpression[]): void {
    for (const part of partsOf(expressions)) {
      if (this.#standsStill(part)) this.of(part, { ahead: 0, lanes: 1 });
    }
  }

  /** An expression's value for the elements of a step, in a local. */
  of(expression: LoopExpression, step: Step): Local<"v128"> {
    const known = this.#standsStill(expression) ? this.#still : this.#knownAt(step);
    const key = expression.kind === "apply" ? expression : this.#walkerOf(expression);
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = this.#context.body.keep(this.#write(expression, step));
    known.set(key, value);
    return value;
  }

  /** A whole vector that is only read, as its two halves; `null` if it is computed, or does not lie in one piece. */
  halvesOf(expression: LoopExpression, step: Step): [Expression<"v128">, Expression<"v128">] | null {
    const { width, machine } = this.#context;
    if (this.#digit === null || expression.kind !== "load" || step.lanes < width) return null;
    const { strides, scale, pointer } = this.#walkerOf(expression);
    if (strides[this.#digit] !== 1 || scale * width !== machine.vectorBytes) return null;
    const offset = step.ahead * scale;
    return [v128.loadHalf(pointer, offset), v128.loadHalf(pointer, offset + machine.vectorBytes / 2)];
  }

  #write(expression: LoopExpression, step: Step): Expression<"v128"> {
    if (expression.kind !== "apply") return this.#read(this.#walkerOf(expression), step);
    const { body, math } = this.#context;
    const { primitive, inputs, dtype } = expression;
    const from = inputs[inputs.length - 1].dtype;
    const operands = inputs.map((input) => this.of(input, step));
    return spell(primitive, from, { inputs: operands, to: dtype, body, math });
  }

  #read({ dtype, strides, scale, isPlace, pointer }: Walker, { ahead, lanes }: Step): Expression<"v128"> {
    const { body, half } = this.#context;
    const stride = this.#digit === null ? 0 : strides[this.#digit];
    if (isPlace) {
      const splat = i32x4.splat(pointer);
      if (stride === 0) return splat;
      return i32x4.add(splat, body.hoist(i32x4.sequence(ahead * stride, stride)));
    }
    if (stride === 0) return loadSplat(dtype, pointer);
    const offset = ahead * stride * scale;
    // Whole vectors may read a little beyond the end; what they find there is not used.
    if (stride === 1) return loadVector(dtype, half, pointer, offset);
    return loadStrided(dtype, lanes, pointer, stride * scale, offset);
  }

  /** Whether an expression is the same all along the digit. */
  #standsStill(expression: LoopExpression): boolean {
    if (this.#digit === null) return true;
    const known = this.#stands.get(expression);
    if (known !== undefined) return known;
    const stands =
      expression.kind === "apply"
        ? expression.inputs.every((input) => this.#standsStill(input))
        : this.#walkerOf(expression).strides[this.#digit] === 0;
    this.#stands.set(expression, stands);
    return stands;
  }

  #walkerOf(leaf: Leaf): Walker {
    const walker = this.#context.sources.get(leaf);
    if (walker === undefined) throw new Error("an expression is computed that the loop was not made for");
    return walker;
  }

  #knownAt(step: Step): Known {
    const known = this.#moving.get(step) ?? new Map<Walker | LoopExpression, Local<"v128">>();
    this.#moving.set(step, known);
    return known;
  }
}
