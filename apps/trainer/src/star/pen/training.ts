import { starCorners, starSize, wobblyStart } from "@stargrad/datasets";
import { backward } from "@stargrad/autograd";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { SGD } from "@stargrad/optim";
import { ArgumentError, StargradError, tensor, type Tensor } from "@stargrad/tensor";

import type { Trainee } from "../runs.js";
import { Pen } from "./pen.js";
import { tolerance } from "./sizes.js";

/** A point of a drawing: x to the right, y upwards. */
export type Point = readonly [x: number, y: number];

export interface PenSettings {
  /** The seed of the wobbly start. */
  readonly seed: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** The corners to draw, as many as the star has. Default: the star. */
  readonly goal?: readonly Point[] | undefined;
}

/** The drawing of the pen, and its distance from the goal. */
export interface Attempt {
  readonly corners: readonly Point[];
  /** The distance of each corner from its goal, as a fraction of the star's size. */
  readonly misses: readonly number[];
  /** The loss: the mean squared distance of the corners from their goals, in the units of the drawing. */
  readonly mistake: number;
}

/** Everything that decides the next tries: the knobs, and the velocity that momentum carries on. */
export interface PenState {
  readonly model: ReadonlyMap<string, Tensor>;
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

/** If a corner misses by more than this many times the star's size, the training has diverged. */
const flownOff = 1000;

export const goal = starCorners();

/** A pen that learns: one update after the other, explained or not, from any state that it has been in. */
export class PenTraining implements Trainee<PenState, Attempt> {
  readonly pen: Pen;
  readonly goal: Tensor;
  readonly #optimizer: SGD;
  readonly #learningRate: number;

  constructor({ seed, learningRate, momentum, goal: own }: PenSettings) {
    this.pen = new Pen(wobblyStart({ seed }));
    this.goal = own === undefined ? goal : tensor(own.map(([x, y]) => [x, y]));
    this.#optimizer = new SGD(this.pen.parameters(), { learningRate, momentum });
    this.#learningRate = learningRate;
  }

  /** The mean squared distance of these corners from their goals. */
  readonly mistakeOf = (corners: Tensor): Tensor => corners.sub(this.goal).square().sum({ axis: 1 }).mean();

  readonly loss = (): Tensor => this.mistakeOf(this.pen.forward());

  /** Throws: StargradError if the pen flew off the paper; `number` is the number of the try. */
  async attempt(number: number): Promise<Attempt> {
    const corners = this.pen.forward();
    const misses = corners.sub(this.goal).norm({ axis: 1 }).div(starSize);
    const attempt = {
      corners: (await corners.toArray()) as Point[],
      misses: [...(await misses.data())],
      mistake: await this.mistakeOf(corners).item(),
    };
    if (!(worstOf(attempt) < flownOff)) throw this.#divergedError(number);
    return attempt;
  }

  isGood(attempt: Attempt): boolean {
    return worstOf(attempt) <= tolerance;
  }

  /** Makes one update. */
  update(): void {
    this.#optimizer.zeroGrad();
    backward(this.loss());
    this.#optimizer.step();
  }

  /** Makes the same update, and explains it. Throws: StargradError if it is so long that the loss is not finite */
  async explain(number: number): Promise<StepExplanation> {
    const { pen, loss } = this;
    const step = (): void => {
      this.#optimizer.step();
    };
    return explainStep({ parameters: pen.namedParameters(), loss, step }).catch((error: unknown) => {
      throw error instanceof ArgumentError ? this.#divergedError(number) : error;
    });
  }

  state(): PenState {
    return { model: this.pen.stateDict(), optimizer: this.#optimizer.stateDict() };
  }

  restore({ model, optimizer }: PenState): void {
    this.pen.loadStateDict(model);
    this.#optimizer.loadStateDict(optimizer);
  }

  adopt({ model }: PenState): void {
    this.pen.loadStateDict(model);
  }

  #divergedError(number: number): StargradError {
    return new StargradError(
      "star",
      `in try ${number} the pen flew off the paper, over ${flownOff} times the star's size away`,
      `The learning rate ${this.#learningRate} is too large; try 0.2`,
    );
  }
}

export function worstOf({ misses }: Attempt): number {
  return Math.max(...misses);
}
