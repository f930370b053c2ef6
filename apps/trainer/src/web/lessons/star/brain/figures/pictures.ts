import { factorText } from "../../../../../star/brain/words.js";
import type { KnobNumbers, Scene } from "../../../../../star/brain/scene.js";
import { indexOf, neurons, size } from "../../../../../star/brain/sizes.js";
import type { Attempt } from "../../../../../star/brain/training.js";
import { blameText } from "../../../../../words/blame.js";
import { decimal, percent, signed, short } from "../../../../../words/numbers.js";
import type { Surface, XY } from "../../../../canvas/surface.js";
import type { StageId } from "../../../../stages.js";
import { between } from "../../figures/paper.js";
import {
  boxAround,
  cellAt,
  chevrons,
  drawKnobs,
  drawNeurons,
  drawSheet,
  endsOf,
  inkOf,
  largestOf,
  markSquares,
  netFor,
  weightLook,
  type Net,
} from "./net.js";

/** What a picture shows besides the numbers of the try. */
export interface View {
  /** The knob that is chosen. */
  readonly chosen: string;
  readonly square: number;
  /** The attempt with the chosen knob turned by hand. */
  readonly wiggled: Attempt | null;
  /** How much of the stage has been shown, from 0 to 1. */
  readonly shown: number;
}

export type Picture = (surface: Surface, scene: Scene, view: View) => void;

export const pictures: Readonly<Record<StageId, Picture>> = {
  goal: goalPicture,
  attempt: attemptPicture,
  mistake: mistakePicture,
  blame: blamePicture,
  adjust: adjustPicture,
  again: againPicture,
};

/** One large sheet. */
function sheetFor({ width, height }: Surface): Net["sheet"] {
  const side = Math.min(width, height) - 16;
  return { at: [(width - side) / 2, (height - side) / 2], side };
}

function goalPicture(surface: Surface, scene: Scene, { square }: View): void {
  const sheet = sheetFor(surface);
  const half = sheet.side / size / 2;
  drawGrid(surface, sheet);
  scene.goal.forEach((ink, i) => {
    if (ink === 1)
      surface.area(boxAround(cellAt(sheet, i), half - 0.5), "goal-fill", { edge: "goal", width: 1 });
  });
  markSquares(surface, sheet, square, (i) => (scene.goal[i] === 1 ? "ink" : "paper"));
}

/** Faint lines between the squares. */
function drawGrid(surface: Surface, { at: [left, top], side }: Net["sheet"]): void {
  for (let i = 0; i <= size; i++) {
    const way = (i * side) / size;
    surface.path([[left + way, top], [left + way, top + side]], "line", { width: 0.7 }); // prettier-ignore
    surface.path([[left, top + way], [left + side, top + way]], "line", { width: 0.7 }); // prettier-ignore
  }
}

function widest({ isRoomy }: Surface): number {
  return isRoomy ? 7 : 4;
}

function attemptPicture(surface: Surface, scene: Scene, view: View): void {
  const net = netFor(surface);
  const { attempt, answers, knobs } = scene;
  const largest = largestOf(knobs.map(({ now }) => now));
  drawKnobs(
    surface,
    net,
    scene,
    view.chosen,
    ({ now }) => weightLook(now, largest, widest(surface)),
    view.shown,
  );
  drawNeurons(surface, net, scene, view.chosen, view.shown);
  const ink = view.wiggled?.ink ?? attempt.ink;
  const inked = ink.filter(Boolean).length;
  const words = inked === 0 ? "blank" : `${inked} with ink`;
  drawSheet(surface, net, scene, { answers, ink }, words, view.shown);
}

function mistakePicture(surface: Surface, scene: Scene, { square, shown }: View): void {
  const { answers, attempt, goal } = scene;
  const sheet = sheetFor(surface);
  const half = sheet.side / size / 2;
  drawGrid(surface, sheet);
  surface.ink(sheet.at, sheet.side, inkOf(answers, attempt.ink, 0.4), "attempt");
  const rows = shown * size;
  answers.forEach((_, i) => {
    if (attempt.ink[i] === (goal[i] === 1) || Math.floor(i / size) >= rows) return;
    const place = cellAt(sheet, i);
    if (goal[i] === 1) {
      // Ink is missing: an empty frame with a dot.
      const box = boxAround(place, half - 1);
      surface.path([...box, box[0]], "mistake", { width: 1.8 });
      surface.dot(place, Math.max(1.2, half / 5), "mistake");
    } else cross(surface, place, half - 1);
  });
  markSquares(surface, sheet, square, (i) => {
    const wish = goal[i] === 1 ? "ink" : "paper";
    return `answer ${decimal(answers[i], 2)}, should be ${wish}`;
  });
}

