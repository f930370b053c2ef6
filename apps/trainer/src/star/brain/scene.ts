import { assignAll, grad } from "@stargrad/autograd";
import { proveIt, type Proof, type StepExplanation } from "@stargrad/explain";
import { tensor, type Tensor } from "@stargrad/tensor";

import { creditOf } from "../credit.js";
import { hexOf, measuredPath, type Path } from "../path.js";
import { passed } from "./brain.js";
import type { Try } from "./lesson.js";
import { indexOf, knobPlaces, neurons, wiggle, type BrainSettings, type KnobPlace } from "./sizes.js";
import { goal, pixelAt, x, y, type Attempt, type BrainTraining } from "./training.js";

// Everything a picture of one try shows, as plain numbers that travel between threads. All of them come from the library.

/** A knob of a try. */
export interface KnobNumbers extends KnobPlace {
  readonly now: number;
  /** ∂L/∂knob */
  readonly blame: number;
}

/** What one step did to a knob. */
export interface Turn {
  readonly turn: number;
  readonly next: number;
  readonly promise: number;
  readonly paid: number;
}

/** A hidden neuron, as it answers all squares. */
export interface NeuronNumbers {
  readonly id: string;
  /** What it passes on for each square. */
  readonly values: Float32Array;
  /** The mean slope of its bend: the factor by which complaints pass it on their way back. */
  readonly slope: number;
}

/** Why learning stops: a factor that is 0, or nearly so, on the way back. */
export interface Stop {
  /** `slope`: the neurons are at the end of their bend; `dead`: they pass nothing; `weights`: what leads on is zero. */
  readonly kind: "slope" | "dead" | "weights";
  /** The layer whose neurons hold the complaints up: 1 or 2. */
  readonly layer: number;
  /** The mean factor on the way. */
  readonly factor: number;
}

/** How the answers for one kind of squares are spread: how many are in each of 24 bins. */
export interface Spread {
  readonly low: number;
  readonly high: number;
  readonly ink: readonly number[];
  readonly paper: readonly number[];
}

export interface LayerCredit {
  readonly name: string;
  readonly knobs: number;
  readonly promise: number;
  readonly paid: number;
  readonly helped: number;
}

export interface Scene extends Try {
  readonly settings: BrainSettings;
  /** For each square 1 for ink, 0 for paper. */
  readonly goal: Uint8Array;
  /** How many squares of the goal have ink. */
  readonly inked: number;
  readonly answers: Float32Array;
  /** The mean answer for squares that should have ink, and for those that should not. */
  readonly means: { readonly ink: number; readonly paper: number };
  readonly spread: Spread;
  /** The best answer that is the same for every square, and the mistake that it makes. */
  readonly constant: { readonly answer: number; readonly mistake: number };
  /** Squares without ink that should have some, and the other way round. */
  readonly missing: number;
  readonly extra: number;
  /** The square that is most wrong. */
  readonly worst: number;
  readonly neurons: readonly NeuronNumbers[];
  /** The mean slope of the bends of each hidden layer. */
  readonly slopes: readonly [number, number];
  readonly knobs: readonly KnobNumbers[];
  readonly mostBlamed: string;
  readonly stop: Stop | null;
  /** Null if the attempt is good enough, or if the step after it diverged. */
  readonly step: StepNumbers | null;
}

export interface StepNumbers {
  /** In the order of the knobs. */
  readonly turns: readonly Turn[];
  /** The attempt after the step, and its answers. */
  readonly after: Attempt;
  readonly answers: Float32Array;
  /** What the knobs into each neuron paid together, in the order of the neurons after the coordinates. */
  readonly paidInto: readonly number[];
  readonly layers: readonly LayerCredit[];
  /** How many gradients the explanation took. */
  readonly gradients: number;
  /** How many squares became right, and how many became wrong. */
  readonly better: number;
  readonly worse: number;
  /** The bytes of all knobs after the step, as hexadecimal digits: a replay must have the same. */
  readonly fingerprint: string;
}

