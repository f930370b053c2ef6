import { buffersOf, type Kernel, type Program } from "./kernel.js";

/** Removes kernels whose results are never read, such as a product that another kernel replaces. */
export function withoutUnread(kernels: readonly Kernel[], outputs: readonly number[]): Kernel[] {
  const read = new Set(outputs);
  return [...kernels]
    .reverse()
    .filter((kernel) => {
      const { reads, writes } = buffersOf(kernel);
      // Other kernels may throw, so they are kept.
      const pure = ["map", "product", "fill", "copy"].includes(kernel.kind);
      const kept = !pure || writes.some((buffer) => read.has(buffer));
      if (kept) for (const buffer of reads) read.add(buffer);
      return kept;
    })
    .reverse();
}

/** Removes results of loops that are written but never read. */
export function withoutDeadResults({ kernels, ...program }: Program): Program {
  const read = new Set(program.outputs);
  for (const kernel of kernels) for (const buffer of buffersOf(kernel).reads) read.add(buffer);
  const alive = kernels.flatMap((kernel): Kernel[] => {
    if (kernel.kind !== "map") return [kernel];
    const results = kernel.results.filter(({ buffer }) => read.has(buffer));
    if (results.length === kernel.results.length) return [kernel];
    return results.length === 0 ? [] : [{ ...kernel, results }];
  });
  return { ...program, kernels: alive };
}
