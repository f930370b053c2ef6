import { starCorners, starSize, wobblyStart } from "@stargrad/datasets";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { SGD } from "@stargrad/optim";
import { ArgumentError, StargradError, type Tensor } from "@stargrad/tensor";

import type { Point } from "../../terminal/braille-canvas.js";
import { percent } from "../../terminal/text.js";
import { creditOf, type Credit } from "../credit.js";
import { Pen } from "./pen.js";

export interface LessonOptions {
  /** The seed of the wobbly start. */
  readonly seed: number;
  /** The maximum number of tries. */
  readonly tries: number;
  readonly learningRate: number;
  readonly momentum: number;
}

/** The drawing of the pen, and its distance from the goal. */
export interface Attempt {
  readonly corners: readonly Point[];
  /** The distance of each corner from its goal, as a fraction of the star's size. */
  readonly misses: readonly number[];
  /** The loss: the mean squared distance of the corners from their goals, in the units of the drawing. */
  readonly mistake: number;
}

/** One parameter of the pen, its gradient and its step. */
export interface Knob {
  readonly kind: "direction" | "length";
  /** Counted from 1. */
  readonly stroke: number;
  /** The gradient of the loss, per radian or per unit of the drawing. */
  readonly blame: number;
  /** The change of the parameter in this step, in the same units. */
  readonly turn: number;
}

export interface Adjustment extends Credit {
  readonly mostBlamed: Knob;
}

export interface Try {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  /** The step after the attempt; null if the attempt is perfect. */
  readonly adjustment: Adjustment | null;
}

/** In a perfect star, every corner is within 2 % of the star's size. */
export const tolerance = 0.02;

/** If a corner misses by more than this many times the star's size, the training has diverged. */
const flownOff = 1000;

export const goal = starCorners();

/**
 * Trains a pen to draw the star. Yields one try after the other; the last one is perfect.
 *
 * Throws: StargradError if no try is perfect, or if the steps are so long that the training diverges
 */
export async function* lesson({ seed, tries, learningRate, momentum }: LessonOptions): AsyncGenerator<Try> {
  const pen = new Pen(wobblyStart({ seed }));
  const optimizer = new SGD(pen.parameters(), { learningRate, momentum });
  let worst = Infinity;

  for (let number = 1; number <= tries; number++) {
    const corners = pen.forward();
    const mistake = mistakeOf(corners);
    const attempt = await readAttempt(corners, mistake);
    worst = Math.max(...attempt.misses);
    if (!(worst < flownOff)) throw divergedError(number, learningRate);
    if (worst <= tolerance) {
      yield { number, attempt, adjustment: null };
      return;
    }

    const explanation = await adjust(pen, optimizer).catch((error: unknown) => {
      throw error instanceof ArgumentError ? divergedError(number, learningRate) : error;
    });
    yield {
      number,
      attempt,
      adjustment: { mostBlamed: mostBlamed(explanation), ...creditOf(explanation) },
    };
  }
  throw outOfTriesError(tries, worst);
}

function mistakeOf(corners: Tensor): Tensor {
  return corners.sub(goal).square().sum({ axis: 1 }).mean();
}

async function readAttempt(corners: Tensor, mistake: Tensor): Promise<Attempt> {
  const misses = corners.sub(goal).norm({ axis: 1 }).div(starSize);
  return {
    corners: (await corners.toArray()) as Point[],
    misses: [...(await misses.data())],
    mistake: await mistake.item(),
  };
}

/** Makes one step and explains it. Throws: ArgumentError if the step is so long that the loss is not finite */
function adjust(pen: Pen, optimizer: SGD): Promise<StepExplanation> {
  return explainStep({
    parameters: pen.namedParameters(),
    loss: () => mistakeOf(pen.forward()),
    step: () => {
      optimizer.step();
    },
  });
}

function mostBlamed(explanation: StepExplanation): Knob {
  const [{ parameter, index, blame, change }] = explanation.largest(1, "blame");
  return {
    kind: parameter === "directions" ? "direction" : "length",
    stroke: index[0] + 1,
    blame,
    turn: change,
  };
}

function divergedError(number: number, learningRate: number): StargradError {
  return new StargradError(
    "star",
    `in try ${number} the pen flew off the paper, over ${flownOff} times the star's size away`,
    `The learning rate ${learningRate} is too large; try 0.2`,
  );
}

function outOfTriesError(tries: number, worst: number): StargradError {
  return new StargradError(
    "star",
    `not perfect after ${tries} ${tries === 1 ? "try" : "tries"}: the worst corner still misses by ` +
      `${percent(worst, 1)} of the star's size, and ${percent(tolerance, 0)} are allowed`,
    "Allow more with --tries, or change --learning-rate or --momentum",
  );
}
