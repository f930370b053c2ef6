import {
  partsOf,
  type BufferSpec,
  type Kernel,
  type LoopExpression,
  type LoopKernel,
  type Operand,
  type ProductOperand,
  type ScanKernel,
} from "./kernel.js";
import type { Digit, Layout } from "./layout.js";

/** Where an operand of a kernel begins. */
export interface OperandPlace {
  readonly buffer: number;
  /** In elements. */
  readonly offset: number;
}

/** Any kernel but a loop of others. */
export type SimpleKernel = Exclude<Kernel, ScanKernel>;

/**
 * A kernel without the places of its operands: kernels of one form are one piece of code, called with other addresses. Two
 * operands that begin at different places of one buffer are two operands of the form.
 */
export interface KernelForm {
  /** The kernel over the form's own buffers, every layout of which begins at 0. */
  readonly kernel: SimpleKernel;
  /** Buffers that are local to the kernel, then its operands. Sizes are 0 where the code does not depend on them. */
  readonly buffers: readonly BufferSpec[];
  /** What the kernel's operands are in the program. */
  readonly operands: readonly OperandPlace[];
  /** Equal for two forms exactly if they are the same code. */
  readonly key: string;
}

/** Takes a kernel apart into its form and the places of its operands. */
export function formOf(kernel: SimpleKernel, buffers: readonly BufferSpec[]): KernelForm {
  return new Forming(buffers).form(kernel);
}

class Forming {
  readonly #buffers: readonly BufferSpec[];
  readonly #operands: OperandPlace[] = [];
  readonly #specs: BufferSpec[] = [];
  /** By offset, then by buffer: most operands begin at 0. */
  readonly #known = new Map<number, Map<number, number>>();
  /** The buffers that are local to the kernel, and their numbers in the form. */
  readonly #locals = new Map<number, number>();
  #key = "";

  constructor(buffers: readonly BufferSpec[]) {
    this.#buffers = buffers;
  }

  form(kernel: SimpleKernel): KernelForm {
    this.#key = kernel.kind;
    const formed = this.#formed(kernel);
    const dtypes = this.#specs.map(({ dtype, size }) => `${dtype}${size === 0 ? "" : size}`);
    return {
      kernel: formed,
      buffers: this.#specs,
      operands: this.#operands,
      key: `${this.#key}|${dtypes.join()}`,
    };
  }

