import type { Scene } from "../../../../cat-or-dog/scene.js";
import { animals, filterLayers, side } from "../../../../cat-or-dog/sizes.js";
import { placeOf } from "../../../../cat-or-dog/words.js";
import { blameText } from "../../../../words/blame.js";
import { decimal, percent, signed } from "../../../../words/numbers.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import type { StageId } from "../../../stages.js";
import { box, largestOf, partsOf, sign, tile, weights } from "./tiles.js";

/** What is chosen, and how much of the picture has been shown, from 0 to 1. */
export interface View {
  readonly chosen: string;
  readonly wiggle: { readonly pixel: number; readonly by: number } | null;
  readonly shown: number;
}

type Draw = (surface: Surface, scene: Scene, view: View) => void;

/** How many of the strongest pixels can be reached with Tab. */
const stops = 16;

interface Square {
  readonly at: XY;
  readonly size: number;
}

/** The largest square in a part of the surface. */
function square({ width, height }: Surface, below = 0): Square {
  const size = Math.min(width, height - below);
  return { at: [(width - size) / 2, (height - below - size) / 2], size };
}

function picture(surface: Surface, scene: Scene, { at, size }: Square): void {
  tile(surface, at, size, scene.pixels);
}

const goal: Draw = (surface, scene) => {
  const place = square(surface, 34);
  picture(surface, scene, place);
  surface.mark({
    id: "picture",
    label: "The drawing: cat or dog?",
    at: [surface.width / 2, surface.height - 16],
    reach: 20,
  });
  surface.pill([surface.width / 2, surface.height - 16], "cat or dog?", "goal");
};

/** The picture, eight maps, sixteen maps, two votes. They appear from left to right, and downwards. */
const attempt: Draw = (surface, scene, { chosen, shown }) => {
  const { width, height } = surface;
  const gap = 4;
  const small = Math.min((width - 7 * gap) / 8, (height - 130) / 4.6);
  const inset = (width - 8 * small - 7 * gap) / 2;
  const first = Math.min((width - 2 * inset - 30 - 4 * gap) / 6, (height - 130 - 2 * small) / 2);
  const large = 2 * first + gap;
  const space = Math.max(0, Math.min(34, (height - large - 2 * small - gap - 104) / 3));
  const top = 18 + Math.max(0, (height - large - 2 * small - gap - 104 - 2 * space) / 2);
  const start = width - inset - 4 * first - 3 * gap;
  const caption = (x: number, y: number, text: string): void => {
    surface.text([x, y - 10], text, "ink-2", { size: 12, align: "left" });
  };
  caption(inset, top, "picture");
  tile(surface, [inset, top], large, scene.pixels);
  caption(start, top, "8 filters, 28 × 28");
  surface.text([(inset + large + start) / 2, top + large / 2], "›", "ink-2", { bold: true });
  const layer = { gap, chosen } as const;
  maps(surface, scene, {
    layer: 0,
    columns: 4,
    at: [start, top],
    size: first,
    part: 3 * shown - 0.3,
    ...layer,
  });
  const below = top + large + 22 + space;
  caption(inset, below, "16 filters, 14 × 14");
  maps(surface, scene, {
    layer: 1,
    columns: 8,
    at: [inset, below],
    size: small,
    part: 3 * shown - 1.2,
    ...layer,
  });
  if (shown > 0.7) votes(surface, scene, [inset, below + 2 * small + gap + 14 + space], width - 2 * inset);
};

function maps(
  surface: Surface,
  scene: Scene,
  {
    layer,
    columns,
    at: [x, y],
    size,
    gap,
    chosen,
    part,
  }: {
    readonly layer: 0 | 1;
    readonly columns: number;
    readonly at: XY;
    readonly size: number;
    readonly gap: number;
    readonly chosen: string;
    readonly part: number;
  },
): void {
  const { id, filters, side: wide } = filterLayers[layer];
  const all = scene.maps[layer];
  const largest = largestOf(all);
  for (let filter = 0; filter < filters; filter++) {
    const at: XY = [x + (filter % columns) * (size + gap), y + Math.floor(filter / columns) * (size + gap)];
    const values = all.subarray(filter * wide * wide, (filter + 1) * wide * wide);
    const isShown = part >= (filter + 1) / filters;
    tile(surface, at, size, isShown ? partsOf(values, largest) : null, "plus");
    const mark = `${id}${filter + 1}`;
    if (chosen === mark) surface.frame(at, [size, size], "ink", { width: 2.5 });
    const loudest = decimal(Math.max(...values), 2);
    surface.mark({
      id: mark,
      label: `filter ${filter + 1} of the ${filterLayers[layer].name} layer: at most ${loudest}`,
      at: [at[0] + size / 2, at[1] + size / 2],
      reach: size / 2 - 2,
    });
  }
}

