import { assignAll, Buffer } from "@stargrad/autograd";
import { fromData, type DType, type Shape, type Tensor } from "@stargrad/tensor";

/**
 * Gives the buffers of these names new values, and makes those that are not there yet. What is computed from a value is
 * computed before it changes, so the value before is not kept.
 */
export function setBuffers(buffers: Map<string, Buffer>, values: Iterable<readonly [string, Tensor]>): void {
  const assignments: [Buffer, Tensor][] = [];
  for (const [name, value] of values) {
    const known = buffers.get(name);
    if (known === undefined) buffers.set(name, new Buffer(value, { keepsPrevious: false }));
    else assignments.push([known, value]);
  }
  if (assignments.length > 0) assignAll(assignments);
}

/** Gives back at once what buffers take. */
export function disposeAll(buffers: Iterable<Buffer>): void {
  for (const buffer of buffers) buffer.dispose();
}

/** A tensor of one value whose elements are there at once, where `full` would have to be computed. */
export function filled(shape: Shape, dtype: DType, value: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const elements = dtype === "float64" ? new Float64Array(size) : new Float32Array(size);
  return fromData(elements.fill(value), shape);
}
