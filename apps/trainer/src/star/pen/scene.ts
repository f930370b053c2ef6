import { grad } from "@stargrad/autograd";
import { proveIt, type Proof, type StepExplanation } from "@stargrad/explain";
import { tensor, type Tensor } from "@stargrad/tensor";

import { hexOf, measuredPath, type Path } from "../path.js";
import { adjustmentOf, type Try } from "./lesson.js";
import { type PenTraining, type Attempt, type Point, worstOf } from "./training.js";
import { tolerance, wiggle } from "./sizes.js";

// Everything a picture of one try shows, as plain numbers that travel between threads. All of them come from the library.

/** A knob of a try. Directions are in radians, lengths in the units of the drawing. */
export interface KnobNumbers {
  /** `d3` for the direction of stroke 3, `l3` for its length. */
  readonly id: string;
  readonly kind: "direction" | "length";
  /** Counted from 1. */
  readonly stroke: number;
  readonly now: number;
  /** ∂L/∂knob */
  readonly blame: number;
}

/** What one step did to a knob. */
export interface Turn {
  readonly turn: number;
  readonly next: number;
  /** −learning rate × blame: the part of the turn that this try asks for. */
  readonly asked: number;
  /** The part of the turn that momentum carries on from earlier tries. */
  readonly carried: number;
  readonly promise: number;
  readonly paid: number;
}

/** The complaints that reach a stroke: the sum of the notes of its corner and of all later ones. */
export interface Pile {
  readonly sum: Point;
  readonly size: number;
  /** The directions along the stroke and across it, to its left. */
  readonly along: Point;
  readonly across: Point;
  /** The sum, split: sum = alongPart · along + acrossPart · across. */
  readonly alongPart: number;
  readonly acrossPart: number;
  /** How many notes are in the pile. */
  readonly notes: number;
}

export interface Scene extends Try {
  readonly learningRate: number;
  readonly momentum: number;
  readonly goal: readonly Point[];
  readonly start: Point;
  /** The squared distance of each corner from its goal. */
  readonly squares: readonly number[];
  /** The mean of the misses, as a fraction of the star's size. */
  readonly averageMiss: number;
  /** The index of the corner that misses most. */
  readonly worst: number;
  /** Direction and length of stroke 1, of stroke 2, … */
  readonly knobs: readonly KnobNumbers[];
  /** The note of each corner, −∂L/∂corner: where the mistake wants it to go. */
  readonly notes: readonly Point[];
  readonly piles: readonly Pile[];
  /** Null if the attempt is perfect, or if the step after it diverged. */
  readonly step: StepNumbers | null;
}

export interface StepNumbers {
  /** In the order of the knobs. */
  readonly turns: readonly Turn[];
  /** The attempt after the step. */
  readonly after: Attempt;
  /** How many gradients the explanation took. */
  readonly gradients: number;
  /** How many corners came nearer to their goals. */
  readonly nearer: number;
  /** The bytes of all knobs after the step, as hexadecimal digits: a replay must have the same. */
  readonly fingerprint: string;
}

/** The numbers of the try that begins in the present state. Afterwards the training is in the next state. */
export async function sceneOf(
  training: PenTraining,
  { number, learningRate, momentum }: { number: number; learningRate: number; momentum: number },
): Promise<Scene> {
  const { pen } = training;
  const [attempt, start, directions, lengths] = await Promise.all([
    training.attempt(number),
    pen.start.toArray() as Promise<Point>,
    numbersOf(pen.directions),
    numbersOf(pen.lengths),
  ]);
  const corners = pen.forward().detach();
  const [goal, notes, sums, blames] = await Promise.all([
    training.goal.toArray() as Promise<Point[]>,
    negated(grad(training.mistakeOf)(corners)),
    negated(sumsOfNotes(training)),
    blamesOf(training, { directions: pen.directions.detach(), lengths: pen.lengths.detach() }),
  ]);
  const knobs = directions.flatMap((direction, i): KnobNumbers[] => [
    { id: `d${i + 1}`, kind: "direction", stroke: i + 1, now: direction, blame: blames.directions[i] },
    { id: `l${i + 1}`, kind: "length", stroke: i + 1, now: lengths[i], blame: blames.lengths[i] },
  ]);
  const told = {
    number,
    attempt,
    learningRate,
    momentum,
    goal,
    start,
    squares: attempt.corners.map(([x, y], i) => (x - goal[i][0]) ** 2 + (y - goal[i][1]) ** 2),
    averageMiss: attempt.misses.reduce((sum, miss) => sum + miss, 0) / attempt.misses.length,
    worst: attempt.misses.indexOf(worstOf(attempt)),
    knobs,
    notes,
    piles: sums.map((sum, i) => pileOf(sum, directions[i], sums.length - i)),
  };
  if (worstOf(attempt) <= tolerance) return { ...told, adjustment: null, step: null };
  const explanation = await training.explain(number);
  const after = await training.attempt(number + 1).catch(() => null);
  const step = after === null ? null : await stepOf(explanation, told, after, training);
  return { ...told, adjustment: adjustmentOf(explanation), step };
}

