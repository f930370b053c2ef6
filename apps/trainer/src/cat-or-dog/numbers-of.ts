import type { Tensor } from "@stargrad/tensor";

/** The elements of a tensor, as plain data that can travel between threads. */
export async function numbersOf(x: Tensor): Promise<Float32Array<ArrayBuffer>> {
  return Float32Array.from(await x.data());
}