  #formed(kernel: SimpleKernel): SimpleKernel {
    switch (kernel.kind) {
      case "map":
      case "reduce":
        return this.#loop(kernel);
      case "rows": {
        this.#write(kernel.blocks, kernel.loops.length);
        for (const local of kernel.locals)
          this.#locals.set(local, this.#specs.push(this.#specOf(local, true)) - 1);
        const loops = kernel.loops.map((loop) => this.#loop(loop));
        return { ...kernel, loops, locals: [...this.#locals.values()] };
      }
      case "product": {
        const { dtype, batch, m, n, k } = kernel;
        this.#write(dtype, batch, m, n, k);
        const [a, b, c] = [kernel.a, kernel.b, kernel.c].map((operand) => this.#productOperand(operand));
        const epilogue = this.#results(kernel.epilogue);
        return { ...kernel, a, b, c, epilogue };
      }
      case "fill":
        this.#write(Object.is(kernel.value, -0) ? "-0" : kernel.value);
        return { ...kernel, buffer: this.#operand(kernel.buffer, 0, true) };
      case "check": {
        this.#write(kernel.shape.join(), kernel.faulty.from, kernel.faulty.to);
        return { ...kernel, operand: this.#read(kernel.operand) };
      }
      case "gather": {
        const { shape, step } = kernel;
        this.#write(shape.join(), step);
        const [index, x] = [kernel.index, kernel.x].map((operand) => this.#read(operand));
        return { ...kernel, index, x, buffer: this.#operand(kernel.buffer, 0) };
      }
      case "scatterAdd": {
        const { shape, step, size } = kernel;
        this.#write(shape.join(), step, size);
        const [index, x, target] = [kernel.index, kernel.x, kernel.target].map((operand) =>
          this.#read(operand),
        );
        return { ...kernel, index, x, target };
      }
      case "cumsum":
        this.#write(kernel.shape.join(), kernel.axis);
        return { ...kernel, x: this.#read(kernel.x), buffer: this.#operand(kernel.buffer, 0) };
      case "argsort":
        this.#write(kernel.shape.join(), kernel.axis, Number(kernel.descending));
        return { ...kernel, x: this.#read(kernel.x), buffer: this.#operand(kernel.buffer, 0) };
      case "randomBits":
        return {
          ...kernel,
          state: this.#operand(kernel.state, 0),
          buffer: this.#operand(kernel.buffer, 0, true),
        };
    }
  }

  #loop(loop: LoopKernel): LoopKernel {
    this.#write(loop.kind, loop.shape.join());
    if (loop.kind === "map") return { ...loop, results: this.#results(loop.results) };
    this.#write(loop.combine, loop.axes.join());
    const expression = this.#expressions([loop.expression])[0];
    return { ...loop, expression, ...this.#place(loop) };
  }

  #results<R extends Operand & { readonly expression: LoopExpression }>(results: readonly R[]): R[] {
    const expressions = this.#expressions(results.map(({ expression }) => expression));
    return results.map((result, i) => ({ ...result, expression: expressions[i], ...this.#place(result) }));
  }

  /** Expressions over the form's buffers. What they share is written once. */
  #expressions(expressions: readonly LoopExpression[]): LoopExpression[] {
    const formed = new Map<LoopExpression, { readonly part: LoopExpression; readonly number: number }>();
    const parts = partsOf(expressions);
    // Inputs stand after what they go into: the last part is a leaf.
    for (let i = parts.length - 1; i >= 0; i--) this.#form(parts[i], formed);
    return expressions.map((expression) => {
      const { part, number } = this.#form(expression, formed);
      this.#write(number);
      return part;
    });
  }

  #form(
    part: LoopExpression,
    formed: Map<LoopExpression, { readonly part: LoopExpression; readonly number: number }>,
  ): { readonly part: LoopExpression; readonly number: number } {
    const known = formed.get(part);
    if (known !== undefined) return known;
    let result: LoopExpression;
    if (part.kind === "apply") {
      const inputs = part.inputs.map((input) => this.#form(input, formed));
      this.#write(part.primitive, part.dtype, inputs.map(({ number }) => number).join());
      result = { ...part, inputs: inputs.map((input) => input.part) };
    } else if (part.kind === "place") {
      this.#write("place", part.layout.offset);
      this.#layout(part.layout);
      result = part;
    } else {
      this.#write("load", part.dtype);
      result = { ...part, ...this.#place(part) };
    }
    const numbered = { part: result, number: formed.size };
    formed.set(part, numbered);
    return numbered;
  }

  #read(operand: Operand): Operand {
    return this.#place(operand);
  }

  /** An operand of the form; a buffer that is local keeps its offset, since it has no address of its own. */
  #place({ buffer, layout }: Operand): Operand {
    const local = this.#locals.get(buffer);
    this.#layout(layout);
    if (local !== undefined) {
      this.#write(`local${local} ${layout.offset}`);
      return { buffer: local, layout };
    }
    return { buffer: this.#operand(buffer, layout.offset), layout: { offset: 0, axes: layout.axes } };
  }

  #productOperand(operand: ProductOperand): ProductOperand {
    this.#digits([operand.batch, operand.rows, operand.columns]);
    if (operand.readWhereItLies === true) this.#write("whereItLies");
    return { ...operand, buffer: this.#operand(operand.buffer, operand.offset), offset: 0 };
  }

  /** The number of an operand in the form. */
  #operand(buffer: number, offset: number, sized = false): number {
    let ofOffset = this.#known.get(offset);
    if (ofOffset === undefined) this.#known.set(offset, (ofOffset = new Map<number, number>()));
    let number = ofOffset.get(buffer);
    if (number === undefined) {
      this.#operands.push({ buffer, offset });
      number = this.#specs.push(this.#specOf(buffer, sized)) - 1;
      ofOffset.set(buffer, number);
    }
    this.#write(number);
    return number;
  }

  #specOf(buffer: number, sized: boolean): BufferSpec {
    const { dtype, size } = this.#buffers[buffer];
    return { name: "", dtype, size: sized ? size : 0 };
  }

  #layout({ axes }: Layout): void {
    this.#digits(axes);
  }

  #digits(axes: readonly (readonly Digit[])[]): void {
    let text = "";
    for (const digits of axes) {
      for (const { length, stride } of digits) text += `${length}*${stride},`;
      text += ";";
    }
    this.#write(text);
  }

  #write(...words: readonly (string | number)[]): void {
    for (const word of words) this.#key += ` ${word}`;
  }
}