/** Two bars, as long as the probabilities; the answer in gold. */
export function votes(surface: Surface, scene: Pick<Scene, "p" | "answer">, [x, y]: XY, width: number): void {
  const wide = width / 2 - 8;
  for (const [animal, p] of scene.p.entries()) {
    const left = x + animal * (wide + 16);
    const isAnswer = animal === scene.answer;
    const words = `${animals[animal]} ${percent(p, 1)}${isAnswer ? ", the answer" : ""}`;
    surface.text([left, y + 8], words, isAnswer ? "goal" : "ink", { bold: true, align: "left" });
    box(surface, [left, y + 20], wide, 14, "sunken");
    box(surface, [left, y + 20], Math.max(1, wide * p), 14, isAnswer ? "goal" : "ink");
    surface.frame([left, y + 20], [wide, 14], "edge");
  }
  surface.mark({
    id: "votes",
    label: `cat ${percent(scene.p[0], 1)}, dog ${percent(scene.p[1], 1)}`,
    at: [x + 4, y + 27],
    to: [x + width - 12, y + 27],
  });
}

/** The picture, and what the answer got; what it did not get is the mistake. */
const mistake: Draw = (surface, scene) => {
  const place = square(surface, 70);
  picture(surface, scene, place);
  const p = scene.p[scene.answer];
  const [left, top, wide] = [place.at[0], surface.height - 40, place.size];
  surface.text([left, top - 12], `${animals[scene.answer]} ${percent(p, 1)}`, "goal", {
    bold: true,
    align: "left",
  });
  surface.text([left + wide, top - 12], `surprise ${decimal(scene.surprise, 2)}`, "mistake", {
    bold: true,
    align: "right",
  });
  box(surface, [left, top], wide * p, 22, "goal");
  surface.hatch(
    [
      [left + wide * p, top],
      [left + wide, top],
      [left + wide, top + 22],
      [left + wide * p, top + 22],
    ],
    "mistake",
  );
  surface.mark({
    id: "surprise",
    label: `Surprise ${decimal(scene.surprise, 3)}: the part that the answer did not get`,
    at: [left + wide * p, top + 11],
    to: [left + wide, top + 11],
  });
};

/** Where more ink (▲) or less (▽) would make it more of what it is. The strongest come first. */
const blame: Draw = (surface, scene, { chosen, wiggle, shown }) => {
  const {
    at: [left, top],
    size,
  } = square(surface);
  const cell = size / side;
  picture(surface, scene, { at: [left, top], size });
  const { pixels, strongest } = scene.blame;
  const largest = Math.abs(pixels[strongest[0]]);
  const right = animals[scene.answer];
  const visible = Math.ceil(shown * strongest.length);
  for (const [rank, pixel] of strongest.entries()) {
    if (rank >= visible) break;
    const value = pixels[pixel];
    const middle: XY = [left + ((pixel % side) + 0.5) * cell, top + (Math.floor(pixel / side) + 0.5) * cell];
    sign(surface, middle, cell * (0.35 + 0.5 * (Math.abs(value) / largest)), value < 0);
    if (rank >= stops && pixel !== scene.blame.wish) continue;
    const wish = value < 0 ? "add ink" : "erase";
    surface.mark({
      id: `x${pixel}`,
      label: `${placeOf(pixel)}: ${wish}, and it becomes more ${right}; blame ${blameText(value)}`,
      at: middle,
      reach: cell * 0.8,
    });
  }
  if (!chosen.startsWith("x")) return;
  const pixel = Number(chosen.slice(1));
  const corner: XY = [left + (pixel % side) * cell, top + Math.floor(pixel / side) * cell];
  surface.frame([corner[0] - 2, corner[1] - 2], [cell + 4, cell + 4], "blame", { width: 3 });
  if (wiggle !== null) {
    const words = `${signed(wiggle.by, 1)} ink`;
    surface.pill(
      [corner[0] + cell / 2, corner[1] < top + 40 ? corner[1] + cell + 20 : corner[1] - 18],
      words,
      "blame",
    );
  }
};

