import { stepsBack } from "../../../../star/pen/arithmetic.js";
import type { Attempt, Point } from "../../../../star/pen/training.js";
import type { Scene } from "../../../../star/pen/scene.js";
import { decimal, degrees, percent } from "../../../../words/numbers.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import type { StageId } from "../../../stages.js";
import {
  arrowBetween,
  between,
  distance,
  drawGoal,
  paperFor,
  partOf,
  pathOf,
  spreadOut,
  strokeOf,
  type Paper,
} from "./paper.js";

/** What a picture shows besides the numbers of the try. */
export interface View {
  /** The knob that is chosen. */
  readonly chosen: string;
  /** The stroke that the visitor would fix. */
  readonly guess: number | null;
  /** The attempt with the chosen knob turned by hand. */
  readonly wiggled: Attempt | null;
  /** Whether notes are added up on their way back, or each walks by itself. */
  readonly reuse: boolean;
  /** How much of the stage has been shown, from 0 to 1. */
  readonly shown: number;
}

export type Picture = (surface: Surface, scene: Scene, view: View) => Paper;

export const pictures: Readonly<Record<StageId, Picture>> = {
  goal: goalPicture,
  attempt: attemptPicture,
  mistake: mistakePicture,
  blame: blamePicture,
  adjust: adjustPicture,
  again: againPicture,
};

function goalPicture(surface: Surface, scene: Scene): Paper {
  const { goal, start } = scene;
  const room: Point[] = [
    [-1.25, -1.1],
    [1.25, 1.25],
  ];
  const paper = paperFor(surface, [...goal, start, ...room], surface.isRoomy ? 24 : 14);
  const corners = goal.map(paper.at);
  const outline = [paper.at(start), ...corners];
  surface.area(outline, "goal-tint");
  surface.path(outline, "goal", { width: 3, dash: [2, 6] });
  corners.forEach((corner, i) => {
    surface.dot(corner, 11, "goal");
    surface.text([corner[0], corner[1] + 0.5], `${i + 1}`, "on-loud", { size: 12, bold: true });
    surface.mark({
      id: `c${i + 1}`,
      label: `Corner ${i + 1} of the goal, at ${pointWords(goal[i])}`,
      at: corner,
      reach: 12,
    });
  });
  surface.text([paper.at(start)[0] + 18, paper.at(start)[1] - 12], "the pen starts here", "goal", {
    align: "left",
    halo: true,
  });
  return paper;
}

function attemptPicture(surface: Surface, scene: Scene, view: View): Paper {
  const { attempt, knobs } = scene;
  // Room for the pen above the last corner.
  const paper = paperOf(surface, scene, view.wiggled, 42);
  const stroke = strokeOf(view.chosen) ?? 1;
  const path = pathOf(scene).map(paper.at);
  drawGoal(surface, paper, scene, { opacity: 0.6 });
  const drawn = partOf(path, view.shown);
  surface.path(drawn, "attempt", { width: 3 });
  if (view.wiggled !== null) drawWiggled(surface, paper, scene, view.wiggled);
  const isDone = view.shown >= 1;
  if (isDone) {
    const [from, to] = [path[stroke - 1], path[stroke]];
    const [direction, length] = [knobs[2 * stroke - 2].now, knobs[2 * stroke - 1].now];
    surface.path([from, to], "plus", { width: 6 });
    const radius = Math.min(0.2 * paper.scale, 0.4 * distance(from, to));
    surface.path([from, [from[0] + 1.4 * radius, from[1]]], "edge", { width: 1.5, dash: [3, 3] });
    surface.arc(from, radius, 0, direction, "plus");
    const half = direction / 2;
    const words: XY = [from[0] + (radius + 22) * Math.cos(half), from[1] - (radius + 22) * Math.sin(half)];
    if (surface.isRoomy) surface.text(words, degrees(direction), "plus", { bold: true, halo: true });
    surface.text(freePlace(surface, between(from, to, 0.5), path), `${decimal(length)} long`, "plus", {
      bold: true,
      halo: true,
    });
  }
  drawCorners(surface, path.slice(1, isDone ? undefined : drawn.length - 1), (i) => ({
    label: `Corner ${i + 1}, at ${pointWords(attempt.corners[i])}`,
    isQuiet: i + 1 < stroke,
  }));
  markStrokes(surface, path, scene);
  drawPen(surface, drawn[drawn.length - 1]);
  const start = path[0];
  surface.dot(start, 4, "goal-fill", "goal", 1.5);
  surface.text([start[0] + 12, start[1] - 10], "starts here", "goal", { align: "left", halo: true });
  return paper;
}

