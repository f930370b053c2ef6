import { pointMark } from "../../../../playground/names.js";
import type { PlayScene, PointNumbers } from "../../../../playground/scene.js";
import { grid, oneIn, type OwnPoint } from "../../../../playground/settings.js";
import { percent, short } from "../../../../words/numbers.js";
import { drawHeat, zeroLines, type Box, type Heat } from "../../../canvas/heat.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import type { StageId } from "../../../stages.js";

/** Where the plane is on the screen: a square in the middle of the picture. */
export interface Plane {
  readonly box: Box;
  readonly at: (x: number, y: number) => XY;
  /** The place under a point of the screen, from −1 to 1. */
  readonly from: (place: XY) => XY;
}

export function planeOf({ width, height }: Pick<Surface, "width" | "height">, view = 1): Plane {
  const side = Math.min(width, height);
  const [left, top] = [(width - side) / 2, (height - side) / 2];
  return {
    box: [left, top, side, side],
    at: (x, y) => [left + (side * (x / view + 1)) / 2, top + (side * (1 - y / view)) / 2],
    from: ([x, y]) => [(2 * (x - left)) / side - 1, 1 - (2 * (y - top)) / side],
  };
}

export interface PlaneView {
  readonly stage: StageId;
  /** What is behind the points: the answer, or what one neuron says. */
  readonly heat: Heat;
  /** Whether it is the answer. */
  readonly isAnswer: boolean;
}

/** The plane, what the network says everywhere, and the points. */
export function drawPlane(surface: Surface, scene: PlayScene, { stage, heat, isAnswer }: PlaneView): void {
  const plane = planeOf(surface, scene.view);
  const { box, at } = plane;
  const isPale = stage === "goal" && isAnswer;
  drawHeat(surface, box, heat, isPale ? 0.12 : isAnswer ? 0.5 : 0.72);
  if (!isPale) for (const line of zeroLines(box, heat)) surface.path(line, "ink", { width: 1.5 });
  frame(surface, box);
  const small = box[2] < 380;
  scene.points.forEach((point, i) => {
    const place = at(point.x, point.y);
    drawPoint(surface, place, point, small ? 3.2 : 4.4);
    const isWrong = point.blue > 0.5 !== (point.label === 1);
    if (stage === "mistake" && isWrong) surface.circle(place, small ? 7 : 9, "mistake", 2.5);
    surface.mark({
      id: pointMark(i),
      label: pointLabel(point, i),
      at: place,
      reach: small ? 6 : 7,
      isQuiet: true,
    });
  });
  const { pass, points } = scene;
  if (stage === "goal") return;
  const chosen = points[pass.point];
  const place = at(chosen.x, chosen.y);
  const color = stage === "mistake" ? "mistake" : stage === "blame" ? "blame" : "ink";
  surface.circle(place, small ? 10 : 13, color, 3);
  const left = place[0] > box[0] + box[2] - 120;
  const words = stage === "mistake" ? `surprise ${short(chosen.surprise)}` : `point ${pass.point + 1}`;
  surface.text([place[0] + (left ? -18 : 18), place[1]], words, color, {
    bold: true,
    align: left ? "right" : "left",
    halo: true,
  });
}

/** Points while they are painted, and where the keyboard paints. */
export function drawPainting(
  surface: Surface,
  points: readonly OwnPoint[],
  cursor: readonly [number, number],
): void {
  const { box, at } = planeOf(surface);
  drawHeat(surface, box, { values: new Float32Array(grid * grid), grid, largest: 1 });
  for (let line = -0.75; line < 1; line += 0.25) {
    surface.path([at(line, -1), at(line, 1)], "line", { width: line === 0 ? 2 : 1 });
    surface.path([at(-1, line), at(1, line)], "line", { width: line === 0 ? 2 : 1 });
  }
  frame(surface, box);
  for (const [i, { x, y, label }] of points.entries()) {
    drawPoint(surface, at(x, y), { label, isHeldOut: i % oneIn === oneIn - 1 }, 4.4);
  }
  if (points.length === 0)
    surface.text(at(0, 0.5), "Paint here, with a finger, a mouse or the keyboard", "ink-2", { halo: true });
  const [x, y] = at(...cursor);
  surface.path([[x - 9, y], [x + 9, y]], "focus", { width: 2 }); // prettier-ignore
  surface.path([[x, y - 9], [x, y + 9]], "focus", { width: 2 }); // prettier-ignore
  surface.mark({
    id: "cursor",
    label: "Brush: arrow keys move it, Enter paints, Delete erases, C changes the colour",
    at: [x, y],
    reach: 12,
  });
}

/** A blue point is round, an orange one square; one that is held out is hollow. */
function drawPoint(
  surface: Surface,
  [x, y]: XY,
  { label, isHeldOut }: Pick<PointNumbers, "label" | "isHeldOut">,
  radius: number,
): void {
  const color = label === 1 ? "plus" : "minus";
  const [fill, edge, width] = isHeldOut
    ? (["surface", color, 2] as const)
    : ([color, "surface", 1.2] as const);
  if (label === 1) surface.dot([x, y], radius, fill, edge, width);
  else {
    const half = radius * 0.9;
    surface.area([[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]], fill, { edge, width }); // prettier-ignore
  }
}

function frame(surface: Surface, [x, y, width, height]: Box): void {
  surface.path([[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]], "line", { width: 1.5 }); // prettier-ignore
}

function pointLabel({ label, blue, isHeldOut }: PointNumbers, index: number): string {
  return `Point ${index + 1}${isHeldOut ? ", held out" : ""}: ${label === 1 ? "blue" : "orange"}; it gives blue ${percent(blue)}`;
}
