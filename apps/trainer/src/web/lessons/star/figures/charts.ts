import type { Proof } from "@stargrad/explain";

import type { Path } from "../../../../star/path.js";
import type { Scene } from "../../../../star/pen/scene.js";
import { decimal, short } from "../../../../words/numbers.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import { between } from "./paper.js";

/** From left to right: each stroke takes the corner before it and two knobs, and makes the next corner. */
export function chain(surface: Surface, { knobs }: Scene, stroke: number): void {
  const count = knobs.length / 2;
  const x = (corner: number): number => 14 + (corner * (surface.width - 28)) / count;
  const y = 24;
  surface.path(
    [
      [x(0), y],
      [x(count), y],
    ],
    "attempt",
    { width: 3 },
  );
  surface.path(
    [
      [x(stroke - 1), y],
      [x(stroke), y],
    ],
    "plus",
    { width: 6 },
  );
  for (let k = 1; k <= count; k++) {
    const [direction, length] = [knobs[2 * k - 2], knobs[2 * k - 1]];
    const middle = (x(k - 1) + x(k)) / 2;
    const long = Math.min(12, 9 * Math.abs(length.now));
    const [color, ink] = k === stroke ? (["plus", "plus"] as const) : (["edge", "ink-2"] as const);
    surface.path(
      [
        [middle, y + 9],
        [middle, y + 34],
      ],
      color,
      { width: k === stroke ? 2 : 1 },
    );
    surface.dot([middle, y + 43], 7.5, "surface", color, 1.5);
    surface.path(
      [
        [middle, y + 43],
        [middle + 7 * Math.cos(direction.now), y + 43 - 7 * Math.sin(direction.now)],
      ],
      color,
    );
    surface.path(
      [
        [middle - long, y + 60],
        [middle + long, y + 60],
      ],
      color,
      { width: 4, cap: "butt" },
    );
    surface.text([middle, y + 75], `${k}`, ink, { size: 12, bold: k === stroke });
    surface.mark({ id: `l${k}`, label: `Stroke ${k}`, at: [middle, y + 43], reach: 12 });
  }
  surface.dot([x(0), y], 5, "goal-fill", "goal", 1.5);
  // On a phone the corners stand close.
  const radius = Math.min(9.5, (x(1) - x(0)) / 2 - 3);
  for (let k = 1; k <= count; k++) {
    if (k >= stroke) surface.disc([x(k), y], `${k}`, "plus", "on-loud", radius);
    else {
      surface.dot([x(k), y], radius - 0.5, "surface", "ghost");
      surface.text([x(k), y + 0.5], `${k}`, "ink", { size: 12 });
    }
  }
}

/** Squares as large as what each corner adds to the mistake, which is their mean. */
export function squares(surface: Surface, { squares: areas, attempt }: Scene): void {
  const { width, height } = surface;
  const cell = width / (areas.length + 1.6);
  const largest = Math.sqrt(Math.max(...areas));
  const scale = Math.min((cell - 3) / largest, (height - 44) / largest);
  const floor = height - 20;
  const draw = (left: number, value: number, color: "mistake-tint" | "mistake"): XY => {
    const side = scale * Math.sqrt(value);
    const [x, y] = [left + cell / 2 - side / 2, floor - side];
    surface.area(
      [
        [x, y],
        [x + side, y],
        [x + side, floor],
        [x, floor],
      ],
      color,
      { edge: "mistake" },
    );
    return [left + cell / 2, y];
  };
  areas.forEach((value, i) => {
    const [x, y] = draw(cell * i, value, "mistake-tint");
    const isLargest = value === Math.max(...areas);
    if (cell > 30 || isLargest) surface.text([x, y - 9], decimal(value, 2), "ink", { size: 12, halo: true });
    surface.text([x, height - 9], `${i + 1}`, "ink-2", { size: 12 });
    surface.mark({
      id: `c${i + 1}`,
      label: `Corner ${i + 1} adds ${decimal(value)}`,
      at: [x, (y + floor) / 2],
      reach: 14,
    });
  });
  const [x, y] = draw(width - cell * 1.2, attempt.mistake, "mistake");
  surface.text([x, y - 9], decimal(attempt.mistake, 2), "mistake", { size: 12, bold: true, halo: true });
  surface.text([x, height - 9], "mean", "mistake", { size: 12, bold: true });
  surface.path(
    [
      [0, floor],
      [width, floor],
    ],
    "line",
    { width: 1 },
  );
}

