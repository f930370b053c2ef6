import { allocate, primitives, sizeOf, type HostTensor, type Primitive, type Shape } from "@stargrad/graph";
import type { LoopExpression } from "../kernel.js";
import { axisOffsets, type Layout } from "../layout.js";

/** The position of every element of a layout, row-major. */
export function offsetsOf({ offset, axes }: Layout): Int32Array {
  return axes.reduce((outer: Int32Array, digits) => {
    const inner = axisOffsets(digits);
    const offsets = new Int32Array(outer.length * inner.length);
    for (let i = 0; i < outer.length; i++) {
      for (let j = 0; j < inner.length; j++) offsets[i * inner.length + j] = outer[i] + inner[j];
    }
    return offsets;
  }, Int32Array.of(offset));
}

/** Evaluates expressions for every element of a shape by the reference semantics of the primitives. */
export class Evaluation {
  readonly #shape: Shape;
  readonly #read: (buffer: number, offsets: Int32Array) => HostTensor["data"];
  readonly #known = new Map<LoopExpression, HostTensor>();

  constructor(shape: Shape, read: (buffer: number, offsets: Int32Array) => HostTensor["data"]) {
    this.#shape = [sizeOf(shape)];
    this.#read = read;
  }

  of(expression: LoopExpression): HostTensor {
    const known = this.#known.get(expression) ?? this.#compute(expression);
    this.#known.set(expression, known);
    return known;
  }

  #compute(expression: LoopExpression): HostTensor {
    const { dtype } = expression;
    const shape = this.#shape;
    if (expression.kind !== "apply") {
      const offsets = offsetsOf(expression.layout);
      if (offsets.length !== shape[0]) throw new Error("a layout has another shape than its loop");
      const data = expression.kind === "index" ? offsets : this.#read(expression.buffer, offsets);
      return { shape, dtype, data };
    }
    const output = { shape, dtype, data: allocate(dtype, shape[0]) };
    const primitive: Primitive = primitives[expression.primitive];
    const attributes = expression.primitive === "cast" ? { dtype } : {};
    primitive.reference(
      expression.inputs.map((input) => this.of(input)),
      attributes,
      output,
    );
    return output;
  }
}
