import {
  linkMark,
  neuronMark,
  neuronWords,
  linkWords,
  type NeuronName,
} from "../../../../playground/names.js";
import type { LinkName, LinkNumbers, PlayScene } from "../../../../playground/scene.js";
import { grid } from "../../../../playground/settings.js";
import { activationNames, numberAt } from "../../../../playground/words.js";
import { decimal, signed } from "../../../../words/numbers.js";
import { drawHeat, type Box } from "../../../canvas/heat.js";
import type { Surface, XY } from "../../../canvas/surface.js";
import type { StageId } from "../../../stages.js";

export interface NetView {
  readonly stage: StageId;
  /** The chosen neuron: its links can be pointed at. */
  readonly neuron: NeuronName;
  readonly link: LinkName | null;
  /** Whether blame is that of one point. */
  readonly isOnePoint: boolean;
}

interface Layout {
  /** The middle of a neuron, and half of its side. */
  readonly at: (neuron: NeuronName) => XY;
  readonly half: (layer: number) => number;
}

const top = 22;

function layoutOf({ width, height }: Surface, widths: readonly number[]): Layout {
  const room = height - top - 4;
  const pitch = Math.min(46, room / Math.max(...widths));
  const usual = Math.min(19, pitch / 2 - 2);
  const last = widths.length - 1;
  const outer = Math.min(30, 0.09 * width);
  const half = (layer: number): number => (layer === last ? outer : usual);
  const left = usual + 3;
  const right = width - outer - 6;
  return {
    half,
    at: ({ layer, neuron }) => [
      left + (layer * (right - left)) / last,
      top + room / 2 + (neuron - (widths[layer] + 1) / 2) * pitch,
    ],
  };
}

/** The network: every neuron shows what it says all over the plane, and every link is a weight. */
export function drawNet(surface: Surface, scene: PlayScene, view: NetView): void {
  const { layers } = scene;
  const widths = [2, ...layers.map(({ biases }) => biases.length)];
  const layout = layoutOf(surface, widths);
  drawLinks(surface, scene, view, layout);
  drawHeads(surface, scene, layout, widths);
  const names = widths.flatMap((width, layer) =>
    Array.from({ length: width }, (_, i): NeuronName => ({ layer, neuron: i + 1 })),
  );
  for (const name of names) drawNeuron(surface, scene, view, layout, name);
  for (const name of names) drawNumber(surface, scene, view, layout, name);
}

function drawHeads(surface: Surface, { layers }: PlayScene, { at }: Layout, widths: readonly number[]): void {
  widths.forEach((width, layer) => {
    const [x] = at({ layer, neuron: 1 });
    const name = activationNames[layers[Math.max(0, layer - 1)].activation];
    const words =
      layer === 0
        ? "in"
        : layer === layers.length
          ? "out"
          : widths.length > 5 || surface.width < 330
            ? `${width}`
            : `${width} ${name}`;
    surface.text([x, 9], words, "ink-2", { size: 12 });
  });
}

function drawNeuron(
  surface: Surface,
  scene: PlayScene,
  { neuron: chosen }: NetView,
  { at, half }: Layout,
  name: NeuronName,
): void {
  const { layers, pass } = scene;
  const { layer, neuron } = name;
  const [x, y] = at(name);
  const side = half(layer);
  const box: Box = [x - side, y - side, 2 * side, 2 * side];
  const isOut = layer === layers.length;
  const values =
    layer === 0 ? scene.inputs[neuron - 1] : isOut ? scene.surface : layers[layer - 1].pictures[neuron - 1];
  const largest = layer === 0 ? scene.view : isOut ? 1 : layers[layer - 1].largest;
  drawHeat(surface, box, { values, grid, largest }, 0.85);
  const isChosen = chosen.layer === layer && chosen.neuron === neuron;
  const corners: XY[] = [[x - side, y - side], [x + side, y - side], [x + side, y + side], [x - side, y + side]]; // prettier-ignore
  surface.path([...corners, corners[0]], isChosen ? "ink" : "edge", { width: isChosen ? 3 : 1 });

  const value = layer === 0 ? null : pass.layers[layer - 1].a[neuron - 1];
  surface.mark({
    id: neuronMark(name),
    label: `${capital(neuronWords(name, layers.length))}${value === null ? "" : isOut ? `: blue ${decimal(scene.points[pass.point].blue)}` : ` says ${decimal(value)}`}`,
    at: [x, y],
    reach: side,
  });
}