function mistakePicture(surface: Surface, scene: Scene, view: View): Paper {
  const { attempt, goal, worst } = scene;
  const paper = paperOf(surface, scene);
  const path = pathOf(scene).map(paper.at);
  drawGoal(surface, paper, scene);
  surface.path(path, "ghost");
  const corners = path.slice(1);
  goal.forEach((point, i) => {
    const target = paper.at(point);
    const shown = between(corners[i], target, view.shown);
    arrowBetween(surface, [corners[i], shown], "mistake", {
      width: i === worst ? 4 : 2.5,
      size: i === worst ? 15 : 11,
      before: 5,
    });
    surface.dot(target, 4.5, "surface", "goal");
  });
  drawCorners(surface, corners, (i) => ({
    label: `Corner ${i + 1} misses by ${percent(attempt.misses[i])}`,
    isQuiet: false,
  }));
  goal.forEach((point, i) => {
    if (!surface.isRoomy && i !== worst) return;
    const target = paper.at(point);
    const away = distance(corners[i], target);
    if (i !== worst && away < 30) return;
    const [dx, dy] = [(target[0] - corners[i][0]) / (away || 1), (target[1] - corners[i][1]) / (away || 1)];
    const beside = (part: number, side: 1 | -1): XY => {
      const [x, y] = between(corners[i], target, part);
      const [right, down] = surface.isRoomy ? [20, 16] : [24, 17];
      return [x + side * right * dy, y - side * down * dx];
    };
    const words = percent(attempt.misses[i], i === worst ? 1 : 0);
    const places = !surface.isRoomy
      ? [0.5, 0.35, 0.65].flatMap((part) => [beside(part, 1), beside(part, -1)])
      : [beside(0.5, 1)];
    surface.text(
      roomiest(places, [path, ...goal.map((to, k) => [corners[k], paper.at(to)])]),
      words,
      "mistake",
      {
        size: i === worst ? 13 : 12,
        bold: i === worst,
        halo: true,
      },
    );
  });
  drawGuess(surface, path, view.guess, false);
  markStrokes(surface, path, scene);
  return paper;
}

function blamePicture(surface: Surface, scene: Scene, view: View): Paper {
  const { goal, piles } = scene;
  const paper = paperOf(surface, scene, view.wiggled);
  const path = pathOf(scene).map(paper.at);
  const chosen = strokeOf(view.chosen) ?? 1;
  const strokes = piles.length;
  drawGoal(surface, paper, scene, { opacity: 0.6 });
  surface.path(path, "ghost");
  // The walk begins at the last corner; a stroke is reached when the notes of all later ones have come.
  const walked = view.shown * strokes;
  const isReached = (stroke: number): boolean => strokes - stroke < walked;
  const largest = Math.max(...piles.map(({ size }) => size)) || 1;
  const widest = surface.isRoomy ? 30 : 20;
  for (let stroke = strokes; stroke >= chosen; stroke--) {
    if (!isReached(stroke)) break;
    const [from, to] = [path[stroke], path[stroke - 1]];
    const width = 5 + (widest * piles[stroke - 1].size) / largest;
    const end = between(from, to, Math.min(1, walked - (strokes - stroke)));
    if (view.reuse) surface.path([from, end], "blame", { width, opacity: 0.24 });
    // Without re-use, every note is a line of its own, all the way.
    else drawStrands(surface, from, end, strokes - stroke + 1);
    drawChevrons(surface, from, end, view.reuse ? 2 + 0.2 * width : 4);
  }
  goal.forEach((point, i) => {
    if (i + 1 < chosen) return;
    arrowBetween(surface, [path[i + 1], paper.at(point)], "blame", { width: 2, before: 1 });
  });
  if (isReached(chosen)) surface.path([path[chosen - 1], path[chosen]], "blame", { width: 6 });
  if (view.wiggled !== null) drawWiggled(surface, paper, scene, view.wiggled);
  drawCorners(surface, path.slice(1), (i) => ({
    label: `Corner ${i + 1}: its note says ${noteWords(scene.notes[i])}`,
    isQuiet: i + 1 < chosen,
    fill: "blame",
  }));
  // A very small picture has no room for words.
  if (isReached(chosen) && surface.width > 250) {
    const { notes } = piles[chosen - 1];
    const place = freePlace(surface, between(path[chosen - 1], path[chosen], 0.5), path);
    surface.pill(place, `hears ${notes} ${notes === 1 ? "note" : "notes"}`, "blame");
  }
  const steps = stepsBack(strokes)[view.reuse ? "with" : "without"];
  surface.text([surface.width - 4, 12], `${Math.ceil(view.shown * steps)} of ${steps} steps back`, "blame", {
    size: 12,
    align: "right",
    halo: true,
  });
  drawGuess(surface, path, view.guess, true);
  markStrokes(surface, path, scene);
  return paper;
}

