import type { Scene } from "../../../../cat-or-dog/scene.js";
import { animals, filterLayers, goal, side } from "../../../../cat-or-dog/sizes.js";
import type { Test } from "../../../../cat-or-dog/tested.js";
import { blameText } from "../../../../words/blame.js";
import { decimal, percent, short } from "../../../../words/numbers.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import { box, largestOf, partsOf, sign, tile, weights } from "./tiles.js";

/** The maps of both layers, and under each which way its volume is blamed: ▲ louder, ▽ softer would help. */
export function voices(surface: Surface, scene: Scene, chosen: string): void {
  const { width, height } = surface;
  const gap = 3;
  const size = Math.min((width - 7 * gap) / 8, (height - 3 * 17 - 4) / 3);
  const all = Math.max(...scene.blame.volumes.map(largestOf));
  let y = 0;
  for (const layer of [0, 1] as const) {
    const { id, filters, side: wide } = filterLayers[layer];
    const largest = largestOf(scene.maps[layer]);
    for (let filter = 0; filter < filters; filter++) {
      if (filter > 0 && filter % 8 === 0) y += size + 17;
      const at: XY = [(filter % 8) * (size + gap), y];
      const values = scene.maps[layer].subarray(filter * wide * wide, (filter + 1) * wide * wide);
      tile(surface, at, size, partsOf(values, largest), "plus");
      const volume = scene.blame.volumes[layer][filter];
      const part = Math.abs(volume) / all;
      if (part > 0.02)
        sign(surface, [at[0] + size / 2, y + size + 8], 2.5 + 4.5 * Math.sqrt(part), volume < 0);
      const mark = `${id}${filter + 1}`;
      if (chosen === mark) surface.frame(at, [size, size], "blame", { width: 3 });
      surface.mark({
        id: mark,
        label: `Filter ${filter + 1} of the ${filterLayers[layer].name} layer: volume blame ${blameText(volume)}`,
        at: [at[0] + size / 2, y + size / 2],
        reach: size / 2,
      });
    }
    y += size + 21;
  }
}

/** Surprise as a function of the probability of the answer. */
export function surpriseCurve(surface: Surface, { p, answer, surprise }: Scene): void {
  const { width, height } = surface;
  const [left, right, top, bottom] = [34, width - 12, 10, height - 22];
  const high = Math.max(4, Math.ceil(surprise));
  const x = (part: number): number => left + part * (right - left);
  const y = (value: number): number => bottom - (value / high) * (bottom - top);
  surface.path(
    [
      [left, top],
      [left, bottom],
      [right, bottom],
    ],
    "edge",
    { width: 1 },
  );
  for (const part of [0, 0.5, 1])
    surface.text([x(part), height - 9], percent(part, 0), "ink-2", { size: 12 });
  for (const value of [0, high / 2, high])
    surface.text([left - 6, y(value)], short2(value), "ink-2", { size: 12, align: "right" });
  const from = Math.exp(-high);
  const points = Array.from({ length: 80 }, (_, i): XY => {
    const part = from + (i / 79) ** 2 * (1 - from);
    return [x(part), y(-Math.log(part))];
  });
  surface.path(points, "attempt");
  const at: XY = [x(p[answer]), y(surprise)];
  surface.path([[at[0], bottom], at], "mistake", { dash: [4, 3] });
  surface.dot(at, 6, "mistake");
  const isRight = at[0] > (left + right) / 2;
  surface.text(
    [at[0] + (isRight ? -12 : 12), at[1] - (isRight ? 12 : 0)],
    `${percent(p[answer], 1)}: ${decimal(surprise, 2)}`,
    "mistake",
    { bold: true, align: isRight ? "right" : "left", halo: true },
  );
  surface.mark({
    id: "surprise",
    label: `Probability ${percent(p[answer], 1)}: surprise ${decimal(surprise, 2)}`,
    at,
    reach: 10,
  });
}

function short2(value: number): string {
  return Number.isInteger(value) ? `${value}` : decimal(value, 1);
}

