import { subexpressionsOf, type Leaf, type LoopExpression } from "@stargrad/compiler";
import type { DType } from "@stargrad/graph";
import { i32x4, v128, type Expression } from "./machine/expression.js";
import type { FunctionBuilder, Local } from "./machine/function-builder.js";
import type { MathLibrary } from "./math/math-library.js";
import type { Machine } from "./machine/machine.js";
import { emitElementwise } from "./elementwise.js";
import { loadSplat, loadStrided, loadVector } from "./vectors.js";

/** A range of neighbours along the walked digit: its offset from the current pointers, and its length. */
export interface LaneRange {
  readonly ahead: number;
  readonly lanes: number;
}

/** An operand while the loops run: a pointer to the current element, and its strides. */
export interface OperandCursor {
  readonly dtype: DType;
  /** By digit of the iteration, in elements. */
  readonly strides: readonly number[];
  /** Bytes per element; 1 for an index, whose "address" is the element's number. */
  readonly scale: number;
  readonly isIndex: boolean;
  readonly pointer: Local<"i32">;
}

/** The context that `LoopValues` needs to emit values. */
export interface ValueContext {
  readonly body: FunctionBuilder;
  readonly math: MathLibrary;
  readonly machine: Pick<Machine, "vectorBytes">;
  /** The number of elements computed at a time. */
  readonly width: number;
  /** Whether 32-bit elements fill only the lower half of a vector. */
  readonly half: boolean;
  readonly sources: ReadonlyMap<Leaf, OperandCursor>;
}

type Known = Map<OperandCursor | LoopExpression, Local<"v128">>;

/**
 * The values of expressions at one point of the code. Each leaf is read once, and subexpressions shared by several results are
 * computed once. Values that are constant along the digit are shared by all steps.
 */
export class LoopValues {
  readonly #context: ValueContext;
  /** The walked digit; `null` if only one element is computed. */
  readonly #digit: number | null;
  readonly #constants: Known;
  readonly #varying = new Map<LaneRange, Known>();
  readonly #constancy: Map<LoopExpression, boolean>;

  /** `before`: values of a point of the code that always runs earlier; its constant values are reused here. */
  constructor(context: ValueContext, digit: number | null, before: LoopValues | null = null) {
    this.#context = context;
    this.#digit = digit;
    this.#constants = new Map(before === null ? [] : before.#constants);
    this.#constancy = before === null ? new Map<LoopExpression, boolean>() : before.#constancy;
  }

  /** Computes the subexpressions that are constant along the digit, once for all steps. */
  hoist(expressions: readonly LoopExpression[]): void {
    for (const part of subexpressionsOf(expressions)) {
      if (this.#isConstant(part)) this.of(part, { ahead: 0, lanes: 1 });
    }
  }

  /** An expression's value for the elements of a step, in a local. */
  of(expression: LoopExpression, step: LaneRange): Local<"v128"> {
    const known = this.#isConstant(expression) ? this.#constants : this.#knownAt(step);
    const key = expression.kind === "apply" ? expression : this.#cursorOf(expression);
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = this.#context.body.keep(this.#write(expression, step));
    known.set(key, value);
    return value;
  }

  /** The two halves of a vector that is read from memory; `null` if it is computed, or is not contiguous. */
  halvesOf(expression: LoopExpression, step: LaneRange): [Expression<"v128">, Expression<"v128">] | null {
    const { width, machine } = this.#context;
    if (this.#digit === null || expression.kind !== "load" || step.lanes < width) return null;
    const { strides, scale, pointer } = this.#cursorOf(expression);
    if (strides[this.#digit] !== 1 || scale * width !== machine.vectorBytes) return null;
    const offset = step.ahead * scale;
    return [v128.loadHalf(pointer, offset), v128.loadHalf(pointer, offset + machine.vectorBytes / 2)];
  }

  #write(expression: LoopExpression, step: LaneRange): Expression<"v128"> {
    if (expression.kind !== "apply") return this.#read(this.#cursorOf(expression), step);
    const { body, math } = this.#context;
    const { primitive, inputs, dtype } = expression;
    const from = inputs[inputs.length - 1].dtype;
    const operands = inputs.map((input) => this.of(input, step));
    return emitElementwise(primitive, from, { inputs: operands, to: dtype, body, math });
  }

  #read(
    { dtype, strides, scale, isIndex, pointer }: OperandCursor,
    { ahead, lanes }: LaneRange,
  ): Expression<"v128"> {
    const { body, half } = this.#context;
    const stride = this.#digit === null ? 0 : strides[this.#digit];
    if (isIndex) {
      const splat = i32x4.splat(pointer);
      if (stride === 0) return splat;
      return i32x4.add(splat, body.hoist(i32x4.sequence(ahead * stride, stride)));
    }
    if (stride === 0) return loadSplat(dtype, pointer);
    const offset = ahead * stride * scale;
    // Loads of whole vectors may read beyond the end of the buffer; the extra lanes are not used.
    if (stride === 1) return loadVector(dtype, half, pointer, offset);
    return loadStrided(dtype, lanes, pointer, stride * scale, offset);
  }

  /** Whether an expression is constant along the digit. */
  #isConstant(expression: LoopExpression): boolean {
    if (this.#digit === null) return true;
    const known = this.#constancy.get(expression);
    if (known !== undefined) return known;
    const stands =
      expression.kind === "apply"
        ? expression.inputs.every((input) => this.#isConstant(input))
        : this.#cursorOf(expression).strides[this.#digit] === 0;
    this.#constancy.set(expression, stands);
    return stands;
  }

  #cursorOf(leaf: Leaf): OperandCursor {
    const cursor = this.#context.sources.get(leaf);
    if (cursor === undefined)
      throw new Error("LoopValues got an expression whose leaves the loop has no pointers for");
    return cursor;
  }

  #knownAt(step: LaneRange): Known {
    const known = this.#varying.get(step) ?? new Map<OperandCursor | LoopExpression, Local<"v128">>();
    this.#varying.set(step, known);
    return known;
  }
}
