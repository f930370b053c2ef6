import type { Scene } from "../../../../../star/brain/scene.js";
import { decimal } from "../../../../../words/numbers.js";
import type { Surface, XY } from "../../../../canvas/surface.js";

/** How the answers are spread: for squares that should have ink above the line, for paper below it, and where ink begins. */
export function spread(
  surface: Surface,
  { spread: { low, high, ink, paper }, means, inked, goal }: Scene,
): void {
  const { width, height } = surface;
  const x = (answer: number): number => 8 + ((answer - low) * (width - 16)) / (high - low);
  const middle = (height - 16) / 2;
  const largest = Math.max(...ink.map((n) => n / inked), ...paper.map((n) => n / (goal.length - inked)));
  const bins = ink.length;
  const bar = (i: number, share: number, up: boolean): void => {
    const [left, right] = [i, i + 1].map((k) => x(low + (k * (high - low)) / bins));
    const tall = (share / largest) * (middle - 14);
    const [a, b] = up ? [middle - tall, middle] : [middle, middle + tall];
    const box: XY[] = [
      [left + 1, a],
      [right - 1, a],
      [right - 1, b],
      [left + 1, b],
    ];
    if (share === 0) return;
    if (up) surface.area(box, "goal-fill", { edge: "goal", width: 1 });
    else surface.area(box, "surface", { edge: "ink-2", width: 1.5 });
  };
  ink.forEach((count, i) => {
    bar(i, count / inked, true);
  });
  paper.forEach((count, i) => {
    bar(i, count / (goal.length - inked), false);
  });
  surface.path(
    [
      [4, middle],
      [width - 4, middle],
    ],
    "edge",
    { width: 1.5 },
  );
  surface.path(
    [
      [x(0.5), 4],
      [x(0.5), height - 16],
    ],
    "mistake",
    { width: 2, dash: [5, 3] },
  );
  for (const tick of [0, 0.5, 1])
    surface.text([x(tick), height - 7], `${tick}`, tick === 0.5 ? "mistake" : "ink-2", {
      size: 12,
      bold: tick === 0.5,
    });
  surface.text([x(0.5) + 6, 9], "ink from here →", "mistake", { size: 12, align: "left", halo: true });
  surface.mark({
    id: "means",
    label: `Mean answer: ${decimal(means.ink, 2)} where ink belongs, ${decimal(means.paper, 2)} on paper`,
    at: [x(means.paper), middle],
    to: [x(means.ink), middle],
    reach: 6,
  });
}
