import { starCorners, starSize, wobblyStart } from "@stargrad/datasets";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { SGD } from "@stargrad/optim";
import { ArgumentError, StargradError, type Tensor } from "@stargrad/tensor";

import type { Point } from "../../terminal/braille-canvas.js";
import { percent } from "../../terminal/text.js";
import { creditOf, type Credit } from "../credit.js";
import { Pen } from "./pen.js";

export interface LessonOptions {
  /** Which wobbly start. */
  readonly seed: number;
  /** How many tries the pen gets. */
  readonly tries: number;
  readonly learningRate: number;
  readonly momentum: number;
}

/** What the pen drew, and how far it is from the goal. */
export interface Attempt {
  readonly corners: readonly Point[];
  /** By how much each corner misses its goal, as a fraction of the star's size. */
  readonly misses: readonly number[];
  /** The mean squared distance of the corners from their goals, in the units of the drawing. */
  readonly mistake: number;
}

/** One of the pen's knobs: what was found out about it, and what was done to it. */
export interface Knob {
  readonly kind: "direction" | "length";
  /** Counted from 1. */
  readonly stroke: number;
  /** How fast the mistake grows with this knob, per radian or per unit of the drawing. */
  readonly blame: number;
  /** By how much it was turned, in the same units. */
  readonly turn: number;
}

export interface Adjustment extends Credit {
  readonly mostBlamed: Knob;
}

export interface Try {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: Attempt;
  /** What was made of the attempt; null once it is perfect. */
  readonly adjustment: Adjustment | null;
}

/** A perfect star has every corner within 2 % of its size. */
export const tolerance = 0.02;

/** A corner that misses by this many times the star's size never comes back. */
const flownOff = 1000;

export const goal = starCorners();

/**
 * Teaches a pen to draw the star, one try after the other, up to the one that is perfect.
 *
 * Throws: StargradError if the tries run out, or if the steps are so long that the pen flies off
 */
export async function* lesson({ seed, tries, learningRate, momentum }: LessonOptions): AsyncGenerator<Try> {
  const pen = new Pen(wobblyStart({ seed }));
  const optimizer = new SGD(pen.parameters(), { learningRate, momentum });
  let worst = Infinity;

  for (let number = 1; number <= tries; number++) {
    const corners = pen.forward();
    const mistake = mistakeOf(corners);
    const attempt = await look(corners, mistake);
    worst = Math.max(...attempt.misses);
    if (!(worst < flownOff)) throw flewOff(number, learningRate);
    if (worst <= tolerance) {
      yield { number, attempt, adjustment: null };
      return;
    }

    const explanation = await adjust(pen, optimizer).catch((error: unknown) => {
      throw error instanceof ArgumentError ? flewOff(number, learningRate) : error;
    });
    yield {
      number,
      attempt,
      adjustment: { mostBlamed: mostBlamed(explanation), ...creditOf(explanation) },
    };
  }
  throw ranOut(tries, worst);
}

function mistakeOf(corners: Tensor): Tensor {
  return corners.sub(goal).square().sum({ axis: 1 }).mean();
}

async function look(corners: Tensor, mistake: Tensor): Promise<Attempt> {
  const misses = corners.sub(goal).norm({ axis: 1 }).div(starSize);
  return {
    corners: (await corners.toArray()) as Point[],
    misses: [...(await misses.data())],
    mistake: await mistake.item(),
  };
}

/** Throws: ArgumentError if the step is so long that the mistake is no number any more */
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

function flewOff(number: number, learningRate: number): StargradError {
  return new StargradError(
    "star",
    `in try ${number} the pen flew off the paper, over ${flownOff} times the star's size away`,
    `The learning rate ${learningRate} is too large; try 0.2`,
  );
}

function ranOut(tries: number, worst: number): StargradError {
  return new StargradError(
    "star",
    `not perfect after ${tries} ${tries === 1 ? "try" : "tries"}: the worst corner still misses by ` +
      `${percent(worst, 1)} of the star's size, and ${percent(tolerance, 0)} are allowed`,
    "Allow more with --tries, or change --learning-rate or --momentum",
  );
}