function adjustPicture(surface: Surface, scene: Scene, view: View): Paper {
  const { step } = scene;
  if (step === null) return donePicture(surface, scene);
  const paper = paperOf(surface, scene, step.after);
  const before = pathOf(scene);
  const after = pathOf({ start: scene.start, attempt: step.after });
  const now = before.map((point, i) => between(point, after[i], view.shown)).map(paper.at);
  const old = before.map(paper.at);
  const stroke = strokeOf(view.chosen) ?? 1;
  const index = 2 * stroke - (view.chosen.startsWith("d") ? 2 : 1);
  const knob = scene.knobs[index];
  const value = (x: number): string => (knob.kind === "length" ? decimal(x) : degrees(x));
  drawGoal(surface, paper, scene, { opacity: 0.6 });
  surface.path(old, "ghost", { dash: [3, 5] });
  surface.path([old[stroke - 1], old[stroke]], "ghost", { width: 13, opacity: 0.35 });
  surface.path(now, "attempt", { width: 3 });
  surface.path([now[stroke - 1], now[stroke]], "plus", { width: 6 });
  old.slice(1).forEach((corner, i) => {
    surface.dot(corner, 3, "ghost");
    arrowBetween(surface, [corner, now[i + 1]], "ghost", { after: 3, before: 11, size: 8 });
  });
  drawCorners(surface, now.slice(1), (i) => ({
    label: `Corner ${i + 1} after the turns, at ${pointWords(step.after.corners[i])}`,
    isQuiet: false,
  }));
  const [oldMiddle, newMiddle] = [
    between(old[stroke - 1], old[stroke], 0.5),
    between(now[stroke - 1], now[stroke], 0.5),
  ];
  const isAbove = oldMiddle[1] <= newMiddle[1] ? -1 : 1;
  const place = ([x, y]: XY, way: number): XY => [x, y + 22 * way];
  const isRoomy = surface.isRoomy;
  // On a phone, two labels would lie on corners: there is the new one, at the side where the stroke came from.
  if (isRoomy) {
    surface.text(place(oldMiddle, isAbove), `before ${value(knob.now)}`, "ink-2", { halo: true });
  }
  surface.text(place(newMiddle, -isAbove), `now ${value(step.turns[index].next)}`, "plus", {
    bold: true,
    halo: true,
    align: isRoomy ? "center" : now[stroke][0] > now[stroke - 1][0] ? "right" : "left",
  });
  markStrokes(surface, now, scene);
  return paper;
}

