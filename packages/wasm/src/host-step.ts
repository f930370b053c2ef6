import type { Program, WholeKernel } from "@stargrad/compiler";
import { primitives, type DType, type HostTensor, type Primitive, type TypedArray } from "@stargrad/graph";

/** Shows the elements of a buffer of a program as an array. */
export type BufferView = (buffer: number, dtype: DType, size: number) => TypedArray;

/** A primitive that is computed by its plain semantics, in JavaScript, on the engine's memory. */
export function runOnHost(kernel: WholeKernel, { buffers }: Program, view: BufferView): void {
  const primitive: Primitive = primitives[kernel.primitive];
  const show = ({ buffer, shape }: WholeKernel["inputs"][number]): HostTensor => {
    const { dtype, size } = buffers[buffer];
    return { shape, dtype, data: view(buffer, dtype, size) };
  };
  const output = show(kernel);
  output.data.fill(0);
  primitive.reference(kernel.inputs.map(show), kernel.attributes, output);
}