/** The notes at a stroke, tip to tail; their sum, split along the stroke and across it. */
export function pile(surface: Surface, { notes, piles }: Scene, stroke: number, shown = 1): void {
  const { width, height } = surface;
  const isRoomy = width > 360;
  const { sum, along, alongPart, acrossPart } = piles[stroke - 1];
  const corner: XY = [alongPart * along[0], alongPart * along[1]];
  const tips: XY[] = [[0, 0]];
  for (let k = notes.length; k >= stroke; k--) {
    const [x, y] = tips[tips.length - 1];
    tips.push([x + notes[k - 1][0], y + notes[k - 1][1]]);
  }
  const points = [...tips, corner, [sum[0], sum[1]] as XY];
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = isRoomy ? width - 126 : width;
  const scale = Math.min((room - 90) / (right - left || 1), (height - 56) / (high - low || 1), 260);
  const at = ([x, y]: readonly [number, number]): XY => [
    room / 2 + scale * (x - (left + right) / 2),
    height / 2 - scale * (y - (low + high) / 2),
  ];
  const [origin, end, foot] = [at([0, 0]), at(sum), at(corner)];
  const far = 34 / scale + Math.hypot(...corner);
  const way = Math.sign(alongPart) || 1;
  surface.path([origin, at([way * far * along[0], way * far * along[1]])], "ghost", {
    width: 9,
    opacity: 0.3,
  });
  // The notes come one after the other; then their sum falls onto the way of the stroke.
  const come = Math.floor(Math.min(1, shown / 0.75) * (tips.length - 1));
  const isAll = shown >= 0.75;
  surface.path([origin, at(tips[come])], "blame", { width: 14, opacity: 0.22 });
  tips.slice(1, come + 1).forEach((tip, i) => {
    const number = notes.length - i;
    const [a, b] = [at(tips[i]), at(tip)];
    surface.arrow(a, b, "blame", { size: 8, width: 1.8 });
    const long = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const middle = between(a, b, 0.5);
    if (long > 14) {
      const side: XY = [middle[0] - (12 * (b[1] - a[1])) / long, middle[1] + (12 * (b[0] - a[0])) / long];
      surface.text(side, `${number}`, "blame", { size: 12, bold: true, halo: true });
    }
    surface.mark({ id: `c${number}`, label: `The note of corner ${number}`, at: middle, reach: 8 });
  });
  surface.dot(origin, 4, "ink");
  if (isRoomy) growth(surface, piles, stroke, come);
  if (!isAll) return;
  surface.path([foot, end], "blame", { width: 2.5, dash: [5, 4] });
  surface.arrow(origin, foot, "blame", { width: 5, size: 14 });
  const isUpper = foot[1] <= end[1];
  // Beside the arrow, on the side where the notes are not.
  const long = Math.hypot(foot[0] - origin[0], foot[1] - origin[1]) || 1;
  const [nx, ny] = [(foot[1] - origin[1]) / long, (origin[0] - foot[0]) / long];
  const side = nx * (end[0] - foot[0]) + ny * (end[1] - foot[1]) > 0 ? -1 : 1;
  const [x, y] = between(origin, foot, 0.6);
  surface.text([x + 16 * side * nx, y + 16 * side * ny], `along ${decimal(Math.abs(alongPart))}`, "blame", {
    bold: true,
    halo: true,
    align: side * nx > 0.2 ? "left" : side * nx < -0.2 ? "right" : "center",
  });
  const split = between(foot, end, 0.6);
  const isFree = end[0] + foot[0] > 2 * origin[0] ? 1 : -1;
  surface.text(
    [split[0] + 10 * isFree, split[1] + (isUpper ? 18 : -18)],
    `across ${decimal(Math.abs(acrossPart))}`,
    "blame",
    { halo: true, align: isFree > 0 ? "left" : "right" },
  );
}

