import type { EpochRecord, StepCredit } from "../../../../dashboard/records.js";
import { decimal, thousands } from "../../../../words/numbers.js";
import type { ColorName, Surface, XY } from "../../../canvas/surface.js";

/** A run in a chart. */
export interface Line {
  readonly letter: string;
  readonly isPresent: boolean;
  readonly points: readonly (readonly [step: number, value: number])[];
  /** Measurements beside the line, such as of the held-out examples. */
  readonly dots?: readonly (readonly [step: number, value: number])[];
}

export interface Axes {
  /** The largest step. */
  readonly last: number;
  readonly low: number;
  readonly high: number;
  /** The values at which a line is ruled. */
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
  /** The step that is looked at. */
  readonly at: number;
}

const [left, right, top, bottom] = [44, 22, 10, 20];

/** Dashes tell runs apart without colour. */
const dashes: readonly (readonly number[])[] = [
  [5, 4],
  [2, 3],
  [9, 3, 2, 3],
  [12, 4],
];

/** Lines of runs over their steps: the present run in ink, the others dashed. */
export function lines(surface: Surface, runs: readonly Line[], axes: Axes): void {
  const { width, height } = surface;
  const { last, low, high, ticks, format, at } = axes;
  const x = (step: number): number => left + ((step - 1) * (width - left - right)) / Math.max(1, last - 1);
  const y = (value: number): number => {
    const inside = Math.max(low, Math.min(high, value));
    return top + ((high - inside) * (height - top - bottom)) / (high - low);
  };
  for (const tick of ticks) {
    rule(surface, y(tick));
    surface.text([left - 6, y(tick)], format(tick), "ink-2", { size: 12, align: "right" });
  }
  surface.text([left, height - 8], "step 1", "ink-2", { size: 12, align: "left" });
  surface.text([width - right, height - 8], thousands(last), "ink-2", { size: 12, align: "right" });

  const ends: { x: number; y: number; letter: string; isPresent: boolean }[] = [];
  const others = runs.filter(({ isPresent }) => !isPresent);
  for (const run of [...others, ...runs.filter(({ isPresent }) => isPresent)]) {
    const { points, dots = [], isPresent, letter } = run;
    if (points.length === 0) continue;
    const dash = isPresent ? [] : dashes[others.indexOf(run) % dashes.length];
    surface.path(points.map(([step, value]): XY => [x(step), y(value)]), isPresent ? "attempt" : "ghost", { width: 2, dash }); // prettier-ignore
    for (const [step, value] of dots) {
      surface.dot(
        [x(Math.max(1, step)), y(value)],
        isPresent ? 4 : 3,
        "surface",
        isPresent ? "paid-helped" : "ghost",
      );
    }
    const [step, value] = points[points.length - 1];
    if (runs.length > 1) ends.push({ x: x(step) + 12, y: y(value), letter, isPresent });
    else if (step < last) surface.dot([x(step), y(value)], 3.5, "attempt");
  }
  // Letters that would touch are moved apart.
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => {
    if (i > 0 && Math.abs(end.x - ends[i - 1].x) < 14) end.y = Math.max(end.y, ends[i - 1].y + 13);
    surface.text([end.x, end.y], end.letter, end.isPresent ? "ink" : "ink-2", { bold: end.isPresent });
  });
  surface.path([[x(at), top - 4], [x(at), height - bottom + 2]], "focus", { width: 1.5 }); // prettier-ignore
}

/** Round values from 0 to a largest one, three or four of them. */
export function ticksTo(high: number): number[] {
  const step = [1, 2, 2.5, 5, 10].map((part) => part * 10 ** Math.floor(Math.log10(high / 3))).find((size) => high / size <= 4) ?? high; // prettier-ignore
  return Array.from({ length: Math.floor(high / step + 1e-9) + 1 }, (_, i) => i * step);
}

function rule(surface: Surface, y: number): void {
  surface.path([[left, y], [surface.width - right, y]], "line", { width: 1 }); // prettier-ignore
}

/** A small line without axes. */
export function sparkline(
  surface: Surface,
  points: readonly (readonly [step: number, value: number])[],
  { last, at }: { readonly last: number; readonly at: number },
): void {
  const { width, height } = surface;
  const high = points.reduce((most, [, value]) => Math.max(most, value), 0) || 1;
  const x = (step: number): number => 2 + ((step - 1) * (width - 6)) / Math.max(1, last - 1);
  const y = (value: number): number => height - 3 - (value * (height - 6)) / high;
  surface.path([[2, height - 2], [width - 4, height - 2]], "line", { width: 1 }); // prettier-ignore
  surface.path(points.map(([step, value]): XY => [x(step), y(value)]), "attempt", { width: 1.5 }); // prettier-ignore
  const shown = points.findLast(([step]) => step <= at);
  if (shown !== undefined) surface.dot([x(shown[0]), y(shown[1])], 3, "focus");
}

