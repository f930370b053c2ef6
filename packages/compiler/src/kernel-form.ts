import {
  type BufferSpec,
  type Kernel,
  type LoopExpression,
  type LoopKernel,
  type Operand,
  type ProductOperand,
  type ScanKernel,
} from "./kernel.js";
import type { Digit, Layout } from "./layout.js";
import { SignatureBuilder, type Signature } from "./signature.js";

/** Any kernel but a loop of others. */
export type SimpleKernel = Exclude<Kernel, ScanKernel>;

/** Where an operand of a kernel begins. */
export interface OperandPlace {
  readonly buffer: number;
  /** In elements. */
  readonly offset: number;
}

/**
 * A kernel without the places of its operands: kernels of one form are one piece of code, called with other addresses. Two
 * operands that begin at different places of one buffer are two operands of the form.
 */
export interface KernelForm {
  /** The kernel over the form's own buffers, every layout of which begins at 0. */
  readonly kernel: SimpleKernel;
  /** Buffers that are local to the kernel, then its operands. Sizes are 0 where the code does not depend on them. */
  readonly buffers: readonly BufferSpec[];
  /** How many of the buffers are local. */
  readonly locals: number;
}

/** A kernel taken apart into its form and the places of its operands. */
export interface FormedKernel {
  /** Equal for two kernels exactly if they are the same code. */
  readonly signature: Signature;
  /** What the operands of the form are in the program, in order. */
  readonly operands: readonly OperandPlace[];
  /** Makes the form: only one of those that share it has to. */
  readonly form: () => KernelForm;
}

export function formOf(kernel: SimpleKernel, buffers: readonly BufferSpec[]): FormedKernel {
  const description = new KernelDescription(kernel, buffers);
  return {
    signature: description.signature,
    operands: description.operands,
    form: () => description.form(),
  };
}

const builder = new SignatureBuilder();

/** Writes the signature of a kernel, in which buffers are numbered in the order in which they are met. */
class KernelDescription {
  readonly signature: Signature;
  readonly operands: OperandPlace[] = [];
  readonly #kernel: SimpleKernel;
  readonly #buffers: readonly BufferSpec[];
  readonly #locals: readonly number[];
  /** The operands whose size the code depends on. */
  readonly #sized = new Set<number>();

  constructor(kernel: SimpleKernel, buffers: readonly BufferSpec[]) {
    this.#kernel = kernel;
    this.#buffers = buffers;
    this.#locals = kernel.kind === "rows" ? kernel.locals : [];
    builder.name(kernel.kind);
    this.#write(kernel);
    for (const { dtype, size } of this.#specs()) {
      builder.name(dtype);
      builder.number(size);
    }
    this.signature = builder.finish();
  }

