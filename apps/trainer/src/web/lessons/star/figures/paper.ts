import type { Point } from "../../../../star/pen/training.js";
import type { Scene } from "../../../../star/pen/scene.js";
import type { ColorName, Line, Surface, XY } from "../../../canvas/surface.js";

/** Where the points of a drawing are on the screen. */
export interface Paper {
  readonly scale: number;
  readonly at: (point: Point) => XY;
  /** The point of the drawing under a place on the screen. */
  readonly from: (place: XY) => Point;
}

/** A sheet on which all these points have room, with a faint grid of dots. */
export function paperFor(
  surface: Surface,
  points: readonly Point[],
  margin = surface.isRoomy ? 36 : 24,
): Paper {
  const { width, height } = surface;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min((width - 2 * margin) / (right - left), (height - 2 * margin) / (high - low));
  const [middleX, middleY] = [(left + right) / 2, (low + high) / 2];
  for (let x = (width / 2) % 40; x < width; x += 40) {
    for (let y = (height / 2) % 40; y < height; y += 40) surface.dot([x, y], 1, "line");
  }
  return {
    scale,
    at: ([x, y]) => [width / 2 + scale * (x - middleX), height / 2 - scale * (y - middleY)],
    from: ([x, y]) => [(x - width / 2) / scale + middleX, (height / 2 - y) / scale + middleY],
  };
}

/** The points of the pen's way in a try, from the start on. */
export function pathOf({ start, attempt }: Pick<Scene, "start" | "attempt">): Point[] {
  return [start, ...attempt.corners];
}

/** The dotted outline of the goal, which every try begins at the start of. */
export function drawGoal(surface: Surface, paper: Paper, { goal, start }: Scene, line: Line = {}): void {
  surface.path([start, ...goal].map(paper.at), "goal", { dash: [2, 5], ...line });
}

/** The beginning of a way, as long as a part of the whole. */
export function partOf(points: readonly XY[], part: number): XY[] {
  if (part >= 1) return [...points];
  const lengths = points.slice(1).map((point, i) => distance(point, points[i]));
  let rest = part * lengths.reduce((sum, length) => sum + length, 0);
  const result = [points[0]];
  for (const [i, length] of lengths.entries()) {
    if (rest <= length)
      return [...result, between(points[i], points[i + 1], length === 0 ? 0 : rest / length)];
    result.push(points[i + 1]);
    rest -= length;
  }
  return result;
}

export function distance(a: XY, b: XY): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

export function between(a: XY, b: XY, part: number): XY {
  return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
}

/** An arrow from a little after a place to a little before another; nothing if they are too near. */
export function arrowBetween(
  surface: Surface,
  [a, b]: readonly [XY, XY],
  color: ColorName,
  options: Line & { readonly size?: number; readonly after?: number; readonly before?: number } = {},
): void {
  const { after = 10, before = 6, ...line } = options;
  const length = distance(a, b);
  if (length < after + before + 6) return;
  surface.arrow(between(a, b, after / length), between(a, b, 1 - before / length), color, line);
}

/**
 * Places for numbered discs: where several corners are so near that their discs would touch, they are moved apart, and a
 * short line leads back to the corner.
 */
export function spreadOut(places: readonly XY[], apart = 20): XY[] {
  const moved = places.map(([x, y]): [number, number] => [x, y]);
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < moved.length; i++) {
      for (let j = 0; j < i; j++) {
        const [dx, dy] = [moved[i][0] - moved[j][0], moved[i][1] - moved[j][1]];
        const length = Math.hypot(dx, dy);
        if (length >= apart) continue;
        // Two corners at the very same place go apart to the sides.
        const [ux, uy] = length < 0.01 ? [1, 0] : [dx / length, dy / length];
        const push = (apart - length) / 2;
        moved[i][0] += ux * push;
        moved[i][1] += uy * push;
        moved[j][0] -= ux * push;
        moved[j][1] -= uy * push;
      }
    }
  }
  return moved;
}

/** The stroke that a mark is about: 3 for `d3`, `l3` and `s3`. */
export function strokeOf(mark: string | null): number | null {
  const stroke = /^[dls](\d+)$/.exec(mark ?? "")?.[1];
  return stroke === undefined ? null : Number(stroke);
}
