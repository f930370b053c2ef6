import {
  type BufferSpec,
  type CopyKernel,
  type Kernel,
  type LoopExpression,
  type LoopKernel,
  type Operand,
  type ProductOperand,
  type ScanKernel,
} from "./kernel.js";
import type { Digit, Layout } from "./layout.js";
import { SignatureBuilder, type Signature } from "./signature.js";

/** A kernel with code of its own: any kernel except a `scan`, which contains kernels, and a `copy`. */
export type SimpleKernel = Exclude<Kernel, ScanKernel | CopyKernel>;

/** The position of an operand's first element. */
export interface OperandAddress {
  readonly buffer: number;
  /** In elements. */
  readonly offset: number;
}

/**
 * A kernel and its form: the kernel without the addresses of its operands. Kernels of one form share generated code, which is called
 * with different addresses. Two operands that begin at different offsets of one buffer are two operands of the form.
 */
export interface FormedKernel {
  readonly kernel: SimpleKernel;
  readonly buffers: readonly BufferSpec[];
  /** Equal for two kernels exactly if they have the same form. */
  readonly signature: Signature;
  /** The operands, in an order that all kernels of the form share. */
  readonly operands: readonly OperandAddress[];
  /** The index of the operand that begins at an element of a buffer. */
  readonly operandAt: (buffer: number, element: number) => number;
}

/**
 * Returns the form of a kernel. Generated code may depend on everything in the kernel except buffer numbers and offsets, on the
 * types of buffers, and on the sizes of buffers that are filled, that receive random words, or that are local to the kernel.
 */
export function formOf(kernel: SimpleKernel, buffers: readonly BufferSpec[]): FormedKernel {
  const { signature, operands } = new KernelDescription(kernel, buffers);
  const operandAt = (buffer: number, element: number): number =>
    operands.findIndex((operand) => operand.buffer === buffer && operand.offset === element);
  return { kernel, buffers, signature, operands, operandAt };
}

const builder = new SignatureBuilder();

/** Writes the signature of a kernel. Numbers operands in the order in which they first occur. */
class KernelDescription {
  readonly signature: Signature;
  readonly operands: OperandAddress[] = [];
  /** The buffer of each operand. */
  readonly #touched: number[] = [];
  readonly #buffers: readonly BufferSpec[];
  readonly #locals: readonly number[];

  constructor(kernel: SimpleKernel, buffers: readonly BufferSpec[]) {
    this.#buffers = buffers;
    this.#locals = kernel.kind === "rows" ? kernel.locals : [];
    builder.begin();
    builder.name(kernel.kind);
    builder.number(this.#locals.length);
    for (const local of this.#locals) this.#type(local, true);
    this.#write(kernel);
    this.signature = builder.finish();
  }

  #write(kernel: SimpleKernel): void {
    switch (kernel.kind) {
      case "map":
      case "reduce":
        this.#loop(kernel);
        return;
      case "rows":
        builder.number(kernel.blocks);
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
        this.#address(kernel.buffer, 0, true);
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
        this.#address(kernel.buffer, 0);
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
        this.#address(kernel.buffer, 0);
        return;
      case "randomBits":
        this.#address(kernel.state, 0);
        this.#address(kernel.buffer, 0, true);
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

  /** Writes an expression, inputs first. A shared part is written once. */
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
    } else if (part.kind === "index") {
      builder.number(part.layout.offset);
      builder.same(part.layout.axes, writeAxes);
    } else {
      this.#operand(part);
    }
    known.set(part, known.size);
  }

  #operand({ buffer, layout }: Operand): void {
    builder.same(layout.axes, writeAxes);
    this.#address(buffer, layout.offset);
  }

  #productOperand({ buffer, offset, batch, rows, columns, isPacked }: ProductOperand): void {
    for (const digits of [batch, rows, columns]) writeDigits(digits);
    builder.number(isPacked === true ? 1 : 0);
    this.#address(buffer, offset);
  }

  /**
   * Writes the number of an operand, and at its first occurrence its type. A local buffer has no address; its offset is part of the
   * form.
   */
  #address(buffer: number, offset: number, sized = false): void {
    const local = this.#locals.indexOf(buffer);
    if (local >= 0) {
      builder.number(-1 - local);
      builder.number(offset);
      return;
    }
    let known = this.#touched.indexOf(buffer);
    while (known >= 0 && this.operands[known].offset !== offset) {
      known = this.#touched.indexOf(buffer, known + 1);
    }
    builder.number(known < 0 ? this.operands.length : known);
    if (known >= 0) return;
    this.operands.push({ buffer, offset });
    this.#touched.push(buffer);
    this.#type(buffer, sized);
  }

  #type(buffer: number, sized: boolean): void {
    const { dtype, size } = this.#buffers[buffer];
    builder.name(dtype);
    if (sized) builder.number(size);
  }
}

function writeAxes(axes: Layout["axes"]): void {
  builder.number(axes.length);
  for (const digits of axes) writeDigits(digits);
}

function writeDigits(digits: readonly Digit[]): void {
  builder.number(digits.length);
  for (const { length, stride } of digits) {
    builder.number(length);
    builder.number(stride);
  }
}