/** Promise beside paid of the explained steps around the one that is looked at. */
export function creditBars(
  surface: Surface,
  credits: readonly StepCredit[],
  chosen: StepCredit | null,
): void {
  const { width, height } = surface;
  if (credits.length === 0 || chosen === null) {
    surface.text([width / 2, height / 2], "The first step is being explained", "ink-2");
    return;
  }
  const most = Math.max(4, Math.floor((width - left - 8) / 14));
  const middle = credits.indexOf(chosen);
  const first = Math.max(0, Math.min(middle - Math.floor(most / 2), credits.length - most));
  const shown = credits.slice(first, first + most);
  const high = shown.reduce((size, { promise, paid }) => Math.max(size, promise, paid), 0) || 1e-9;
  const low = shown.reduce((size, { promise, paid }) => Math.min(size, promise, paid), 0);
  const y = (value: number): number => top + ((high - value) * (height - top - bottom)) / (high - low);
  const slot = (width - left - 8) / Math.max(shown.length, 8);
  const bar = Math.max(2, Math.min(9, slot / 2 - 1));
  surface.text([left - 6, y(high)], `${Number(high.toPrecision(2))}`, "ink-2", { size: 12, align: "right" });
  surface.text([left - 6, y(0)], "0", "ink-2", { size: 12, align: "right" });
  for (const [i, credit] of shown.entries()) {
    const x = left + i * slot;
    const box = (from: number, to: number, value: number): XY[] => [[from, y(0)], [from, y(value)], [to, y(value)], [to, y(0)]]; // prettier-ignore
    surface.hatch(box(x, x + bar, credit.promise), "promise");
    const color: ColorName = credit.paid >= 0 ? "paid-helped" : "paid-hurt";
    surface.area(box(x + bar + 1, x + 2 * bar + 1, credit.paid), color);
    if (credit.paid < 0) surface.text([x + 1.5 * bar, y(credit.paid) + 8], "▼", "paid-hurt", { size: 12 });
    const at: XY = [x + bar, y(Math.max(credit.promise, credit.paid) / 2)];
    const label = `step ${credit.step}: promised ${decimal(credit.promise, 5)}, paid ${decimal(credit.paid, 5)}`;
    surface.mark({ id: `credit-${credit.step}`, label, at, reach: Math.max(6, slot / 2) });
    if (credit === chosen) {
      const [from, to, up] = [x - 2, x + 2 * bar + 3, y(Math.max(credit.promise, credit.paid)) - 4];
      surface.path([[from, y(low) + 2], [from, up], [to, up], [to, y(low) + 2], [from, y(low) + 2]], "focus", { width: 2 }); // prettier-ignore
    }
  }
  surface.path([[left, y(0)], [width - 4, y(0)]], "edge", { width: 1 }); // prettier-ignore
  const ends = [shown[0], shown[shown.length - 1]].map(({ step }) => thousands(step));
  surface.text([left, height - 6], `step ${ends[0]}`, "ink-2", { size: 12, align: "left" });
  if (shown.length > 5)
    surface.text([left + (shown.length - 0.5) * slot, height - 6], ends[1], "ink-2", { size: 12 });
}

/** How the weights of a layer lay after each epoch, one above the other, as far as the epoch that is looked at. */
export function ridges(
  surface: Surface,
  epochs: readonly EpochRecord[],
  layer: number,
  at: EpochRecord | null,
): void {
  const { width, height } = surface;
  const known = epochs.filter(({ histograms }) => histograms.length > layer);
  const most = Math.max(2, Math.floor((height - 44) / 20));
  const every = Math.max(1, Math.ceil((known.length - 1) / (most - 1)));
  const shown = known.filter((record, i) => i % every === 0 || record === at).slice(-most);
  if (shown.length === 0) return;
  const { range } = shown[0].histograms[layer];
  // The bins outside of all that is shown are left out.
  const bins = shown[0].histograms[layer].counts.length;
  const isUsed = (bin: number): boolean => known.some(({ histograms }) => histograms[layer].counts[bin] > 0);
  let margin = 0;
  while (margin < bins / 2 - 3 && !isUsed(margin) && !isUsed(bins - 1 - margin)) margin++;
  const start = 62;
  const x = (bin: number): number => start + ((bin - margin) * (width - start - 8)) / (bins - 2 * margin);
  const tallest = shown.reduce((size, { histograms }) => Math.max(size, ...histograms[layer].counts), 1);
  const [row, highest] = [(height - 44) / shown.length, Math.min(34, (height - 44) / 3)];
  for (const [i, record] of shown.entries()) {
    const base = 20 + (i + 1) * row;
    const { counts } = record.histograms[layer];
    const points = counts
      .map((count, bin): XY => [x(bin + 0.5), base - (highest * count) / tallest])
      .slice(margin, bins - margin);
    const isAt = record === at;
    surface.area([[x(margin), base], ...points, [x(bins - margin), base]], isAt ? "plus-tint" : "sunken"); // prettier-ignore
    surface.path(points, isAt ? "plus" : "ghost", { width: isAt ? 2 : 1.5 });
    surface.path([[start, base], [width - 8, base]], "edge", { width: 1 }); // prettier-ignore
    const name = record.epoch === 0 ? "start" : `epoch ${record.epoch}`;
    surface.text([start - 6, base - 7], name, isAt ? "ink" : "ink-2", {
      size: 12,
      align: "right",
      bold: isAt,
    });
  }
  const edge = range * (1 - (2 * margin) / bins);
  surface.text([start, height - 8], decimal(-edge, 2), "ink-2", { size: 12 });
  surface.text([(start + width - 8) / 2, height - 8], "0", "ink-2", { size: 12 });
  surface.text([width - 8, height - 8], decimal(edge, 2), "ink-2", { size: 12, align: "right" });
}
