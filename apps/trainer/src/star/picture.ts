import { BrailleCanvas, type Layer, type Point } from "../terminal/braille-canvas.js";
import type { Colors } from "../terminal/colors.js";
import { goal, type Try } from "./lesson.js";

const goalCorners = goal.toArraySync() as Point[] as readonly Point[];

/** The tip where the pen starts, and where the last stroke should end. */
const start = goalCorners[goalCorners.length - 1];

export interface PictureOptions {
  readonly columns: number;
  readonly rows: number;
  /** Whether to number the goal's corners. */
  readonly numbered?: boolean;
}

/** The goal, dotted and dim, and over it what the pen drew; the stroke with the most blame in purple. */
export function picture(
  { attempt, adjustment }: Try,
  { columns, rows, numbered = false }: PictureOptions,
  colors: Colors,
): string[] {
  const canvas = new BrailleCanvas({ columns, rows, extent: numbered ? 1.25 : 1.1 });
  const path = [start, ...attempt.corners];
  canvas.polyline([start, ...goalCorners], 1, 3);
  canvas.polyline(path, 2);
  if (adjustment !== null) {
    const { stroke } = adjustment.mostBlamed;
    canvas.polyline(path.slice(stroke - 1, stroke + 1), 3);
  }
  if (numbered) {
    for (const [i, corner] of goalCorners.entries()) canvas.label(`${i + 1}`, outside(corner));
  }
  const pen = adjustment === null ? (text: string) => colors.bold(colors.gold(text)) : colors.bold;
  const styles: Record<Layer | 0, (text: string) => string> = {
    0: (text) => text,
    1: colors.dim,
    2: pen,
    3: colors.purple,
  };
  return canvas.lines().map((runs) => runs.map(({ layer, text }) => styles[layer](text)).join(""));
}

/** A little further from the centre than a corner: free paper, both at the tips and in the notches. */
function outside([x, y]: Point): Point {
  const distance = Math.hypot(x, y);
  const factor = (distance + 0.15) / distance;
  return [x * factor, y * factor];
}