/** Ink where paper should be. */
function cross(surface: Surface, [x, y]: XY, half: number): void {
  surface.area(boxAround([x, y], half), "mistake-tint", { edge: "mistake", width: 1.5 });
  surface.path([[x - half, y - half], [x + half, y + half]], "mistake", { width: 1.8 }); // prettier-ignore
  surface.path([[x - half, y + half], [x + half, y - half]], "mistake", { width: 1.8 }); // prettier-ignore
}

/** How many of the most blamed knobs show which way the complaints go. */
const led = 12;

function blamePicture(surface: Surface, scene: Scene, view: View): void {
  const net = netFor(surface);
  const { knobs, slopes, stop, answers, attempt } = scene;
  const largestKnob = largestOf(knobs.map(({ now }) => now));
  const largest = largestOf(knobs.map(({ blame }) => blame));
  drawKnobs(surface, net, scene, view.chosen, ({ now }) => ({
    ...weightLook(now, largestKnob, 2.5),
    color: "ghost",
    opacity: 0.5,
  }));
  // From right to left: complaints reach the layer of the ink first.
  const isReached = ({ layer }: KnobNumbers): boolean => 3 * view.shown > 3 - layer;
  const halo = (knob: KnobNumbers): number =>
    (surface.isRoomy ? 16 : 9) * Math.sqrt(Math.abs(knob.blame) / largest);
  for (const knob of knobs)
    if (isReached(knob) && knob.blame !== 0)
      surface.path(endsOf(net, knob), "blame", { width: halo(knob), opacity: 0.16, cap: "butt" });
  const most = [...knobs].sort((one, other) => Math.abs(other.blame) - Math.abs(one.blame)).slice(0, led);
  const chosen = knobs[indexOf(view.chosen)];
  for (const knob of new Set([...most, chosen])) {
    if (!isReached(knob) || knob.blame === 0) continue;
    surface.path(endsOf(net, knob), "blame", { width: halo(knob), opacity: 0.28, cap: "butt" });
    if (knob.from !== null) chevrons(surface, endsOf(net, knob), surface.isRoomy ? 5 : 3.5);
  }
  drawNeurons(surface, net, scene, view.chosen);
  drawSheet(surface, net, scene, { answers, ink: view.wiggled?.ink ?? attempt.ink }, "784 complaints");
  if (view.shown < 1) return;
  const ends = endsOf(net, chosen);
  surface.path(ends, "blame", { width: 2.5 });
  if (surface.width > 250) {
    const [x, y] = between(...ends, chosen.from === null ? 0 : 0.4);
    surface.pill([x, Math.max(14, y - 16)], blameText(chosen.blame, 4), "blame");
  }
  drawSlopes(surface, net, slopes, stop);
}

/** By what complaints are multiplied as they pass each layer of bends; a factor that stops them is loud. */
function drawSlopes(
  surface: Surface,
  net: Net,
  slopes: readonly [number, number],
  stop: Scene["stop"],
): void {
  slopes.forEach((slope, i) => {
    const x = net.at(neurons[i + 1][0])[0];
    const y = surface.height - 9;
    const text = `${surface.isRoomy ? "slope " : ""}× ${factorText(slope)}`;
    surface.text([x, y], text, "blame", { size: 12, bold: true, halo: true });
    surface.mark({
      id: `slope-${i + 1}`,
      label: `Complaints that pass the bends of layer ${i === 0 ? "a" : "b"} are multiplied by ${factorText(slope)} on average`,
      at: [x, y],
      reach: 18,
    });
  });
  if (stop === null) return;
  // Between the layer that holds complaints up and what comes before it; for zero weights, what leads on from it.
  const [from, to] =
    stop.kind === "weights"
      ? [net.at(neurons[stop.layer][0])[0], stop.layer === 2 ? net.at("ink")[0] : net.at("b1")[0]]
      : [net.at(neurons[stop.layer - 1][0])[0], net.at(neurons[stop.layer][0])[0]];
  const x = (from + to) / 2;
  surface.path([[x, 26], [x, surface.height - 26]], "mistake", { width: 3, dash: [8, 5] }); // prettier-ignore
  const middle = surface.height / 5;
  surface.pill([x, middle], `× ${factorText(stop.factor)}`, "mistake");
  surface.mark({
    id: "stop",
    label: `Here every complaint is multiplied by ${factorText(stop.factor)}`,
    at: [x, middle],
    reach: 24,
  });
}

