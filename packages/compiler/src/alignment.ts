import type { Target } from "./target.js";

/** Rounds a number up to a multiple. */
export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}

/** The bytes to allocate for `bytes` bytes, so that vectors may read beyond the end and what follows is aligned. */
export function allocatedBytes(bytes: number, { alignmentBytes, overreadBytes }: Target["memory"]): number {
  return roundUp(bytes + overreadBytes, alignmentBytes);
}