/** What every layer and every filter of the first layer promised (hatched) and paid. */
export function paidByFilter(surface: Surface, { step }: Scene, chosen: string): void {
  const { width, height } = surface;
  const filters = step.filters[0];
  const wide = width / filters.length;
  const size = Math.min(wide - 8, height - 58);
  const largest = largestOf(filters.flatMap(({ promise, paid }) => [promise, paid]));
  const after = step.nextWeights;
  const heaviest = largestOf(after);
  for (const [i, { promise, paid }] of filters.entries()) {
    const x = i * wide + (wide - size) / 2;
    surface.text([x + size / 2, 7], `${i + 1}`, "ink", { size: 12 });
    weights(surface, [x, 15], size, after.subarray(25 * i, 25 * i + 25), { largest: heaviest });
    if (chosen === `f${i + 1}`) surface.frame([x, 15], [size, size], "ink", { width: 2.5 });
    const middle = x + size / 2;
    const part = (value: number): number => ((wide - 6) / 2) * (value / largest);
    const top = 15 + size + 6;
    const end = middle + part(promise);
    surface.hatch(
      [
        [middle, top],
        [end, top],
        [end, top + 7],
        [middle, top + 7],
      ],
      "promise",
    );
    const long = part(paid);
    box(
      surface,
      [Math.min(middle, middle + long), top + 10],
      Math.max(1.5, Math.abs(long)),
      7,
      paid > 0 ? "paid-helped" : "paid-hurt",
    );
    surface.path(
      [
        [middle, top - 2],
        [middle, top + 19],
      ],
      "edge",
      { width: 1 },
    );
    const [sign, number] = [paid > 0 ? "▲" : "▼", decimal(1e4 * Math.abs(paid), 1)];
    const color = paid > 0 ? "paid-helped" : "paid-hurt";
    // On a phone, the number has a line of its own.
    const lines = wide > 44 ? [`${sign} ${number}`] : [sign, number];
    lines.forEach((words, line) => {
      surface.text([middle, 15 + size + 34 + 15 * line], words, color, { size: 12 });
    });
    surface.mark({
      id: `f${i + 1}`,
      label: `Filter ${i + 1}: promised ${short(promise)}, paid ${short(paid)}`,
      at: [middle, 15 + size / 2],
      reach: size / 2,
    });
  }
}

/** What the turns of each layer promise. */
export function promisedByLayer(surface: Surface, { step }: Scene): void {
  const { width, height } = surface;
  const high = height / step.layers.length;
  const largest = largestOf(step.layers.map(({ promise }) => promise));
  const [left, right] = [96, width - 78];
  const hasMinus = step.layers.some(({ promise }) => promise < 0);
  const zero = hasMinus ? (left + right) / 2 : left;
  for (const [i, { name, promise }] of step.layers.entries()) {
    const [top, bottom] = [i * high + 5, (i + 1) * high - 5];
    const end = zero + ((hasMinus ? (right - left) / 2 : right - left) * promise) / largest;
    surface.text([0, (top + bottom) / 2], layerName(name), "ink", { align: "left", size: 12 });
    surface.hatch(
      [
        [zero, top],
        [end, top],
        [end, bottom],
        [zero, bottom],
      ],
      "promise",
    );
    surface.path(
      [
        [zero, top - 3],
        [zero, bottom + 3],
      ],
      "edge",
      { width: 1 },
    );
    surface.text([width, (top + bottom) / 2], decimal(promise, 4), "promise", {
      bold: true,
      align: "right",
      size: 12,
    });
  }
}

function layerName(name: string): string {
  return name === "vote" ? "the votes" : `${name} layer`;
}

/** Three layers: promised above, paid below. */
export function paidByLayer(surface: Surface, { step }: Scene): void {
  const { width, height } = surface;
  const high = height / step.layers.length;
  const largest = largestOf(step.layers.flatMap(({ promise, paid }) => [promise, paid]));
  const [left, right] = [96, width - 92];
  const hasMinus = step.layers.some(({ promise, paid }) => promise < 0 || paid < 0);
  const zero = hasMinus ? (left + right) / 2 : left;
  const long = hasMinus ? (right - left) / 2 : right - left;
  for (const [i, { name, promise, paid }] of step.layers.entries()) {
    const y = i * high + 3;
    surface.text([0, y + high / 2 - 3], layerName(name), "ink", { align: "left", size: 12 });
    const end = zero + (long * promise) / largest;
    const middle = y + high / 2 - 4;
    surface.hatch(
      [
        [zero, y],
        [end, y],
        [end, middle],
        [zero, middle],
      ],
      "promise",
    );
    const wide = (long * paid) / largest;
    box(
      surface,
      [Math.min(zero, zero + wide), middle + 2],
      Math.max(1.5, Math.abs(wide)),
      high / 2 - 6,
      paid > 0 ? "paid-helped" : "paid-hurt",
    );
    surface.path(
      [
        [zero, y - 1],
        [zero, y + high - 6],
      ],
      "edge",
      { width: 1 },
    );
    surface.text(
      [width, y + high / 2 - 4],
      `${paid > 0 ? "▲" : "▼"} ${decimal(Math.abs(paid), 4)}`,
      paid > 0 ? "paid-helped" : "paid-hurt",
      { bold: true, align: "right", size: 12 },
    );
  }
}