/** How the sum grows from note to note. */
function growth(surface: Surface, piles: Scene["piles"], stroke: number, come: number): void {
  const { width, height } = surface;
  const count = piles.length - stroke + 1;
  const step = Math.min(17, (height - 26) / count);
  const x = width - 126;
  surface.text([x - 14, 10], "the sum grows", "ink-2", { size: 12, align: "left" });
  const largest = Math.max(...piles.slice(stroke - 1).map(({ size }) => size)) || 1;
  for (let i = 0; i < come; i++) {
    const k = piles.length - i;
    const { size } = piles[k - 1];
    const [y, long] = [28 + i * step, 2 + (74 * size) / largest];
    surface.text([x - 4, y], `${k}`, "blame", { size: 12, bold: true, align: "right" });
    const thick = Math.min(10, step - 4) / 2;
    surface.area(
      [
        [x + 2, y - thick],
        [x + 2 + long, y - thick],
        [x + 2 + long, y + thick],
        [x + 2, y + thick],
      ],
      "blame",
      { opacity: k === stroke ? 1 : 0.6 },
    );
    if (i === 0 || k === stroke)
      surface.text([x + 8 + long, y], decimal(size, 2), "ink", { size: 12, align: "left", halo: true });
  }
}

/** What is measured around a knob, and the blame as a ruler that touches it. */
export function ruler(
  surface: Surface,
  knob: {
    readonly blame: number;
    /** The value of the knob, turned by so much. */
    readonly text: (by: number) => string;
  },
  measured: {
    readonly mistake: number;
    readonly points: readonly (readonly [by: number, mistake: number])[];
  },
): void {
  const { width, height } = surface;
  const reach = Math.max(0.0125, ...measured.points.map(([by]) => 1.2 * Math.abs(by)));
  const rise = Math.max(
    1e-6,
    Math.abs(knob.blame) * reach,
    ...measured.points.map(([, mistake]) => Math.abs(mistake - measured.mistake)),
  );
  const x = (by: number): number => width / 2 + (by / reach) * (width / 2 - 40);
  const y = (mistake: number): number =>
    (height - 18) / 2 - ((mistake - measured.mistake) / rise) * ((height - 18) / 2 - 20);
  const floor = height - 18;
  surface.path(
    [
      [12, floor],
      [width - 12, floor],
    ],
    "line",
    { width: 1 },
  );
  const ends = [-reach, reach].map((by): XY => [x(by), y(measured.mistake + knob.blame * by)]);
  surface.path(ends, "blame", { width: 10, opacity: 0.24 });
  surface.path(ends, "blame");
  const all = [...measured.points, [0, measured.mistake] as const];
  for (const [by, mistake] of all) {
    const [px, py] = [x(by), y(mistake)];
    surface.path(
      [
        [px, floor],
        [px, py],
      ],
      "line",
      { width: 1 },
    );
    surface.dot([px, py], by === 0 ? 6 : 5, by === 0 ? "ink" : "plus");
    const isHigh = knob.blame * by <= 0;
    if (by === 0 || Math.abs(px - width / 2) > 60) {
      surface.text([px, py + (isHigh && by !== 0 ? 15 : -14)], decimal(mistake, 4), "ink", {
        size: 12,
        bold: true,
        halo: true,
      });
    }
    if (by === 0 || Math.abs(px - width / 2) > 60)
      surface.text([px, height - 7], knob.text(by), "ink-2", { size: 12 });
  }
}

