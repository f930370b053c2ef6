import { blameText } from "../../words/blame.js";
import { decimal, short, signed, squared } from "../../words/numbers.js";
import type { SumLine } from "../../words/sum.js";
import type { Scene } from "./scene.js";
import { pair, turnOf, valueOf } from "./words.js";

// Why a number is what it is, down to one multiplication. Every number is a knob, or comes from a line before.

/** How a stroke leads from one corner to the next. */
export function strokeSum({ attempt, start, knobs, piles }: Scene, stroke: number): SumLine[] {
  const from = stroke === 1 ? start : attempt.corners[stroke - 2];
  const to = attempt.corners[stroke - 1];
  const [direction, length] = [knobs[2 * stroke - 2], knobs[2 * stroke - 1]];
  const [cos, sin] = piles[stroke - 1].along;
  const l = decimal(length.now);
  const angle = valueOf("direction", direction.now);
  return [
    { name: stroke === 1 ? "the start" : `corner ${stroke - 1}`, steps: [`= ${pair(from)}`] },
    {
      name: "right",
      steps: [`+ ${l} × cos ${angle}`, `= ${l} × ${decimal(cos)}`, `= ${decimal(to[0] - from[0])}`],
    },
    {
      name: "up",
      steps: [`+ ${l} × sin ${angle}`, `= ${l} × ${decimal(sin)}`, `= ${decimal(to[1] - from[1])}`],
    },
    { name: `corner ${stroke}`, steps: [`= ${pair(to)}`], isResult: true },
  ];
}

/** How far a corner is from its goal, and what it adds to the mistake. */
export function missSum({ attempt, goal, squares }: Scene, corner: number): SumLine[] {
  const [[x, y], [goalX, goalY]] = [attempt.corners[corner - 1], goal[corner - 1]];
  const [right, up] = [goalX - x, goalY - y];
  return [
    { name: `to the goal of corner ${corner}`, steps: [`(${decimal(right)}, ${decimal(up)})`] },
    { name: "squared", steps: [`${squared(right)} + ${squared(up)}`, `= ${decimal(squares[corner - 1])}`] },
    { name: "mistake", steps: [`mean of ten: ${decimal(attempt.mistake, 5)}`], isResult: true },
  ];
}

/** How the complaints at a stroke become the blame of one of its knobs. */
export function blameSum({ knobs, piles }: Scene, id: string): SumLine[] {
  const knob = knobs[indexOf(id)];
  const { sum, along, across, alongPart, acrossPart, notes } = piles[knob.stroke - 1];
  const isLength = knob.kind === "length";
  const [way, part] = isLength ? [along, alongPart] : [across, acrossPart];
  const length = knobs[2 * knob.stroke - 1].now;
  const product = `${decimal(sum[0])} × ${decimal(way[0])} + ${decimal(sum[1])} × ${decimal(way[1])}`;
  const lines: SumLine[] = [
    { name: notes === 1 ? "1 note says" : `${notes} notes add up to`, steps: [pair(sum)] },
    { name: isLength ? "along the stroke" : "across the stroke", steps: [product, `= ${decimal(part)}`] },
  ];
  if (!isLength)
    lines.push({
      name: "× its length",
      steps: [`${decimal(part)} × ${decimal(length)}`, `= ${decimal(-knob.blame)}`],
    });
  const wish = isLength
    ? knob.blame < 0
      ? "be longer"
      : "be shorter"
    : knob.blame < 0
      ? "swing ↺"
      : "swing ↻";
  return [...lines, { name: `“${wish}”`, steps: [`→ blame ${blameText(knob.blame)}`], isResult: true }];
}

/** How the blame of a knob becomes its turn, and what the turn promises. */
export function turnSum({ knobs, step, learningRate, momentum }: Scene, id: string): SumLine[] {
  if (step === null) return [];
  const index = indexOf(id);
  const [knob, { turn, next, asked, carried, promise }] = [knobs[index], step.turns[index]];
  const unit = knob.kind === "length" ? "" : " radians";
  const lines: SumLine[] = [
    {
      name: "asked",
      steps: [
        "= −learning rate × blame",
        `= −${learningRate} × ${signed(knob.blame)}`,
        `= ${signed(asked)}${unit}`,
      ],
    },
  ];
  if (momentum > 0)
    lines.push({
      name: "carried on",
      steps: [`= ${momentum} × the last turn`, `= ${signed(carried)}${unit}`],
    });
  return [
    ...lines,
    {
      name: knob.kind,
      steps: [
        `= ${valueOf(knob.kind, knob.now)} ${turnOf(knob.kind, turn)}`,
        `= ${valueOf(knob.kind, next)}`,
      ],
    },
    {
      name: "promise",
      steps: [`= −(${signed(knob.blame)} × ${signed(turn)})`, `= ${short(promise)}`],
      isResult: true,
    },
  ];
}

/** The place of a knob in the list of all knobs. */
export function indexOf(id: string): number {
  return 2 * Number(id.slice(1)) - (id.startsWith("d") ? 2 : 1);
}

/** How many steps the walk back takes: with sums that are used again, one a stroke; without, each note walks by itself. */
export function stepsBack(strokes: number): { readonly with: number; readonly without: number } {
  return { with: strokes, without: (strokes * (strokes + 1)) / 2 };
}
