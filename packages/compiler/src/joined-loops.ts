import { sameShape } from "@stargrad/graph";
import { GrowingLoop } from "./growing-loop.js";
import type { Kernel, MapKernel } from "./kernel.js";
import type { Target } from "./target.js";

/** Joins neighbouring elementwise loops over one shape into one loop with several results, as far as the target allows. */
export function joinLoops(kernels: readonly Kernel[], target: Target): Kernel[] {
  const items: (Kernel | GrowingLoop)[] = [];
  for (const kernel of kernels) {
    const last = items.at(-1);
    const growing = kernel.kind === "map" && last !== undefined ? growingFrom(last, kernel, target) : null;
    if (kernel.kind === "map" && growing?.join(kernel) === true) items[items.length - 1] = growing;
    else items.push(kernel);
  }
  return items.map((item) => (item instanceof GrowingLoop ? item.kernel : item));
}

/** The loop to which the next one may be joined; `null` if `last` is not a loop or has another shape. */
function growingFrom(last: Kernel | GrowingLoop, { shape }: MapKernel, target: Target): GrowingLoop | null {
  if (last instanceof GrowingLoop) return sameShape(last.shape, shape) ? last : null;
  return last.kind === "map" && sameShape(last.shape, shape) ? new GrowingLoop(last, target) : null;
}
