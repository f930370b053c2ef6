import type { Program, WholeKernel } from "@stargrad/compiler";
import { primitives, type DType, type HostTensor, type Primitive, type TypedArray } from "@stargrad/graph";

/** Shows a stretch of the engine's memory as an array. */
export type MemoryView = (dtype: DType, address: number, size: number) => TypedArray;

/** A primitive that is computed by its plain semantics, in JavaScript, on the engine's memory. */
export function hostStep(
  kernel: WholeKernel,
  program: Program,
  addressOf: (buffer: number) => number,
): (view: MemoryView) => void {
  const primitive: Primitive = primitives[kernel.primitive];
  return (view) => {
    const show = ({ buffer, shape }: WholeKernel["inputs"][number]): HostTensor => {
      const { dtype, size } = program.buffers[buffer];
      return { shape, dtype, data: view(dtype, addressOf(buffer), size) };
    };
    const output = show(kernel);
    output.data.fill(0);
    primitive.reference(kernel.inputs.map(show), kernel.attributes, output);
  };
}
