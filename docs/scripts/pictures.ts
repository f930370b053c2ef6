import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { backward, mseLoss, Parameter, starCorners, strokeCorners, wobblyStart } from "stargrad";

/*
 * Pictures that the library computes when the site is built. They are parts of pages (`<!--@include-->`), so that the colours of the page are
 * theirs.
 */

/** Writes all pictures into a folder. */
export async function writePictures(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "star.html"), await starPicture([1, 5, 20, 60]));
}

/** The attempts of the pen with these numbers, each over the goal: the program of the page "How back-propagation works here". */
async function starPicture(shown: readonly number[]): Promise<string> {
  const { start, directions, lengths } = wobblyStart({ seed: 1 });
  const pen = { start, directions: new Parameter(directions), lengths: new Parameter(lengths) };
  const goal = starCorners();
  const [from, corners] = [await start.data(), await goal.data()];

  const panels: string[] = [];
  for (let attempt = 1; attempt <= (shown.at(-1) ?? 0); attempt++) {
    const drawn = strokeCorners(pen);
    const loss = mseLoss(drawn, goal);
    if (shown.includes(attempt)) {
      const title = `attempt ${attempt}: loss ${(await loss.item()).toFixed(4)}`;
      panels.push(panel(panels.length, title, pathOf(from, corners), pathOf(from, await drawn.data())));
    }
    backward(loss);
    for (const weight of [pen.directions, pen.lengths]) {
      if (weight.grad !== null) weight.assign(weight.sub(weight.grad.mul(0.2)));
      weight.grad = null;
    }
  }
  return [
    `<svg class="picture" viewBox="0 0 ${panels.length * 230} 250" role="img" aria-label="${shown.length} attempts at the star, each closer to it">`,
    ...panels,
    "</svg>",
    "",
  ].join("\n");
}

/** One attempt: the goal as an area, the strokes as a line. */
function panel(index: number, title: string, goal: string, attempt: string): string {
  return [
    `<g transform="translate(${index * 230 + 115} 110)">`,
    `<path d="${goal}" class="picture-goal"/>`,
    `<path d="${attempt}" class="picture-attempt"/>`,
    `<text y="130" class="picture-words">${title}</text>`,
    "</g>",
  ].join("");
}

/** Points as a path of SVG, whose y points down. */
function pathOf(start: ArrayLike<number>, corners: ArrayLike<number>): string {
  const points = [start, corners].flatMap((values) =>
    Array.from({ length: values.length / 2 }, (_, i) => `${at(values[2 * i])} ${at(-values[2 * i + 1])}`),
  );
  return `M${points.join("L")}`;
}

const at = (value: number): string => (value * 88).toFixed(1);