  form(): KernelForm {
    const kernel = new FormMaker((buffer, offset) => this.#numberOf(buffer, offset)).kernel(this.#kernel);
    return { kernel, buffers: this.#specs(), locals: this.#locals.length };
  }

  #specs(): BufferSpec[] {
    const specOf = (buffer: number, sized: boolean): BufferSpec => {
      const { dtype, size } = this.#buffers[buffer];
      return { name: "", dtype, size: sized ? size : 0 };
    };
    return [
      ...this.#locals.map((local) => specOf(local, true)),
      ...this.operands.map(({ buffer }, i) => specOf(buffer, this.#sized.has(i))),
    ];
  }

  #write(kernel: SimpleKernel): void {
    switch (kernel.kind) {
      case "map":
      case "reduce":
        this.#loop(kernel);
        return;
      case "rows":
        builder.number(kernel.blocks);
        builder.number(kernel.locals.length);
        builder.number(kernel.loops.length);
        for (const loop of kernel.loops) this.#loop(loop);
        return;
      case "product":
        builder.name(kernel.dtype);
        builder.numbers([kernel.batch, kernel.m, kernel.n, kernel.k]);
        for (const operand of [kernel.a, kernel.b, kernel.c]) this.#productOperand(operand);
        this.#results(kernel.epilogue);
        return;
      case "fill":
        builder.number(kernel.value);
        this.#place(kernel.buffer, 0, true);
        return;
      case "check":
        builder.numbers(kernel.shape);
        builder.numbers([kernel.faulty.from, kernel.faulty.to]);
        this.#operand(kernel.operand);
        return;
      case "gather":
        builder.numbers(kernel.shape);
        builder.number(kernel.step);
        this.#operand(kernel.index);
        this.#operand(kernel.x);
        this.#place(kernel.buffer, 0);
        return;
      case "scatterAdd":
        builder.numbers(kernel.shape);
        builder.numbers([kernel.step, kernel.size]);
        for (const operand of [kernel.index, kernel.x, kernel.target]) this.#operand(operand);
        return;
      case "cumsum":
      case "argsort":
        builder.numbers(kernel.shape);
        builder.numbers([kernel.axis, kernel.kind === "argsort" && kernel.descending ? 1 : 0]);
        this.#operand(kernel.x);
        this.#place(kernel.buffer, 0);
        return;
      case "randomBits":
        this.#place(kernel.state, 0);
        this.#place(kernel.buffer, 0, true);
    }
  }

  #loop(loop: LoopKernel): void {
    builder.name(loop.kind);
    builder.numbers(loop.shape);
    if (loop.kind === "map") {
      this.#results(loop.results);
      return;
    }
    builder.name(loop.combine);
    builder.numbers(loop.axes);
    this.#expression(loop.expression, new Map());
    this.#operand(loop);
  }

  #results(results: readonly (Operand & { readonly expression: LoopExpression })[]): void {
    builder.number(results.length);
    const known = new Map<LoopExpression, number>();
    for (const { expression } of results) this.#expression(expression, known);
    for (const result of results) this.#operand(result);
  }

  /** An expression, inputs first. A part that several share is written once. */
  #expression(part: LoopExpression, known: Map<LoopExpression, number>): void {
    const found = known.get(part);
    if (found !== undefined) {
      builder.name("known");
      builder.number(found);
      return;
    }
    if (part.kind === "apply") for (const input of part.inputs) this.#expression(input, known);
    builder.name(part.kind);
    builder.name(part.dtype);
    if (part.kind === "apply") {
      builder.name(part.primitive);
      builder.number(part.inputs.length);
    } else if (part.kind === "place") {
      builder.number(part.layout.offset);
      this.#layout(part.layout);
    } else {
      this.#operand(part);
    }
    known.set(part, known.size);
  }

  #operand({ buffer, layout }: Operand): void {
    this.#layout(layout);
    this.#place(buffer, layout.offset);
  }

  #productOperand({ buffer, offset, batch, rows, columns, readWhereItLies }: ProductOperand): void {
    for (const digits of [batch, rows, columns]) this.#digits(digits);
    builder.number(readWhereItLies === true ? 1 : 0);
    this.#place(buffer, offset);
  }

  /** A buffer that is local keeps its offset, since it has no address of its own. */
  #place(buffer: number, offset: number, sized = false): void {
    let number = this.#numberOf(buffer, offset);
    if (number < 0) number = this.#locals.length + this.operands.push({ buffer, offset }) - 1;
    builder.number(number);
    if (number < this.#locals.length) builder.number(offset);
    else if (sized) this.#sized.add(number - this.#locals.length);
  }

  /** The number of a buffer in the form, at an offset; −1 if it has none yet. Kernels have few operands. */
  #numberOf(buffer: number, offset: number): number {
    const local = this.#locals.indexOf(buffer);
    if (local >= 0) return local;
    const place = this.operands.findIndex(
      (operand) => operand.buffer === buffer && operand.offset === offset,
    );
    return place < 0 ? -1 : this.#locals.length + place;
  }

  #layout({ axes }: Layout): void {
    builder.number(axes.length);
    for (const digits of axes) this.#digits(digits);
  }

  #digits(digits: readonly Digit[]): void {
    builder.number(digits.length);
    for (const { length, stride } of digits) {
      builder.number(length);
      builder.number(stride);
    }
  }
}