/** The points of a proof, in the form of the ruler. */
export function pointsOf({ width, lossUp, lossDown }: Proof): [number, number][] {
  return [
    [-width / 2, lossDown],
    [width / 2, lossUp],
  ];
}

/** The mistake of a try, and what the step after it promised and reached. */
export interface Measured {
  readonly attempt: { readonly mistake: number };
  readonly adjustment: { readonly promise: number } | null;
  readonly step: { readonly after: { readonly mistake: number } } | null;
}

/** The promise beside the mistake it is made about, on one scale. */
export function promise(surface: Surface, { attempt }: Measured, promised: number): void {
  const { width, height } = surface;
  const { mistake } = attempt;
  const end = mistake - promised;
  const [low, high] = [Math.min(0, end), Math.max(mistake, end)];
  const x = (value: number): number => 34 + ((value - low) * (width - 68)) / (high - low);
  const thick = Math.min(30, (height - 50) / 2);
  const box = (a: number, b: number, top: number): XY[] => [
    [x(a), top],
    [x(b), top],
    [x(b), top + thick],
    [x(a), top + thick],
  ];
  surface.area(box(0, mistake, 8), "mistake");
  surface.text(
    [x(mistake / 2), 8 + thick / 2],
    `mistake ${short(mistake)}`,
    x(mistake) - x(0) > 110 ? "on-loud" : "mistake",
    { bold: true, halo: x(mistake) - x(0) <= 110 },
  );
  const second = 16 + thick;
  surface.hatch(box(Math.min(end, mistake), Math.max(end, mistake), second), "promise");
  surface.path(
    [
      [x(0), 2],
      [x(0), second + thick + 6],
    ],
    "edge",
    { width: 1.5 },
  );
  const words = `promise ${short(promised)}`;
  const isWide = Math.abs(x(mistake) - x(end)) > 130;
  // Where the words would hide what is hatched, they are beside it.
  if (isWide) surface.plate([x((end + mistake) / 2), second + thick / 2], words, "blame");
  else
    surface.text([Math.min(x(end), x(mistake)) - 8, second + thick / 2], words, "blame", {
      bold: true,
      align: "right",
    });
  surface.text([x(0), second + thick + 16], "0: perfect", "goal", { size: 12, halo: true });
  if (Math.abs(x(end) - x(0)) > 70)
    surface.text([x(end), second + thick + 16], decimal(end), "blame", { size: 12 });
  surface.mark({
    id: "promise",
    label: `All turns together promise ${short(promised)}`,
    at: [x(end), second + thick / 2],
    to: [x(mistake), second + thick / 2],
    reach: thick / 2,
  });
}

