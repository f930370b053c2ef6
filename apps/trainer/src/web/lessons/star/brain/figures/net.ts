import { neuronName, squareName } from "../../../../../star/brain/arithmetic.js";
import type { KnobNumbers, NeuronNumbers, Scene } from "../../../../../star/brain/scene.js";
import { nameOf, neuronOf, neurons, size } from "../../../../../star/brain/sizes.js";
import { blameText } from "../../../../../words/blame.js";
import { decimal } from "../../../../../words/numbers.js";
import type { ColorName, Line, Surface, XY } from "../../../../canvas/surface.js";
import { between, distance } from "../../figures/paper.js";

// The network: two coordinates, two layers of sixteen neurons, and the ink, with all 337 knobs between them.

/** Where the parts of the network are on the screen. */
export interface Net {
  readonly at: (neuron: string) => XY;
  /** The side of the picture that a hidden neuron makes. */
  readonly tile: number;
  /** The picture that the network draws, at the right. */
  readonly sheet: { readonly at: XY; readonly side: number };
}

const top = 34;
const bottom = 42;

export function netFor({ width, height, isRoomy }: Surface): Net {
  const gap = (height - top - bottom) / (neurons[1].length - 1);
  const tile = Math.min(gap - 3, isRoomy ? 26 : 12);
  const side = Math.min(0.27 * width, height / 2);
  const middle = (top + height - bottom) / 2;
  const columns = [isRoomy ? 26 : 14, 0.25 * width, 0.55 * width, width - side - 10];
  return {
    at: (neuron) => {
      const layer = neurons.findIndex((ids) => ids.includes(neuron));
      const [x, row] = [columns[layer], neurons[layer].indexOf(neuron)];
      if (layer === 3) return [x, middle];
      if (layer === 0) return [x, middle + (row === 0 ? -1 : 1) * Math.min(80, height / 6)];
      return [x, top + 6 + row * gap];
    },
    tile,
    sheet: { at: [width - side - 4, middle - side / 2], side },
  };
}

/** The two ends of a knob's line: from neuron to neuron, or a stub at the neuron for a bias. */
export function endsOf(net: Net, { id, from, layer }: Pick<KnobNumbers, "id" | "from" | "layer">): [XY, XY] {
  const half = net.tile / 2;
  const [x, y] = net.at(neuronOf(id));
  const entry: XY = [layer === 3 ? x : x - half, y];
  if (from === null)
    return [
      [entry[0] - 12, entry[1] - half - 2],
      [entry[0], entry[1] - half + 2],
    ];
  const start = net.at(id.split("-")[0]);
  return [[start[0] + (layer === 1 ? 8 : half), start[1]], entry];
}

/** How a knob is drawn: in which colour, how wide, dashed or not. */
export interface Look extends Line {
  readonly color: ColorName;
}

/** Draws every knob, those of the chosen neuron last and strongest. */
export function drawKnobs(
  surface: Surface,
  net: Net,
  { knobs }: Scene,
  chosen: string,
  lookOf: (knob: KnobNumbers, index: number) => Look,
  shown = 1,
): void {
  const isNear = ({ id }: KnobNumbers): boolean => neuronOf(id) === neuronOf(chosen);
  const draw = (knob: KnobNumbers, index: number, isClear: boolean): void => {
    // From left to right, one layer after the other.
    const part = Math.max(0, Math.min(1, 3 * shown - (knob.layer - 1)));
    if (part === 0) return;
    const { color, opacity = 1, ...line } = lookOf(knob, index);
    const [from, to] = endsOf(net, knob);
    surface.path([from, between(from, to, part)], color, {
      ...line,
      opacity: isClear ? opacity : 0.3 * opacity,
      cap: "butt",
    });
  };
  for (const isClear of [false, true]) {
    knobs.forEach((knob, i) => {
      if (isNear(knob) === isClear) draw(knob, i, isClear);
    });
  }
}

/** Makes every knob a mark. Tab stops at the chosen one. */
export function markKnobs(surface: Surface, net: Net, { knobs }: Scene, chosen: string): void {
  for (const knob of knobs) {
    const [at, to] = endsOf(net, knob);
    const label = `${nameOf(knob.id)}: ${decimal(knob.now)}, blame ${blameText(knob.blame, 4)}`;
    surface.mark({ id: knob.id, label, at, to, reach: 2, isQuiet: knob.id !== chosen });
  }
}

/** The line of a weight: as wide as the root of its size, plus solid and minus dashed. */
export function weightLook(value: number, largest: number, widest: number): Look {
  return {
    color: value < 0 ? "minus" : "plus",
    width: Math.max(0.4, widest * Math.sqrt(Math.abs(value) / largest)),
    ...(value < 0 && { dash: [5, 3] }),
  };
}

export function largestOf(values: readonly number[]): number {
  return Math.max(1e-12, ...values.map(Math.abs));
}