/** Makes kernels over the buffers of a form. */
class FormMaker {
  readonly #numberOf: (buffer: number, offset: number) => number;

  constructor(numberOf: (buffer: number, offset: number) => number) {
    this.#numberOf = numberOf;
  }

  kernel(kernel: SimpleKernel): SimpleKernel {
    switch (kernel.kind) {
      case "map":
      case "reduce":
        return this.#loop(kernel, new Set());
      case "rows": {
        const locals = new Set(kernel.locals);
        const loops = kernel.loops.map((loop) => this.#loop(loop, locals));
        return { ...kernel, loops, locals: kernel.locals.map((local) => this.#numberOf(local, 0)) };
      }
      case "product": {
        const [a, b, c] = [kernel.a, kernel.b, kernel.c].map((operand) => ({
          ...operand,
          buffer: this.#numberOf(operand.buffer, operand.offset),
          offset: 0,
        }));
        return { ...kernel, a, b, c, epilogue: this.#results(kernel.epilogue, new Set()) };
      }
      case "fill":
        return { ...kernel, buffer: this.#numberOf(kernel.buffer, 0) };
      case "check":
        return { ...kernel, operand: this.#operand(kernel.operand) };
      case "gather": {
        const [index, x] = [this.#operand(kernel.index), this.#operand(kernel.x)];
        return { ...kernel, index, x, buffer: this.#numberOf(kernel.buffer, 0) };
      }
      case "scatterAdd": {
        const [index, x] = [this.#operand(kernel.index), this.#operand(kernel.x)];
        return { ...kernel, index, x, target: this.#operand(kernel.target) };
      }
      case "cumsum":
      case "argsort":
        return { ...kernel, x: this.#operand(kernel.x), buffer: this.#numberOf(kernel.buffer, 0) };
      case "randomBits": {
        const [state, buffer] = [this.#numberOf(kernel.state, 0), this.#numberOf(kernel.buffer, 0)];
        return { ...kernel, state, buffer };
      }
    }
  }

  #loop(loop: LoopKernel, locals: ReadonlySet<number>): LoopKernel {
    if (loop.kind === "map") return { ...loop, results: this.#results(loop.results, locals) };
    const expression = this.#expression(loop.expression, locals, new Map());
    return { ...loop, expression, ...this.#operand(loop, locals) };
  }

  #results<R extends Operand & { readonly expression: LoopExpression }>(
    results: readonly R[],
    locals: ReadonlySet<number>,
  ): R[] {
    const known = new Map<LoopExpression, LoopExpression>();
    return results.map((result) => ({
      ...result,
      expression: this.#expression(result.expression, locals, known),
      ...this.#operand(result, locals),
    }));
  }

  #expression(
    part: LoopExpression,
    locals: ReadonlySet<number>,
    known: Map<LoopExpression, LoopExpression>,
  ): LoopExpression {
    const found = known.get(part);
    if (found !== undefined) return found;
    const made: LoopExpression =
      part.kind === "apply"
        ? { ...part, inputs: part.inputs.map((input) => this.#expression(input, locals, known)) }
        : part.kind === "load"
          ? { ...part, ...this.#operand(part, locals) }
          : part;
    known.set(part, made);
    return made;
  }

  #operand({ buffer, layout }: Operand, locals?: ReadonlySet<number>): Operand {
    if (locals?.has(buffer) === true) return { buffer: this.#numberOf(buffer, 0), layout };
    return { buffer: this.#numberOf(buffer, layout.offset), layout: { offset: 0, axes: layout.axes } };
  }
}
