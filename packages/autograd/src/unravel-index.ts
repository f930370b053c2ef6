import type { Shape } from "@stargrad/graph";

/** Where an element stands: its index on each axis, from its place in row-major order. */
export function unravelIndex(element: number, shape: Shape): number[] {
  const position: number[] = [];
  let rest = element;
  for (const length of [...shape].reverse()) {
    position.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return position;
}