/** The true mistake along the way from the old knobs to the new ones, and the promise as its tangent. */
export function bend(surface: Surface, scene: Measured, path: Path, until: number): void {
  const { width, height } = surface;
  const { attempt, adjustment, step } = scene;
  if (adjustment === null || step === null) return;
  const last = attempt.mistake - adjustment.promise;
  const values = [0, last, attempt.mistake, ...path.mistakes];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const left = 48;
  const x = (t: number): number => left + t * (width - left - 92);
  const y = (value: number): number => 14 + ((high - value) * (height - 42)) / (high - low || 1);
  surface.path(
    [
      [left, y(0)],
      [x(1) + 10, y(0)],
    ],
    "edge",
    { width: 1 },
  );
  surface.text([left - 8, y(0)], "0", "ink-2", { size: 12, align: "right" });
  surface.text([left - 8, y(attempt.mistake)], short(attempt.mistake), "ink-2", { size: 12, align: "right" });
  const line: XY[] = [
    [x(0), y(attempt.mistake)],
    [x(1), y(last)],
  ];
  surface.path(line, "promise", { dash: [6, 4] });
  surface.mark({
    id: "promise",
    label: `The promise: ${short(adjustment.promise)} along the whole way`,
    at: line[0],
    to: line[1],
    reach: 6,
  });
  const curve = path.mistakes.map((value, i): XY => [x(i / (path.mistakes.length - 1)), y(value)]);
  surface.path(curve, "attempt", { width: 2.5 });
  const here = curve[until];
  surface.path([[here[0], y(attempt.mistake)], here], "paid-helped", { width: 6, cap: "butt" });
  surface.dot(curve[0], 5, "ink");
  surface.dot(here, 6, "ink");
  surface.text([x(1) + 8, y(step.after.mistake)], `${short(step.after.mistake)} now`, "ink", {
    size: 12,
    bold: true,
    align: "left",
    halo: true,
  });
  surface.text([x(0.55), y(attempt.mistake - 0.55 * adjustment.promise) + 20], "promised", "blame", {
    bold: true,
    halo: true,
  });
  const top = between(curve[0], curve[curve.length - 1], 0.5);
  surface.text([top[0] + 10, Math.min(top[1], curve[10][1]) - 16], "what it was", "ink", { halo: true });
  const paid = path.total[until];
  surface.mark({
    id: "paid",
    label: `Paid so far: ${short(paid)}`,
    at: [here[0], y(attempt.mistake)],
    to: here,
    reach: 8,
  });
  surface.text([x(0), height - 7], "old knobs", "ink-2", { size: 12, align: "left" });
  surface.text([x(1), height - 7], "new knobs", "ink-2", { size: 12 });
}

/** One knob: the promise is the whole rectangle, and what was paid is the area under its slope. */
export function area(
  surface: Surface,
  knob: {
    readonly name: string;
    readonly promise: number;
    /** Its values and its turn, in words. */
    readonly now: string;
    readonly turn: string;
    readonly next: string;
  },
  path: Path,
  index: number,
  until: number,
): void {
  const { width, height } = surface;
  const rates = path.rates[index];
  const pieces = rates.length - 1;
  const [low, high] = [Math.min(0, ...rates), Math.max(0, ...rates)];
  const x = (t: number): number => 12 + t * (width - 24);
  const y = (value: number): number => 12 + ((high - value) * (height - 46)) / (high - low || 1);
  surface.hatch(
    [
      [x(0), y(0)],
      [x(0), y(rates[0])],
      [x(1), y(rates[0])],
      [x(1), y(0)],
    ],
    "promise",
  );
  const curve = rates.map((rate, i): XY => [x(i / pieces), y(rate)]);
  const swept = curve.slice(0, until + 1);
  const paid = path.paid[index][until];
  const [tint, color] =
    paid >= 0 ? (["helped-tint", "paid-helped"] as const) : (["hurt-tint", "paid-hurt"] as const);
  if (until > 0) surface.area([[x(0), y(0)], ...swept, [x(until / pieces), y(0)]], tint, { opacity: 0.9 });
  surface.path(curve, color, { width: 3 });
  surface.path(
    [
      [x(0), y(0)],
      [x(1), y(0)],
    ],
    "edge",
    { width: 1.5 },
  );
  surface.path(
    [
      [x(until / pieces), 8],
      [x(until / pieces), height - 30],
    ],
    "ink",
    { width: 1.5 },
  );
  surface.plate(
    [x(1) - 70, y(rates[0]) + (rates[0] >= 0 ? 16 : -16)],
    `promise ${short(knob.promise)}`,
    "blame",
  );
  surface.text(
    [x(0.03), (y(0) + y(rates[0] / 2)) / 2],
    `${paid >= 0 ? "▲" : "▼"} paid ${short(paid)}`,
    color,
    { bold: true, halo: true, align: "left" },
  );
  surface.text([x(0), height - 8], knob.now, "ink-2", { size: 12, align: "left" });
  surface.text([x(0.5), height - 8], `${knob.name}, ${knob.turn}`, "ink-2", { size: 12 });
  surface.text([x(1), height - 8], knob.next, "ink-2", { size: 12, align: "right" });
}
