import type { Tensor, TypedArray } from "@stargrad/tensor";

/**
 * The elements of a tensor, at once. Batches are in ordinary memory, and the default engine computes what was made of them. On an engine that
 * works on its own, reading what it computes fails with an error that says so: await the tensor's `data()` there, in an asynchronous dataset.
 */
export function valuesOf(x: Tensor): TypedArray {
  return x.dataSync();
}