/** The numbers of the try that begins in the present state. Afterwards the training is in the next state. */
export async function sceneOf(
  training: BrainTraining,
  settings: BrainSettings,
  number: number,
): Promise<Scene> {
  const { model } = training;
  const { attempt, answers } = await training.answer(number);
  const way = passed(model, x);
  const [values, slopes, now, blames] = await Promise.all([
    Promise.all(way.values.map((layer) => columnsOf(layer))),
    Promise.all(way.sums.map((sums) => slopesOf(model.layers[1], sums))),
    Promise.all(model.parameters().map((parameter) => parameter.data())),
    training.blames(),
  ]);
  const flat = now.flatMap((block) => [...block]);
  const knobs = knobPlaces.map((place, i): KnobNumbers => ({ ...place, now: flat[i], blame: blames[i] }));
  const errors = Array.from(answers, (answer, i) => Math.abs(answer - Number(goal[i])));
  const layerSlopes = slopes.map(mean) as [number, number];
  const told = {
    number,
    attempt,
    settings,
    goal: Uint8Array.from(goal, Number),
    inked: goal.filter(Boolean).length,
    answers,
    means: { ink: mean(answers.filter((_, i) => goal[i])), paper: mean(answers.filter((_, i) => !goal[i])) },
    spread: spreadOf(answers),
    constant: await constantAnswer(),
    missing: attempt.ink.filter((ink, i) => !ink && goal[i]).length,
    extra: attempt.ink.filter((ink, i) => ink && !goal[i]).length,
    worst: errors.indexOf(Math.max(...errors)),
    neurons: [1, 2].flatMap((layer) =>
      neurons[layer].map((id, i) => ({ id, values: values[layer - 1][i], slope: slopes[layer - 1][i] })),
    ),
    slopes: layerSlopes,
    knobs,
    mostBlamed: knobs[indexOfLargest(blames)].id,
    stop: stopOf(knobs, layerSlopes, settings),
  };
  if (training.isGood(attempt)) return { ...told, adjustment: null, step: null };
  const explanation = await training.explain(number);
  const after = await training.answer(number + 1).catch(() => null);
  const step = after === null ? null : await stepOf(explanation, told, after, training);
  return { ...told, adjustment: creditOf(explanation), step };
}

async function stepOf(
  explanation: StepExplanation,
  { knobs, attempt }: Pick<Scene, "knobs" | "attempt">,
  { attempt: after, answers }: { attempt: Attempt; answers: Float32Array },
  { model }: BrainTraining,
): Promise<StepNumbers> {
  const credits = [...explanation.parameters.values()];
  const all = (what: "change" | "promise" | "paid"): number[] =>
    credits.flatMap((credit) => [...credit[what]]);
  const [changes, promises, paids] = [all("change"), all("promise"), all("paid")];
  const turns = knobs.map(({ now }, i): Turn => ({
    turn: changes[i],
    next: now + changes[i],
    promise: promises[i],
    paid: paids[i],
  }));
  const layers = [...explanation.byLayer().values()].map(({ promise, paid }, i): LayerCredit => {
    const own = turns.filter((_, k) => knobs[k].layer === i + 1);
    return {
      name: layerNames[i],
      knobs: own.length,
      promise,
      paid,
      helped: own.filter((turn) => turn.paid > 0).length,
    };
  });
  const isRight = ({ ink }: Attempt, i: number): boolean => ink[i] === goal[i];
  return {
    turns,
    after,
    answers,
    paidInto: [...explanation.byLayer().keys()].flatMap((layer) =>
      explanation.byUnit(layer).map(({ paid }) => paid),
    ),
    layers,
    gradients: explanation.gradients,
    better: goal.filter((_, i) => !isRight(attempt, i) && isRight(after, i)).length,
    worse: goal.filter((_, i) => isRight(attempt, i) && !isRight(after, i)).length,
    fingerprint: await fingerprint({ model }),
  };
}

const layerNames = ["into a", "into b", "into ink"];

/** All knobs, bit for bit. */
export async function fingerprint({ model }: Pick<BrainTraining, "model">): Promise<string> {
  return hexOf(await Promise.all(model.parameters().map((parameter) => parameter.data())));
}

/** The mean slope of the bend of each neuron of a layer, over all squares. */
async function slopesOf(bend: { forward(x: Tensor): Tensor }, sums: Tensor): Promise<number[]> {
  const slope = grad((z: Tensor) => bend.forward(z).sum())(sums.detach());
  return [...(await slope.mean({ axis: 0 }).data())];
}

/** For each column of a matrix its values. */
async function columnsOf(matrix: Tensor): Promise<Float32Array[]> {
  const [rows, columns] = matrix.shape;
  const data = await matrix.data();
  return Array.from({ length: columns }, (_, column) =>
    Float32Array.from({ length: rows }, (_, row) => data[row * columns + column]),
  );
}

const bins = 24;

function spreadOf(answers: Float32Array): Spread {
  const low = Math.min(-0.25, ...answers);
  const high = Math.max(1.25, ...answers);
  const count = (isInk: boolean): number[] => {
    const counts = Array<number>(bins).fill(0);
    answers.forEach((answer, i) => {
      if (goal[i] === isInk) counts[Math.min(bins - 1, Math.floor((bins * (answer - low)) / (high - low)))]++;
    });
    return counts;
  };
  return { low, high, ink: count(true), paper: count(false) };
}

/** Whoever answers the same for every square does best with the mean of the goal. */
async function constantAnswer(): Promise<Scene["constant"]> {
  const answer = y.mean();
  const mistake = y.sub(answer).square().mean();
  return { answer: await answer.item(), mistake: await mistake.item() };
}

/** Below this mean slope, next to nothing of a complaint gets through. */
const flat = 0.02;