/** Eight filters after the step, over the ghosts of what they were, and their turns. */
const adjust: Draw = (surface, scene, { chosen }) => {
  const { width, height } = surface;
  const columns = 4;
  const rows = filterLayers[0].filters / columns;
  const [cellWide, cellHigh] = [width / columns, height / rows];
  const size = Math.min(cellWide - 14, (cellHigh - 26) / 1.72);
  const { weights: before, nextWeights: after, turns } = scene.step;
  const [largest, turned] = [Math.max(largestOf(before), largestOf(after)), largestOf(turns)];
  for (let filter = 0; filter < filterLayers[0].filters; filter++) {
    const [from, to] = [25 * filter, 25 * filter + 25];
    const x = (filter % columns) * cellWide + (cellWide - size) / 2;
    const y = Math.floor(filter / columns) * cellHigh + 18;
    const isChosen = chosen === `f${filter + 1}`;
    surface.text([x, y - 9], `filter ${filter + 1}`, isChosen ? "ink" : "ink-2", {
      size: 12,
      align: "left",
      bold: isChosen,
    });
    weights(surface, [x, y], size, after.subarray(from, to), { largest, before: before.subarray(from, to) });
    if (isChosen) surface.frame([x - 2, y - 2], [size + 4, size + 4], "plus", { width: 3 });
    const small = 0.66 * size;
    weights(surface, [x, y + size + 5], small, turns.subarray(from, to), { largest: turned });
    if (size > 60)
      surface.text([x + small + 6, y + size + 5 + small / 2], "turn", "ink-2", { size: 12, align: "left" });
    surface.mark({
      id: `f${filter + 1}`,
      label: `Filter ${filter + 1}: largest turn ${decimal(largestOf(turns.subarray(from, to)), 4)}`,
      at: [x + size / 2, y + size / 2],
      reach: size / 2,
    });
  }
};

/** The drawings of the step: less surprising ▲, more surprising ▼. */
const again: Draw = (surface, scene) => {
  const { width, height } = surface;
  const { pixels, before, after, answers } = scene.step;
  const columns = 6;
  const rows = Math.ceil(answers.length / columns);
  const size = Math.min(width / columns - 6, height / rows - 20);
  const inset = (width - columns * (size + 6)) / 2;
  for (const i of answers.keys()) {
    const x = inset + (i % columns) * (size + 6) + 3;
    const y = Math.floor(i / columns) * (height / rows) + 2;
    tile(surface, [x, y], size, pixels.subarray(i * side * side, (i + 1) * side * side));
    const isLess = after[i] < before[i];
    const color = isLess ? "paid-helped" : "paid-hurt";
    surface.frame([x, y], [size, size], color, { width: 2, dash: isLess ? [] : [4, 3] });
    const change = decimal(Math.abs(after[i] - before[i]), 2);
    const words = size < 46 ? (isLess ? "▲" : "▼") : `${isLess ? "▲" : "▼"} ${change}`;
    surface.text([x + size / 2, y + size + 9], words, color, { size: 12, bold: true });
  }
};

export const pictures: Readonly<Record<StageId, Draw>> = { goal, attempt, mistake, blame, adjust, again };

/** What the picture of a stage shows, for a reader of the screen. */
export function pictureLabel(scene: Scene, stage: StageId): string {
  const right = animals[scene.answer];
  const { p, surprise, blame: blamed, step } = scene;
  switch (stage) {
    case "goal":
      return "A drawing of 28 by 28 pixels: a cat or a dog?";
    case "attempt":
      return `The picture, 8 maps, 16 maps, and two votes: cat ${percent(p[0], 1)}, dog ${percent(p[1], 1)}`;
    case "mistake":
      return `The drawing; ${right} got ${percent(p[scene.answer], 1)}, and the rest is surprise ${decimal(surprise, 2)}`;
    case "blame":
      return `The drawing with ${blamed.strongest.length} triangles: full ones where more ink would make it more ${right}, empty ones where less would`;
    case "adjust":
      return "Eight filters of 5 by 5 weights after the step, over ghosts of what they were, and their turns";
    case "again":
      return `${step.answers.length} drawings; ${step.less} became less surprising`;
  }
}