function againPicture(surface: Surface, scene: Scene, view: View): Paper {
  const { step, attempt } = scene;
  if (step === null) return donePicture(surface, scene);
  const paper = paperOf(surface, scene, step.after);
  const path = [scene.start, ...step.after.corners].map(paper.at);
  drawGoal(surface, paper, scene);
  surface.path(pathOf(scene).map(paper.at), "ghost", { dash: [3, 5] });
  surface.path(partOf(path, view.shown), "attempt", { width: 3 });
  const places = spreadOut(path.slice(1), 23);
  places.forEach((place, i) => {
    const isNearer = step.after.misses[i] < attempt.misses[i];
    const color = isNearer ? "paid-helped" : "paid-hurt";
    surface.path([place, path[i + 1]], "ink", { width: 1 });
    surface.disc(place, isNearer ? "▲" : "▼", color, "on-loud", 11);
    surface.text([place[0] + 17, place[1] + 12], `${i + 1}`, "ink", { size: 12, halo: true });
    const [was, is] = [percent(attempt.misses[i]), percent(step.after.misses[i])];
    surface.mark({
      id: `c${i + 1}`,
      label: `Corner ${i + 1} ${isNearer ? "came nearer" : "went away"}: it missed by ${was}, now by ${is}`,
      at: place,
      reach: 11,
    });
  });
  return paper;
}

/** The perfect star, or the last try of a run that flew off the paper. */
function donePicture(surface: Surface, scene: Scene): Paper {
  const paper = paperOf(surface, scene);
  const path = pathOf(scene).map(paper.at);
  if (scene.adjustment === null) surface.area(path, "goal-fill", { edge: "goal", width: 3 });
  else surface.path(path, "attempt", { width: 3 });
  drawGoal(surface, paper, scene);
  drawCorners(surface, path.slice(1), (i) => ({
    label: `Corner ${i + 1} misses by ${percent(scene.attempt.misses[i])}`,
    isQuiet: false,
  }));
  return paper;
}

/** One try, small and without words. */
export function thumbnail(surface: Surface, scene: Scene, shown = 1): void {
  const paper = paperFor(surface, [...pathOf(scene), ...scene.goal], 10);
  const path = pathOf(scene).map(paper.at);
  const isPerfect = scene.adjustment === null;
  if (isPerfect && shown === 1) surface.area(path, "goal-fill", { edge: "goal", width: 2.5 });
  drawGoal(surface, paper, scene, { width: 1.5, dash: [1.5, 4] });
  surface.path(partOf(path, shown), isPerfect ? "goal" : "attempt", { width: 2.5 });
}

function paperOf(surface: Surface, scene: Scene, other: Attempt | null = null, margin?: number): Paper {
  return paperFor(surface, [...pathOf(scene), ...scene.goal, ...(other?.corners ?? [])], margin);
}

interface Corner {
  readonly label: string;
  readonly isQuiet: boolean;
  readonly fill?: "ink" | "blame";
}

/** Numbered corners. The discs of corners that are very near are moved apart. */
function drawCorners(surface: Surface, corners: readonly XY[], describe: (index: number) => Corner): void {
  spreadOut(corners).forEach((place, i) => {
    const { label, isQuiet, fill = "ink" } = describe(i);
    surface.path([place, corners[i]], fill, { width: 1 });
    if (isQuiet) {
      surface.dot(place, 9, "surface", "ghost");
      surface.text([place[0], place[1] + 0.5], `${i + 1}`, "ink", { size: 12 });
    } else surface.disc(place, `${i + 1}`, fill, fill === "ink" ? "paper" : "on-loud");
    surface.mark({ id: `c${i + 1}`, label, at: place });
  });
}

/** Strokes can be pointed at, and lit by their knobs. */
function markStrokes(surface: Surface, path: readonly XY[], { knobs }: Scene): void {
  const lit = strokeOf(surface.lit);
  path.slice(1).forEach((to, i) => {
    const [direction, length] = [knobs[2 * i], knobs[2 * i + 1]];
    const id = lit === i + 1 && surface.lit !== null ? surface.lit : `l${i + 1}`;
    const label = `Stroke ${i + 1}: ${decimal(length.now)} long, at ${degrees(direction.now)}`;
    surface.mark({ id, label, at: path[i], to, reach: 7 });
  });
}

/** The drawing while a knob is turned by hand. */
function drawWiggled(surface: Surface, paper: Paper, { start }: Scene, { corners }: Attempt): void {
  const path = [start, ...corners].map(paper.at);
  surface.path(path, "plus", { width: 2.5, dash: [7, 4] });
  path.slice(1).forEach((corner) => {
    surface.dot(corner, 3, "plus");
  });
}

