import type { Point, Stroke } from "@stargrad/datasets";

import type { Surface, XY } from "../../../canvas/surface.js";

/** The width of the visitor's pen: that of the project's own drawings. */
export const penWidth = 0.11;

/** How far an arrow key moves the pen. */
export const penStep = 0.1;

/** The point of a drawing under a place on a square pad. */
export function pointAt([x, y]: XY, size: number): Point {
  const inside = (value: number): number => Math.round(1000 * Math.max(-1, Math.min(1, value))) / 1000;
  return [inside((2 * x) / size - 1), inside(1 - (2 * y) / size)];
}

/** A line of the visitor. */
export function strokeOf(points: readonly Point[]): Stroke {
  return { points, closed: false, fill: "none", width: penWidth };
}

/** The strokes without those that a point touches. */
export function erased(strokes: readonly Stroke[], [x, y]: Point): readonly Stroke[] {
  const reach = penWidth / 2 + 0.06;
  const touches = ({ points }: Stroke): boolean =>
    points.some(([endX, endY], i) => {
      const [startX, startY] = points[Math.max(0, i - 1)];
      const [dx, dy] = [endX - startX, endY - startY];
      const length = dx * dx + dy * dy;
      const part = length === 0 ? 0 : ((x - startX) * dx + (y - startY) * dy) / length;
      const at = Math.max(0, Math.min(1, part));
      return Math.hypot(x - startX - at * dx, y - startY - at * dy) <= reach;
    });
  const kept = strokes.filter((stroke) => !touches(stroke));
  return kept.length === strokes.length ? strokes : kept;
}

export function drawPad(
  surface: Surface,
  strokes: readonly Stroke[],
  pen: { readonly at: Point; readonly isDown: boolean } | null,
): void {
  const size = Math.min(surface.width, surface.height);
  const at = ([x, y]: Point): XY => [((1 + x) / 2) * size, ((1 - y) / 2) * size];
  for (let line = 1; line < 4; line++) {
    surface.path([at([-1, line / 2 - 1]), at([1, line / 2 - 1])], "line", { width: 1 });
    surface.path([at([line / 2 - 1, -1]), at([line / 2 - 1, 1])], "line", { width: 1 });
  }
  for (const { points, width } of strokes) {
    const line = (width / 2) * size;
    if (points.length === 1) surface.dot(at(points[0]), line / 2, "ink");
    else surface.path(points.map(at), "ink", { width: line });
  }
  surface.frame([0.5, 0.5], [size - 1, size - 1], "edge");
  if (pen === null) return;
  const [x, y] = at(pen.at);
  surface.dot([x, y], 7, pen.isDown ? "focus" : "surface", "focus", 3);
}