/** The number that belongs to a neuron in a stage, at its right side, where its links begin. */
function drawNumber(
  surface: Surface,
  scene: PlayScene,
  { stage, isOnePoint }: NetView,
  { at, half }: Layout,
  name: NeuronName,
): void {
  const [x, y] = at(name);
  const side = half(name.layer);
  const isOut = name.layer === scene.layers.length;
  const words = numberBeside(scene, stage, name, isOnePoint);
  if (words !== null) {
    const color = stage === "blame" ? "blame" : stage === "mistake" ? "mistake" : "ink";
    const place: XY = isOut ? [x, y + side + 10] : [x + side + 3, y];
    surface.text(place, words, color, { size: 12, bold: true, align: isOut ? "center" : "left", halo: true });
  }
}

/** The number that belongs to a neuron in a stage. */
function numberBeside(
  { layers, pass, points }: PlayScene,
  stage: StageId,
  { layer, neuron }: NeuronName,
  isOnePoint: boolean,
): string | null {
  const isOut = layer === layers.length;
  if (stage === "attempt") {
    const { x, y } = points[pass.point];
    if (layer === 0) return decimal(neuron === 1 ? x : y, 2);
    return isOut ? decimal(points[pass.point].blue, 2) : decimal(pass.layers[layer - 1].a[neuron - 1], 2);
  }
  if (stage === "mistake") return isOut ? decimal(points[pass.point].surprise, 2) : null;
  if (stage !== "blame" || layer === 0 || isOut) return null;
  const factor = isOnePoint
    ? pass.layers[layer - 1].factor[neuron - 1]
    : layers[layer - 1].factors[neuron - 1];
  return Math.abs(factor) < 0.1 ? `× ${factorText(factor)}` : null;
}

function factorText(factor: number): string {
  if (factor === 0) return "0";
  return Math.abs(factor) < 0.0005 ? factor.toExponential(0) : decimal(factor, 3);
}

function drawLinks(surface: Surface, scene: PlayScene, view: NetView, { at, half }: Layout): void {
  const { layers, pass, step } = scene;
  const { stage, neuron: chosen, link: chosenLink } = view;
  const all = namesOf(layers);
  const largest = largestIn(layers);
  const blames: readonly LinkNumbers[] = view.isOnePoint ? pass.blame : layers.map(({ blame }) => blame);
  const ends = (name: LinkName): readonly [XY, XY] => {
    const from = { layer: name.layer, neuron: name.from + 1 };
    const to = { layer: name.layer + 1, neuron: name.neuron + 1 };
    const [[x1, y1], [x2, y2]] = [at(from), at(to)];
    return [
      [x1 + half(from.layer), y1],
      [x2 - half(to.layer), y2],
    ];
  };
  if (stage === "blame") drawHalos(surface, all, blames, ends);
  const isFaint = stage === "goal" || stage === "mistake" || stage === "again";
  for (const name of all) {
    const weight = numberAt(layers, name);
    const turn = step === null ? 0 : numberAt(step.turns, name);
    const width = widthOf(weight, largest);
    if (stage === "adjust") surface.path(ends(name), "ghost", { width: width + 1.5, opacity: 0.45 });
    const now = stage === "adjust" ? widthOf(weight + turn, largest) : width;
    const plus = weight >= 0;
    surface.path(ends(name), plus ? "plus" : "minus", {
      width: now,
      opacity: isFaint ? 0.4 : stage === "blame" ? 0.3 : 0.75,
      ...(plus ? {} : { dash: [5, 3] }),
    });
  }
  if (stage === "adjust" && step !== null) drawGlyphs(surface, all, step.turns, ends, "turns");
  if (stage === "again" && step !== null) drawGlyphs(surface, all, step.paid, ends, "paid");
  // The links into the chosen neuron can be reached by keys, all others by pointing.
  for (const name of all) {
    const [from, to] = ends(name);
    const isOwn = name.layer + 1 === chosen.layer && name.neuron + 1 === chosen.neuron;
    if (chosenLink !== null && linkMark(name) === linkMark(chosenLink))
      surface.path([from, to], "focus", { width: 9, opacity: 0.35 });
    surface.mark({
      id: linkMark(name),
      label: `${capital(linkWords(name, layers.length))}: weight ${decimal(numberAt(layers, name))}, blame ${signed(numberAt(blames, name), 4)}`,
      at: from,
      to,
      reach: 2,
      isQuiet: !isOwn,
    });
  }
}