/** The coordinates, the pictures that hidden neurons make, and the heads of the layers. */
export function drawNeurons(surface: Surface, net: Net, scene: Scene, chosen: string, shown = 1): void {
  const { isRoomy } = surface;
  const { neurons: hidden } = scene;
  // What still moves cannot be pointed at.
  if (shown === 1) markKnobs(surface, net, scene, chosen);
  for (const id of neurons[0]) {
    const place = net.at(id);
    surface.disc(place, id, "ink", "paper", 9);
  }
  hidden.forEach((neuron, i) => {
    const isReached = shown >= (i < neurons[1].length ? 1 : 2) / 3;
    drawTile(surface, net, neuron, { isChosen: neuronOf(chosen) === neuron.id, isReached });
  });
  const heads = isRoomy ? ["square", "16 neurons a", "16 neurons b", "ink?"] : ["", "a", "b", "ink?"];
  heads.forEach((head, layer) => {
    const x = layer === 3 ? net.sheet.at[0] + net.sheet.side / 2 : net.at(neurons[layer][0])[0];
    const y = layer === 3 ? net.sheet.at[1] - 12 : layer === 0 ? net.at("x")[1] - 22 : 11;
    surface.text([x, y], head, "ink-2", { size: 12, halo: true });
  });
}

const shades = new WeakMap<Float32Array, Float32Array>();

/** What a neuron passes on as shades, from its lowest value to its highest. */
function shadesOf(values: Float32Array): Float32Array {
  const before = shades.get(values);
  if (before !== undefined) return before;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low;
  const shade = span === 0 ? new Float32Array(values.length) : values.map((value) => (value - low) / span);
  shades.set(values, shade);
  return shade;
}

const sheets = new WeakMap<Float32Array, { ink: readonly boolean[]; shade: Float32Array }>();

/** Answers as grey, and full ink where they are above one half. */
export function inkOf(answers: Float32Array, ink: readonly boolean[], grey: number): Float32Array {
  const before = sheets.get(answers);
  if (before?.ink === ink) return before.shade;
  const shade = answers.map((answer, i) => (ink[i] ? 1 : grey * answer));
  sheets.set(answers, { ink, shade });
  return shade;
}

function drawTile(
  surface: Surface,
  net: Net,
  { id, values, slope }: NeuronNumbers,
  { isChosen, isReached }: { isChosen: boolean; isReached: boolean },
): void {
  const [x, y] = net.at(id);
  const half = net.tile / 2;
  const box = boxAround([x, y], half);
  surface.area(box, "paper");
  if (isReached) {
    surface.ink([x - half, y - half], net.tile, shadesOf(values), "ink");
  }
  surface.path([...box, box[0]], isChosen ? "plus" : "edge", { width: isChosen ? 3 : 1 });
  if (surface.isRoomy && isChosen)
    surface.text([x, y + half + 9], id, "plus", { size: 12, bold: true, halo: true });
  surface.mark({ id, label: `${neuronName(id)}, mean slope ${decimal(slope)}`, at: [x, y], reach: half });
}

export function boxAround([x, y]: XY, half: number): XY[] {
  return [
    [x - half, y - half],
    [x + half, y - half],
    [x + half, y + half],
    [x - half, y + half],
  ];
}

/** What the network draws: answers as grey, and full ink where they are above one half. The goal is a pale outline. */
export function drawSheet(
  surface: Surface,
  { sheet }: Net,
  { goal }: Scene,
  drawn: { readonly answers: Float32Array; readonly ink: readonly boolean[] },
  words: string,
  shown = 1,
): void {
  const { at, side } = sheet;
  const box = boxAround([at[0] + side / 2, at[1] + side / 2], side / 2);
  surface.area(box, "paper");
  if (shown >= 1) {
    surface.ink(at, side, goal, "goal-tint");
    surface.ink(at, side, inkOf(drawn.answers, drawn.ink, 0.5), "attempt");
  }
  surface.path([...box, box[0]], "edge", { width: 1.5 });
  surface.text([at[0] + side / 2, at[1] + side + 13], words, "ink", { size: 12, bold: true, halo: true });
}

/** Chevrons from the right to the left along a line. */
export function chevrons(surface: Surface, [left, right]: readonly [XY, XY], length = 5): void {
  const long = distance(left, right);
  const angle = Math.atan2(left[1] - right[1], left[0] - right[0]);
  for (let way = 14; way < long - 6; way += 20) {
    const [x, y] = between(right, left, way / long);
    const arm = (turn: number): XY => [
      x + length * Math.cos(angle + turn),
      y + length * Math.sin(angle + turn),
    ];
    surface.path([arm(Math.PI - 0.8), [x, y], arm(Math.PI + 0.8)], "blame");
  }
}

/** Where a square is on a sheet. */
export function cellAt({ at, side }: Net["sheet"], square: number): XY {
  const cell = side / size;
  return [at[0] + ((square % size) + 0.5) * cell, at[1] + (Math.floor(square / size) + 0.5) * cell];
}

/** Makes every square of a sheet a mark. Tab stops at the chosen one. */
export function markSquares(
  surface: Surface,
  sheet: Net["sheet"],
  chosen: number,
  labelOf: (square: number) => string,
): void {
  const half = sheet.side / size / 2;
  for (let square = 0; square < size * size; square++) {
    const isQuiet = square !== chosen;
    const label = `The square in ${squareName(square, size)}: ${labelOf(square)}`;
    surface.mark({ id: `s${square}`, label, at: cellAt(sheet, square), reach: half, isQuiet });
  }
  const [x, y] = cellAt(sheet, chosen);
  const around = boxAround([x, y], half + 2);
  surface.path([...around, around[0]], "focus", { width: 2.5 });
}
