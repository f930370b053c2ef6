import { formatShape, ShapeError, type Tensor } from "@stargrad/tensor";
import { expectShape } from "../shapes.js";

/** The number of spatial axes of a layer: 1 for a sequence, 2 for an image, 3 for a volume. */
export type Rank = 1 | 2 | 3;

const spaces = {
  1: { letters: ["L"], names: ["length"], smallest: "a length" },
  2: { letters: ["H", "W"], names: ["height", "width"], smallest: "an image" },
  3: { letters: ["D", "H", "W"], names: ["depth", "height", "width"], smallest: "a volume" },
} as const;

/** The name of a spatial axis, `height`. */
export function nameOfAxis(rank: Rank, axis: number): string {
  return spaces[rank].names[axis];
}

/** Throws a ShapeError unless x is [N, C, …] or [C, …] with `rank` further axes, and with the given number of channels. */
export function expectSpatial(called: string, x: Tensor, rank: Rank, channels: number | "C" = "C"): void {
  const fits =
    (x.ndim === rank + 1 || x.ndim === rank + 2) &&
    (channels === "C" || x.shape[x.ndim - rank - 1] === channels);
  const axes = [channels, ...spaces[rank].letters].join(", ");
  expectShape(called, x, fits, `[N, ${axes}] or [${axes}]`);
}

/** Throws a ShapeError unless each of the last axes of x is long enough. */
export function expectSize(called: string, x: Tensor, least: readonly number[]): void {
  if (least.every((length, axis) => x.shape[x.ndim - least.length + axis] >= length)) return;
  const { smallest } = spaces[least.length as Rank];
  throw new ShapeError(
    called,
    `got ${formatShape(x.shape)}; expected ${smallest} of at least ${least.join(" × ")}`,
  );
}