/** The part of drawings for which the net was right: held out, and learned from. */
export function accuracy(surface: Surface, tests: readonly Test[], at: number): void {
  const { width, height } = surface;
  if (tests.length === 0) {
    surface.text([width / 2, height / 2], "The first test is on its way", "ink-2");
    return;
  }
  const [left, right, top, bottom] = [44, width - 104, 8, height - 20];
  const last = Math.max(20, tests[tests.length - 1].after);
  const x = (after: number): number => left + (after / last) * (right - left);
  const low = 0.4;
  const y = (part: number): number => bottom - ((Math.max(low, part) - low) / (1 - low)) * (bottom - top);
  for (const part of [0.5, 0.75, 1]) {
    surface.path(
      [
        [left, y(part)],
        [right, y(part)],
      ],
      "line",
      { width: 1 },
    );
    surface.text([left - 6, y(part)], percent(part, 0), "ink-2", { size: 12, align: "right" });
  }
  surface.path(
    [
      [left, y(goal)],
      [right, y(goal)],
    ],
    "goal",
    { dash: [2, 4] },
  );
  const curve = (of: (test: Test) => number): XY[] => tests.map((test) => [x(test.after), y(of(test))]);
  surface.path(
    curve(({ learned }) => learned),
    "ghost",
    { dash: [5, 4] },
  );
  surface.path(
    curve(({ right: part }) => part),
    "attempt",
  );
  const shown = tests.findLast(({ after }) => after <= at) ?? tests[0];
  surface.path(
    [
      [x(shown.after), top],
      [x(shown.after), bottom],
    ],
    "focus",
    { width: 2 },
  );
  surface.dot([x(shown.after), y(shown.right)], 4.5, "ink");
  const [high, under] = [y(shown.right), y(shown.learned)];
  const apart = Math.abs(high - under) < 15 ? (high <= under ? [-8, 8] : [8, -8]) : [0, 0];
  surface.text([right + 6, high + apart[0]], `held out ${percent(shown.right)}`, "ink", {
    size: 12,
    bold: true,
    align: "left",
  });
  surface.text([right + 6, under + apart[1]], `learned ${percent(shown.learned)}`, "ink-2", {
    size: 12,
    align: "left",
  });
  surface.text([left, height - 8], "step 1", "ink-2", { size: 12, align: "left" });
  surface.text([right, height - 8], `${tests[tests.length - 1].after}`, "ink-2", { size: 12 });
}

/** Held-out drawings in rows. */
export function thumbnails(
  surface: Surface,
  {
    drawings,
    heldOut,
    chosen,
    test,
  }: {
    readonly drawings: readonly number[];
    readonly heldOut: Uint8Array;
    readonly chosen: number | null;
    readonly test: Test;
  },
): void {
  const { width } = surface;
  const columns = thumbnailColumns;
  const size = (width - 4 * (columns - 1)) / columns;
  for (const [i, drawing] of drawings.entries()) {
    const at: XY = [(i % columns) * (size + 4), Math.floor(i / columns) * (size + 4)];
    const ink = heldOut.subarray(drawing * side * side, (drawing + 1) * side * side);
    tile(
      surface,
      at,
      size,
      Float32Array.from(ink, (value) => value / 255),
    );
    if (drawing === chosen) surface.frame(at, [size, size], "ink", { width: 3 });
    const said = animals[test.said[drawing]];
    surface.mark({
      id: `d${drawing}`,
      label: `Drawing ${drawing + 1}, a ${animals[drawing % 2]}: it says ${said}, surprise ${decimal(test.surprises[drawing], 2)}`,
      at: [at[0] + size / 2, at[1] + size / 2],
      reach: size / 2,
    });
  }
}

export const thumbnailColumns = 6;

/** One filter with the blame of its weights on this picture or on the drawings of the step. */
export function oneFilter(
  surface: Surface,
  { values, chosen, id }: { readonly values: Float32Array; readonly chosen: number; readonly id: string },
): void {
  const size = Math.min(surface.width, surface.height);
  const [x, y] = [(surface.width - size) / 2, (surface.height - size) / 2];
  weights(surface, [x, y], size, values, { largest: largestOf(values) });
  const cell = size / 5;
  for (const [i, value] of values.entries()) {
    const [column, row] = [i % 5, Math.floor(i / 5)];
    const at: XY = [x + (column + 0.5) * cell, y + (row + 0.5) * cell];
    surface.mark({
      id: `${id}-${i}`,
      label: `Weight in row ${row + 1}, column ${column + 1}: ${decimal(value)}`,
      at,
      reach: cell / 2 - 2,
    });
    if (i === chosen)
      surface.frame([at[0] - cell / 2, at[1] - cell / 2], [cell, cell], "ink", { width: 2.5 });
  }
}