function drawGuess(surface: Surface, path: readonly XY[], guess: number | null, isLate: boolean): void {
  if (guess === null) return;
  const [from, to] = [path[guess - 1], path[guess]];
  surface.path([from, to], "goal", { width: 9, opacity: 0.5 });
  const middle = between(from, to, 0.5);
  surface.text(
    [middle[0], middle[1] - 18],
    isLate ? `your guess: ${guess}` : `you would fix ${guess}`,
    "goal",
    { bold: true, halo: true },
  );
}

/** A place for words near a point: inside of the picture, far from corners and strokes. */
function freePlace(surface: Surface, [x, y]: XY, path: readonly XY[]): XY {
  const around = Array.from({ length: 36 }, (_, i): XY => {
    const far = 1 + Math.floor(i / 12) / 3;
    return [x + 76 * far * Math.cos((i * Math.PI) / 6), y + 40 * far * Math.sin((i * Math.PI) / 6)];
  });
  const inside = around.filter(
    ([px, py]) => px > 62 && px < surface.width - 62 && py > 16 && py < surface.height - 16,
  );
  return inside.length === 0 ? [x, y] : roomiest(inside, [path], [x, y]);
}

/** Of some places for words, the one that is farthest from corners and lines, and not far from what the words are about. */
function roomiest(places: readonly XY[], ways: readonly (readonly XY[])[], about?: XY): XY {
  const corners = ways.flat();
  const strokes = ways.flatMap((way) =>
    way.slice(1).flatMap((to, i) => [0.25, 0.5, 0.75].map((part) => between(way[i], to, part))),
  );
  // Words are wider than high, so what is beside them counts as nearer. A corner must not be covered, a stroke may be.
  const near = ([px, py]: XY, [qx, qy]: XY): number => Math.hypot((px - qx) / 2.2, py - qy);
  const room = (place: XY): number =>
    Math.min(
      40,
      ...corners.map((corner) => near(place, corner)),
      ...strokes.map((point) => 1.4 * near(place, point)),
    ) - (about === undefined ? 0 : 0.1 * near(place, about));
  return [...places].sort((a, b) => room(b) - room(a))[0];
}

function drawChevrons(surface: Surface, from: XY, to: XY, size: number): void {
  const length = distance(from, to);
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  for (let way = 22; way < length - 10; way += 22) {
    const [x, y] = between(from, to, way / length);
    const arm = (turn: number): XY => [x + size * Math.cos(angle + turn), y + size * Math.sin(angle + turn)];
    surface.path([arm(Math.PI - 0.85), [x, y], arm(Math.PI + 0.85)], "blame");
  }
}

function drawStrands(surface: Surface, from: XY, to: XY, count: number): void {
  const length = distance(from, to) || 1;
  const [nx, ny] = [-(to[1] - from[1]) / length, (to[0] - from[0]) / length];
  for (let i = 0; i < count; i++) {
    const off = (i - (count - 1) / 2) * 3.5;
    surface.path(
      [
        [from[0] + off * nx, from[1] + off * ny],
        [to[0] + off * nx, to[1] + off * ny],
      ],
      "blame",
      { width: 1.2 },
    );
  }
}

function drawPen(surface: Surface, [x, y]: XY): void {
  const at = (dx: number, dy: number): XY => [x + 6 + dx, y - 6 + dy];
  surface.area([at(0, 0), at(4, -8), at(20, -32), at(29, -26), at(13, -2)], "surface", { edge: "ink" });
  surface.area([at(0, 0), at(4, -8), at(13, -2)], "ink");
}

function pointWords([x, y]: Point): string {
  return `${decimal(x, 2)} to the right and ${decimal(y, 2)} up`;
}

const ways = ["→", "↗", "↑", "↖", "←", "↙", "↓", "↘"];

/** A note, such as “go ↗ 0.4”. */
export function noteWords([x, y]: Point): string {
  const eighth = Math.round(Math.atan2(y, x) / (Math.PI / 4));
  return `go ${ways[(eighth + 8) % 8]} ${decimal(Math.hypot(x, y), 2)}`;
}