/** Blame: wide halos, with chevrons from right to left on the widest. */
function drawHalos(
  surface: Surface,
  all: readonly LinkName[],
  blames: readonly LinkNumbers[],
  ends: (name: LinkName) => readonly [XY, XY],
): void {
  const largest = largestIn(blames);
  if (largest === 0) return;
  const wide = (name: LinkName): number => 16 * (Math.abs(numberAt(blames, name)) / largest) ** 0.6;
  const ranked = [...all].sort((a, b) => wide(b) - wide(a));
  for (const name of ranked)
    if (wide(name) > 3) surface.path(ends(name), "blame", { width: wide(name), opacity: 0.34, cap: "butt" });
  for (const name of ranked.slice(0, 9)) {
    if (wide(name) < 4) continue;
    const [[x1, y1], [x2, y2]] = ends(name);
    const angle = Math.atan2(y1 - y2, x1 - x2);
    for (const part of [0.3, 0.62])
      chevron(
        surface,
        [x1 + part * (x2 - x1), y1 + part * (y2 - y1)],
        angle,
        Math.min(7, 3 + wide(name) / 3),
      );
  }
}

function chevron(surface: Surface, [x, y]: XY, angle: number, size: number): void {
  const wing = (turn: number): XY => [x + size * Math.cos(angle + turn), y + size * Math.sin(angle + turn)];
  surface.path(
    [wing(2.4), [x + 0.3 * size * Math.cos(angle), y + 0.3 * size * Math.sin(angle)], wing(-2.4)],
    "blame",
    { width: 2.2 },
  );
}

/** ▲ and ▼ on the links that were turned, or that paid, most. */
function drawGlyphs(
  surface: Surface,
  all: readonly LinkName[],
  numbers: readonly LinkNumbers[],
  ends: (name: LinkName) => readonly [XY, XY],
  kind: "turns" | "paid",
): void {
  const largest = largestIn(numbers);
  if (largest === 0) return;
  const ranked = [...all]
    .sort((a, b) => Math.abs(numberAt(numbers, b)) - Math.abs(numberAt(numbers, a)))
    .slice(0, kind === "paid" ? 16 : 10);
  ranked.forEach((name, i) => {
    const value = numberAt(numbers, name);
    const [[x1, y1], [x2, y2]] = ends(name);
    // Links cross in the middle, so that the glyphs stand at different places.
    const part = 0.25 + 0.5 * ((i * 0.381966) % 1);
    const size = 5 + 6 * Math.sqrt(Math.abs(value) / largest);
    const color = kind === "turns" ? "plus" : value > 0 ? "paid-helped" : "paid-hurt";
    const [x, y] = [x1 + part * (x2 - x1), y1 + part * (y2 - y1)];
    const up = value > 0 ? -1 : 1;
    surface.area([[x, y + up * size], [x - size, y - up * size * 0.7], [x + size, y - up * size * 0.7]], color, { edge: "surface", width: 1.2 }); // prettier-ignore
  });
}

function namesOf(layers: readonly LinkNumbers[]): LinkName[] {
  return layers.flatMap(({ weights }, layer) =>
    weights.flatMap((row, neuron) => row.map((_, from) => ({ layer, neuron, from }))),
  );
}

function largestIn(layers: readonly LinkNumbers[]): number {
  return Math.max(0, ...layers.flatMap(({ weights }) => weights.flatMap((row) => row.map(Math.abs))));
}

function widthOf(weight: number, largest: number): number {
  return 0.6 + (largest === 0 ? 0 : 3.2 * Math.sqrt(Math.abs(weight) / largest));
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
