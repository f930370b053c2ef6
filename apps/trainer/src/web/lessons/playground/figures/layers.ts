import type { PlayScene } from "../../../../playground/scene.js";
import { short } from "../../../../words/numbers.js";
import type { Surface } from "../../../canvas/surface.js";

export function layerName(scene: PlayScene, index: number): string {
  return index === scene.layers.length - 1 ? "output" : `layer ${index + 1}`;
}

/** What was paid, with its sign as an arrow. */
export function paidText(paid: number): string {
  return paid === 0 ? "0" : `${paid > 0 ? "▲" : "▼"} ${short(paid)}`;
}

/** What each layer promised, hatched, and what it paid, solid, from a zero line. */
export function drawCredit(surface: Surface, scene: PlayScene, isPaidShown: boolean): void {
  const { step } = scene;
  if (step === null) return;
  const { width, height } = surface;
  const rows = [...step.byLayer, step.credit];
  const numbers = rows.flatMap(({ promise, paid }) => (isPaidShown ? [promise, paid] : [promise]));
  const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
  const [left, right] = [66, width - 118];
  const x = (value: number): number => left + ((value - low) * (right - left)) / (high - low || 1);
  const tall = height / rows.length;
  rows.forEach(({ promise, paid }, i) => {
    const y = (i + 0.5) * tall;
    const isAll = i === rows.length - 1;
    surface.text([0, y], isAll ? "all" : layerName(scene, i), isAll ? "ink" : "ink-2", {
      size: 12,
      bold: isAll,
      align: "left",
    });
    const half = Math.min(6, tall / 4 - 1);
    const bar = (value: number, from: number, to: number): [number, number][] => [[x(0), from], [x(value), from], [x(value), to], [x(0), to]]; // prettier-ignore
    const middle = isPaidShown ? y - half - 1 : y;
    surface.hatch(bar(promise, middle - half, middle + half), "promise");
    if (isPaidShown) surface.area(bar(paid, y + 1, y + 2 * half), paid >= 0 ? "paid-helped" : "paid-hurt");
    const words = isPaidShown ? paidText(paid) : short(promise);
    surface.text([width - 2, y], words, isPaidShown ? (paid > 0 ? "paid-helped" : "paid-hurt") : "promise", {
      size: 12,
      bold: isAll,
      align: "right",
    });
  });
  surface.path([[x(0), 0], [x(0), height]], "edge", { width: 1.5 }); // prettier-ignore
}
