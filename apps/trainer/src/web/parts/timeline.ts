import { short } from "../../words/numbers.js";
import type { Surface, XY } from "../canvas/surface.js";
import type { RunView } from "../lesson.svelte.js";

/** The mistakes of a run, for the timeline. */
export interface Curve {
  readonly name: string;
  readonly first: number;
  readonly mistakes: readonly number[];
  readonly isPerfect: boolean;
  /** Whether it is the run on the screen; the others are dashed. */
  readonly isPresent: boolean;
}

/** The curves of runs that end once. A run without a mistake has none. */
export function curvesOf<Run extends RunView<unknown, { readonly kind: string }>>(
  runs: readonly Run[],
  present: Run,
): Curve[] {
  return runs.map((run) => ({
    name: run.name,
    first: run.first,
    mistakes: run.mistakes,
    isPerfect: run.end?.kind === "perfect",
    isPresent: run === present,
  }));
}

const left = 44;
const right = 18;

/** `soon`: what is said as long as there is nothing to draw. */
export function drawTimeline(surface: Surface, curves: readonly Curve[], at: number, soon: string): void {
  const { width, height } = surface;
  const all = curves.flatMap(({ mistakes }) => mistakes);
  const last = Math.max(10, ...curves.map(({ first, mistakes }) => first + mistakes.length - 1));
  if (all.length === 0) {
    surface.text([width / 2, height / 2], soon, "ink-2");
    return;
  }
  const high = Math.ceil(Math.log10(all.reduce((most, mistake) => Math.max(most, mistake))) * 2) / 2;
  const low = Math.min(high - 1, Math.log10(all.reduce((least, mistake) => Math.min(least, mistake))) - 0.15);
  const x = (number: number): number => left + ((number - 1) * (width - left - right)) / (last - 1);
  const y = (mistake: number): number => 8 + ((high - Math.log10(mistake)) * (height - 32)) / (high - low);

  const powers = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i);
  const every = Math.ceil(powers.length / 4);
  for (const power of powers.filter((_, i) => i % every === 0)) {
    surface.path(
      [
        [left, y(10 ** power)],
        [width - right + 8, y(10 ** power)],
      ],
      "line",
      { width: 1 },
    );
    surface.text(
      [left - 6, y(10 ** power)],
      power < -3 || power > 3 ? `1e${power}` : `${10 ** power}`,
      "ink-2",
      { size: 12, align: "right" },
    );
  }
  for (const number of ticks(last, Math.max(2, Math.floor(width / 90)))) {
    surface.text([x(number), height - 8], `${number}`, "ink-2", { size: 12 });
  }
  for (const curve of [...curves].sort((a, b) => Number(a.isPresent) - Number(b.isPresent))) {
    const points = curve.mistakes.map((mistake, i): XY => [x(curve.first + i), y(mistake)]);
    if (curve.isPresent) {
      surface.path(points, "attempt");
      if (curve.mistakes.length < 150) for (const point of points) surface.dot(point, 2, "ink");
    } else surface.path(points, "ghost", { dash: [5, 4] });
    const end = points[points.length - 1];
    if (curve.isPerfect) star(surface, end);
  }
  const present = curves.find(({ isPresent }) => isPresent);
  const presentAt = (number: number): number | undefined => present?.mistakes[number - present.first];
  for (const { name, first, mistakes, isPresent } of curves) {
    if (isPresent || mistakes.length === 0) continue;
    const middle = Math.floor(mistakes.length * 0.6);
    const beside = presentAt(first + middle);
    // Above the curve, or below it if the present run's curve is there.
    const isBelow = beside !== undefined && beside > mistakes[middle];
    const place: XY = [
      Math.min(x(first + middle), width - 90),
      Math.min(height - 22, y(mistakes[middle]) + (isBelow ? 12 : -11)),
    ];
    surface.text(place, name, "ink-2", { size: 12, halo: true });
  }
  const mistake = presentAt(at);
  surface.path(
    [
      [x(at), 2],
      [x(at), height - 18],
    ],
    "focus",
    { width: 2 },
  );
  if (mistake !== undefined) surface.dot([x(at), y(mistake)], 6, "ink");
}

/** Round numbers from 1 to the last. */
function ticks(last: number, most: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((width) => last / width <= most) ?? 1000;
  const round = Array.from({ length: Math.floor(last / step) }, (_, i) => (i + 1) * step);
  const inner = round.filter((number) => number !== 1 && last - number >= 0.6 * step);
  return [1, ...inner, last];
}

function star(surface: Surface, [x, y]: XY): void {
  const points = Array.from({ length: 10 }, (_, i): XY => {
    const [radius, angle] = [i % 2 === 0 ? 9 : 3.6, (i * Math.PI) / 5 - Math.PI / 2];
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });
  surface.area(points, "goal-fill", { edge: "goal", width: 1 });
}

export function timelineTable(curves: readonly Curve[], unit: string): { heads: string[]; rows: string[][] } {
  const last = Math.max(...curves.map(({ first, mistakes }) => first + mistakes.length - 1), 0);
  const rows = Array.from({ length: last }, (_, i) => [
    `${unit} ${i + 1}`,
    ...curves.map(({ first, mistakes }) => {
      const mistake = mistakes[i + 1 - first] as number | undefined;
      return mistake === undefined ? "" : short(mistake);
    }),
  ]);
  return { heads: [unit, ...curves.map(({ name }) => name)], rows };
}