function stopOf(
  knobs: readonly KnobNumbers[],
  slopes: readonly [number, number],
  { activation }: BrainSettings,
): Stop | null {
  // Complaints come from the ink: what is nearer to it is met first.
  for (const layer of [2, 1] as const) {
    const out = knobs.filter((knob) => knob.layer === layer + 1 && knob.from !== null);
    const weight = mean(out.map(({ now }) => Math.abs(now)));
    if (weight === 0) return { kind: "weights", layer, factor: 0 };
    const slope = slopes[layer - 1];
    if (slope < flat)
      return { kind: activation === "relu" && slope === 0 ? "dead" : "slope", layer, factor: slope };
  }
  return null;
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function indexOfLargest(values: readonly number[]): number {
  const sizes = values.map(Math.abs);
  return sizes.indexOf(Math.max(...sizes));
}

/** What one square says: its way forward, and its complaint on the way back. */
export interface Trace {
  readonly square: number;
  readonly coordinates: readonly [x: number, y: number];
  readonly answer: number;
  readonly target: number;
  /** 2 (answer − target): the slope of the square's own mistake, which walks back. */
  readonly complaint: number;
  /** For each hidden neuron: what it adds up, what it passes on, the slope of its bend there, and the complaint that reaches it. */
  readonly hidden: readonly {
    readonly id: string;
    readonly sum: number;
    readonly value: number;
    readonly slope: number;
    /** ∂(the square's mistake)/∂(what the neuron passes on). */
    readonly arrives: number;
    /** The same times the slope: ∂(the square's mistake)/∂(what the neuron adds up). */
    readonly complaint: number;
  }[];
}

/** Follows one square through the network and back. */
export async function traceOf({ model }: BrainTraining, square: number): Promise<Trace> {
  const [, bend, second, , last] = model.layers;
  const { x: input, y: target } = pixelAt(square);
  const mistakeOf = (answer: Tensor): Tensor => answer.sub(target).square().sum();
  const fromB = (value: Tensor): Tensor => mistakeOf(last.forward(value));
  const fromA = (value: Tensor): Tensor => fromB(bend.forward(second.forward(value)));
  const { sums, values, answers } = passed(model, input);
  const layers = await Promise.all(
    [fromA, fromB].map(async (onwards, i) => {
      const [sum, value] = [sums[i].detach(), values[i].detach()];
      const numbers = await Promise.all(
        [
          sum,
          value,
          grad((z: Tensor) => bend.forward(z).sum())(sum),
          grad(onwards)(value),
          grad((z: Tensor) => onwards(bend.forward(z)))(sum),
        ].map((each) => each.data()),
      );
      return neurons[i + 1].map((id, k) => {
        const [s, v, slope, arrives, complaint] = numbers.map((data) => data[k]);
        return { id, sum: s, value: v, slope, arrives, complaint };
      });
    }),
  );
  return {
    square,
    coordinates: [...(await input.data())] as [number, number],
    answer: await answers.item(),
    target: await target.item(),
    complaint: await grad(mistakeOf)(answers.detach()).item(),
    hidden: layers.flat(),
  };
}

/** Measurements around a knob, and its blame. */
export interface KnobProof extends Proof {
  readonly id: string;
}

/** Wiggles a knob both ways and measures the slope. */
export async function proofOf({ model, loss }: BrainTraining, id: string): Promise<KnobProof> {
  const { layer, to, from } = knobPlaces[indexOf(id)];
  const { weight, bias } = [model.layers[0], model.layers[2], model.layers[4]][layer - 1];
  const proof =
    from === null && bias !== null
      ? await proveIt(bias, [to], { loss, wiggle })
      : await proveIt(weight, [to, from ?? 0], { loss, wiggle });
  return { id, ...proof };
}

/** The attempt with one knob turned. */
export async function wiggled(training: BrainTraining, id: string, by: number): Promise<Attempt> {
  const before = training.state();
  const values = await valuesOf(training);
  values[indexOf(id)] += by;
  assign(training, values);
  try {
    return await training.attempt(1);
  } finally {
    training.restore(before);
  }
}

export async function pathOf(training: BrainTraining, { knobs, step }: Scene): Promise<Path> {
  if (step === null) throw new Error("A try without a step has no path");
  return measuredPath(step.turns, async (part) => {
    assign(
      training,
      knobs.map(({ now }, k) => now + part * step.turns[k].turn),
    );
    return { mistake: await training.loss().item(), blames: await training.blames() };
  });
}

async function valuesOf({ model }: BrainTraining): Promise<number[]> {
  const blocks = await Promise.all(model.parameters().map((parameter) => parameter.data()));
  return blocks.flatMap((block) => [...block]);
}

/** Sets all knobs, in the order of the knobs. */
function assign({ model }: BrainTraining, values: readonly number[]): void {
  let at = 0;
  assignAll(
    model.parameters().map((parameter) => {
      const { shape, size } = parameter;
      return [parameter, tensor(values.slice(at, (at += size)), { shape })];
    }),
  );
}
