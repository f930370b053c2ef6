import type { Shape } from "@stargrad/graph";

/** The index on each axis of the element with the given row-major index. Source: numpy.unravel_index */
export function unravelIndex(element: number, shape: Shape): number[] {
  const indices: number[] = [];
  let rest = element;
  for (const length of [...shape].reverse()) {
    indices.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return indices;
}
