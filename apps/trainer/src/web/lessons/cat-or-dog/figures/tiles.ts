import type { ColorName, Surface, XY } from "../../../canvas/surface.js";

/** A filled rectangle. */
export function box(surface: Surface, [x, y]: XY, width: number, height: number, fill: ColorName): void {
  surface.area(
    [
      [x, y],
      [x + width, y],
      [x + width, y + height],
      [x, y + height],
    ],
    fill,
  );
}

/** A picture on paper, with an edge; null for paper alone. */
export function tile(
  surface: Surface,
  at: XY,
  size: number,
  values: ArrayLike<number> | null,
  color: ColorName = "ink",
): void {
  box(surface, at, size, size, "surface");
  if (values !== null) surface.ink(at, size, values, color);
  surface.frame(at, [size, size], "line");
}

/** ▲ for “up”, ▽ for “down”: full and empty, so that the sign is more than a direction. */
export function sign(
  surface: Surface,
  [x, y]: XY,
  radius: number,
  isUp: boolean,
  color: ColorName = "blame",
): void {
  const d = isUp ? -1 : 1;
  const points: XY[] = [
    [x, y + d * radius],
    [x + 0.87 * radius, y - d * radius * 0.6],
    [x - 0.87 * radius, y - d * radius * 0.6],
  ];
  surface.area(points, isUp ? color : "surface", { edge: color, width: 1.4 });
}

/** Weights: squares as large as they are; plus full, minus with a bar across. `before` is drawn as ghosts. */
export function weights(
  surface: Surface,
  [x, y]: XY,
  size: number,
  values: Float32Array,
  { largest, before }: { readonly largest: number; readonly before?: Float32Array },
): void {
  const side = Math.sqrt(values.length);
  const cell = size / side;
  box(surface, [x, y], size, size, "surface");
  surface.frame([x, y], [size, size], "line");
  for (const [i, value] of values.entries()) {
    const [middleX, middleY] = [x + ((i % side) + 0.5) * cell, y + (Math.floor(i / side) + 0.5) * cell];
    const wide = (one: number): number => Math.max(1.5, 0.94 * cell * Math.sqrt(Math.abs(one) / largest));
    const now = wide(value);
    box(surface, [middleX - now / 2, middleY - now / 2], now, now, value < 0 ? "minus" : "plus");
    if (value < 0 && now > 5) {
      const bar: XY[] = [
        [middleX - 0.28 * now, middleY],
        [middleX + 0.28 * now, middleY],
      ];
      surface.path(bar, "surface", { width: Math.max(1.2, now / 8), cap: "butt" });
    }
    if (before === undefined) continue;
    const old = wide(before[i]);
    if (Math.abs(old - now) > 0.4)
      surface.frame([middleX - old / 2, middleY - old / 2], [old, old], "ghost", { width: 1.2 });
  }
}

/** Values from 0 to the largest, as parts of the largest. */
export function partsOf(values: Float32Array, largest: number): Float32Array {
  return values.map((value) => Math.max(0, Math.min(1, value / largest)));
}

export function largestOf(values: ArrayLike<number>): number {
  let largest = 1e-12;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}