function adjustPicture(surface: Surface, scene: Scene, view: View): void {
  const { step, knobs, attempt, answers } = scene;
  if (step === null) {
    attemptPicture(surface, scene, { ...view, shown: 1 });
    return;
  }
  const net = netFor(surface);
  const { turns } = step;
  const largest = largestOf(knobs.map(({ now }, i) => Math.max(Math.abs(now), Math.abs(turns[i].next))));
  const wide = widest(surface);
  // The old width as a ghost, wider by a rim, under the new one.
  drawKnobs(surface, net, scene, view.chosen, ({ now }) => ({
    ...weightLook(now, largest, wide),
    color: "ghost",
    width: 3 + (weightLook(now, largest, wide).width ?? 0),
    opacity: 0.45,
  }));
  drawKnobs(surface, net, scene, view.chosen, ({ now }, i) =>
    weightLook(now + view.shown * (turns[i].next - now), largest, wide),
  );
  drawNeurons(surface, net, scene, view.chosen);
  drawSheet(
    surface,
    net,
    scene,
    { answers, ink: attempt.ink },
    surface.isRoomy ? "before the turns" : "before",
  );
  const index = indexOf(view.chosen);
  const [x, y] = between(...endsOf(net, knobs[index]), 0.5);
  if (surface.width > 250)
    surface.text(
      [x, Math.max(14, y - 14)],
      `${decimal(knobs[index].now)} ${signed(turns[index].turn)}`,
      "plus",
      {
        bold: true,
        halo: true,
      },
    );
}

function againPicture(surface: Surface, scene: Scene, view: View): void {
  const { step } = scene;
  if (step === null) {
    donePicture(surface, scene, view);
    return;
  }
  const net = netFor(surface);
  const { turns, paidInto, after } = step;
  const largest = largestOf(turns.map(({ paid }) => paid));
  drawKnobs(surface, net, scene, view.chosen, (_, i) => {
    const { paid } = turns[i];
    return {
      color: paid >= 0 ? "paid-helped" : "paid-hurt",
      width: Math.max(0.4, (widest(surface) + 2) * Math.sqrt(Math.abs(paid) / largest)),
      ...(paid < 0 && { dash: [5, 3] }),
    };
  });
  drawNeurons(surface, net, scene, view.chosen);
  // What the knobs into each neuron paid together.
  const gap = net.tile / 2 + (surface.isRoomy ? 11 : 6);
  neurons
    .slice(1, 3)
    .flat()
    .forEach((id, i) => {
      const [x, y] = net.at(id);
      const helped = paidInto[i] >= 0;
      surface.text([x + gap, y], helped ? "▲" : "▼", helped ? "paid-helped" : "paid-hurt", {
        size: 12,
        bold: true,
        halo: true,
      });
    });
  const isAfter = view.shown >= 0.5;
  const ink = isAfter ? after.ink : scene.attempt.ink;
  drawSheet(
    surface,
    net,
    scene,
    { answers: isAfter ? step.answers : scene.answers, ink },
    `${percent(after.right / (size * size), 1)} right`,
  );
  drawChanges(surface, net, scene);
}

/** Squares that became right, and squares that became wrong. */
function drawChanges(surface: Surface, { sheet }: Net, { goal, attempt, step }: Scene): void {
  const half = sheet.side / size / 2;
  goal.forEach((ink, i) => {
    const [was, is] = [attempt.ink[i] === (ink === 1), step?.after.ink[i] === (ink === 1)];
    if (was === is) return;
    const place = cellAt(sheet, i);
    if (is) surface.dot(place, half + 0.5, "paid-helped");
    else {
      const [x, y] = place;
      surface.path([[x - half, y - half], [x + half, y + half]], "paid-hurt"); // prettier-ignore
      surface.path([[x - half, y + half], [x + half, y - half]], "paid-hurt"); // prettier-ignore
    }
  });
}

/** The finished star, or the last try of a run that went too far. */
function donePicture(surface: Surface, scene: Scene, { square }: View): void {
  const { attempt, answers, goal } = scene;
  const sheet = sheetFor(surface);
  const half = sheet.side / size / 2;
  drawGrid(surface, sheet);
  const isDone = scene.adjustment === null;
  attempt.ink.forEach((ink, i) => {
    if (ink)
      surface.area(boxAround(cellAt(sheet, i), half - 0.3), isDone ? "goal-fill" : "attempt", {
        edge: isDone ? "goal" : "attempt",
        width: 1,
      });
  });
  markSquares(surface, sheet, square, (i) => {
    const wish = goal[i] === 1 ? "ink" : "paper";
    return `answer ${short(answers[i])}, should be ${wish}`;
  });
}

/** The picture of one neuron: squares for plus, rings for minus, as large as the root of the value. */
export function neuronPicture(surface: Surface, values: ArrayLike<number>): void {
  const sheet = sheetFor(surface);
  const cell = sheet.side / size;
  const all = Array.from(values);
  const largest = largestOf(all);
  const frame = boxAround([surface.width / 2, surface.height / 2], sheet.side / 2 + 2);
  surface.path([...frame, frame[0]], "line", { width: 1 });
  all.forEach((value, i) => {
    const half = (cell / 2) * Math.sqrt(Math.abs(value) / largest);
    if (half < 0.3) return;
    const place = cellAt(sheet, i);
    if (value > 0) surface.area(boxAround(place, half), "plus");
    else surface.dot(place, Math.max(0.6, half - 0.7), "surface", "minus", 1);
  });
}
