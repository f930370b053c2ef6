import { BrailleCanvas, type CanvasLayer, type Point } from "../../terminal/braille-canvas.js";
import type { Colors } from "../../terminal/colors.js";
import type { Try } from "./lesson.js";
import { goal } from "./training.js";

const goalCorners = goal.toArraySync() as Point[];

/** The tip where the pen starts, which is also the goal of the last stroke. */
const start = goalCorners[goalCorners.length - 1];

const layers = { goal: 1, drawing: 2, blame: 3 } as const;

export interface PictureOptions {
  readonly columns: number;
  readonly rows: number;
  /** Whether to show the goal, with numbered corners. Default: false. */
  readonly withGoal?: boolean;
}

/** The drawing of the pen over the goal, which is dotted and dimmed. The stroke with the largest gradient is purple. */
export function picture(
  { attempt, adjustment }: Try,
  { columns, rows, withGoal = false }: PictureOptions,
  colors: Colors,
): string[] {
  const canvas = new BrailleCanvas({ columns, rows, extent: withGoal ? 1.25 : 1.1 });
  const path = [start, ...attempt.corners];
  canvas.polyline(path, layers.drawing);
  if (adjustment !== null) {
    const { stroke } = adjustment.mostBlamed;
    canvas.polyline(path.slice(stroke - 1, stroke + 1), layers.blame);
  }
  if (withGoal) {
    canvas.polyline([start, ...goalCorners], layers.goal, 3);
    for (const [i, corner] of goalCorners.entries()) canvas.label(`${i + 1}`, outside(corner), layers.goal);
  }
  const styles: Record<CanvasLayer | 0, (text: string) => string> = {
    0: (text) => text,
    [layers.goal]: colors.dim,
    [layers.drawing]: adjustment === null ? (text) => colors.bold(colors.gold(text)) : colors.bold,
    [layers.blame]: colors.purple,
  };
  return canvas.lines().map((runs) => runs.map(({ layer, text }) => styles[layer](text)).join(""));
}

/** A point slightly farther from the centre than a corner. The paper is empty there, at tips and at inner corners. */
function outside([x, y]: Point): Point {
  const distance = Math.hypot(x, y);
  const factor = (distance + 0.15) / distance;
  return [x * factor, y * factor];
}
