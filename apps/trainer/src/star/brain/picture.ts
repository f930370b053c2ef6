import { BrailleCanvas } from "../../terminal/braille-canvas.js";
import type { Colors } from "../../terminal/colors.js";
import { halfBlocks } from "../../terminal/half-blocks.js";
import { thumbnail } from "../last-page.js";
import { centres, goal, size, type Try } from "./lesson.js";

/** The picture of the goal, dimmed. */
export function goalPicture({ dim }: Colors): string[] {
  return halfBlocks(goal, size, dim);
}

/** The picture that the network drew. Wrong ink is purple. */
export function picture({ attempt: { ink }, adjustment }: Try, colors: Colors): string[] {
  const isWrong = (pixel: number): boolean => ink[pixel] && !goal[pixel];
  const style = adjustment === null ? colors.gold : colors.bold;
  return halfBlocks(ink, size, (text, positions) =>
    positions.some(isWrong) ? colors.purple(text) : style(text),
  );
}

/** A small version of the picture, with one dot per pixel. */
export function smallPicture({ attempt, adjustment }: Try, colors: Colors): string[] {
  const canvas = new BrailleCanvas({ ...thumbnail, extent: 1 });
  for (const [pixel, hasInk] of attempt.ink.entries()) if (hasInk) canvas.dot(centres[pixel], 1);
  const style = adjustment === null ? colors.gold : colors.bold;
  return canvas
    .lines()
    .map((runs) => runs.map(({ layer, text }) => (layer === 0 ? text : style(text))).join(""));
}