async function stepOf(
  explanation: StepExplanation,
  { knobs, attempt, learningRate }: Pick<Scene, "knobs" | "attempt" | "learningRate">,
  after: Attempt,
  training: PenTraining,
): Promise<StepNumbers> {
  const turns = knobs.map(({ kind, stroke, now }): Turn => {
    const { blame, change, promise, paid } = explanation.weight(parameterOf(kind), [stroke - 1]);
    const asked = -learningRate * blame;
    return { turn: change, next: now + change, asked, carried: change - asked, promise, paid };
  });
  const nearer = after.misses.filter((miss, i) => miss < attempt.misses[i]).length;
  return { turns, after, gradients: explanation.gradients, nearer, fingerprint: await fingerprint(training) };
}

export function parameterOf(kind: KnobNumbers["kind"]): "directions" | "lengths" {
  return kind === "direction" ? "directions" : "lengths";
}

/** All knobs of the pen, bit for bit. */
export async function fingerprint({ pen }: PenTraining): Promise<string> {
  return hexOf(await Promise.all([pen.directions.data(), pen.lengths.data()]));
}

async function numbersOf(x: Tensor): Promise<number[]> {
  return [...(await x.data())];
}

async function negated(x: Tensor): Promise<Point[]> {
  return (await x.neg().toArray()) as Point[];
}

/** The derivative of the mistake for the displacement that each stroke makes. */
function sumsOfNotes({ pen, mistakeOf }: PenTraining): Tensor {
  return grad((moves: Tensor) => mistakeOf(pen.start.add(moves.cumsum({ axis: 0 }))))(pen.moves().detach());
}

type Knobs<Values> = Record<"directions" | "lengths", Values>;

/** The derivative of the mistake for all knobs, at any values of the knobs. */
async function blamesOf({ pen, mistakeOf }: PenTraining, knobs: Knobs<Tensor>): Promise<Knobs<number[]>> {
  const blame = grad((at: Knobs<Tensor>) => mistakeOf(pen.drawn(at.directions, at.lengths)))(knobs);
  const [d, l] = await Promise.all([numbersOf(blame.directions), numbersOf(blame.lengths)]);
  return { directions: d, lengths: l };
}

function pileOf(sum: Point, direction: number, notes: number): Pile {
  const along: Point = [Math.cos(direction), Math.sin(direction)];
  const across: Point = [-along[1], along[0]];
  const dot = ([x, y]: Point): number => sum[0] * x + sum[1] * y;
  return {
    sum,
    size: Math.hypot(...sum),
    along,
    across,
    alongPart: dot(along),
    acrossPart: dot(across),
    notes,
  };
}

/** Measurements around a knob, and its blame. */
export interface KnobProof extends Proof {
  readonly id: string;
}

/** Wiggles a knob both ways and measures the slope. */
export async function proofOf(training: PenTraining, knob: KnobNumbers): Promise<KnobProof> {
  const parameter = training.pen[parameterOf(knob.kind)];
  const proof = await proveIt(parameter, [knob.stroke - 1], { loss: training.loss, wiggle });
  return { id: knob.id, ...proof };
}

/** The attempt with one knob turned. */
export async function wiggled(training: PenTraining, id: string, by: number): Promise<Attempt> {
  const { pen } = training;
  const parameter = pen[id.startsWith("d") ? "directions" : "lengths"];
  const original = parameter.detach();
  const values = Float32Array.from(await parameter.data());
  values[Number(id.slice(1)) - 1] += by;
  parameter.assign(tensor(values));
  try {
    return await training.attempt(1);
  } finally {
    parameter.assign(original);
  }
}

export async function pathOf(training: PenTraining, { knobs, step }: Scene): Promise<Path> {
  if (step === null) throw new Error("A try without a step has no path");
  const { pen, mistakeOf } = training;
  return measuredPath(step.turns, async (part) => {
    const values = (kind: KnobNumbers["kind"]): Tensor =>
      tensor(knobs.flatMap((knob, k) => (knob.kind === kind ? [knob.now + part * step.turns[k].turn] : [])));
    const at = { directions: values("direction"), lengths: values("length") };
    const blames = await blamesOf(training, at);
    return {
      mistake: await mistakeOf(pen.drawn(at.directions, at.lengths)).item(),
      blames: knobs.map(({ kind, stroke }) => blames[parameterOf(kind)][stroke - 1]),
    };
  });
}
