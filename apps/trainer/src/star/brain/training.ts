import { backward } from "@stargrad/autograd";
import { starPixels } from "@stargrad/datasets";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { mseLoss } from "@stargrad/nn";
import { Adam, SGD } from "@stargrad/optim";
import { ArgumentError, StargradError, type Tensor } from "@stargrad/tensor";

import type { Trainee } from "../runs.js";
import { brain } from "./brain.js";
import { enough, size, type BrainSettings } from "./sizes.js";

/** The picture that the network drew, and its distance from the goal. */
export interface Attempt {
  /** Whether each pixel has ink, row by row from the upper left. */
  readonly ink: readonly boolean[];
  /** The number of correct pixels. */
  readonly right: number;
  /** The loss: the mean squared difference between the outputs and the targets, 1 for ink and 0 for paper. */
  readonly mistake: number;
}

/** Everything that decides the next tries: the knobs, and what the optimizer remembers. */
export interface BrainState {
  readonly model: ReadonlyMap<string, Tensor>;
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

const pixels = starPixels({ size });

/** The centres of all pixels, and 1 for ink or 0 for paper: [784, 2], [784, 1]. */
export const { x, y } = pixels.batch(Int32Array.from({ length: pixels.length }, (_, i) => i));

/** One pixel: its coordinates [1, 2], and whether it has ink [1, 1]. */
export function pixelAt(pixel: number): { x: Tensor; y: Tensor } {
  return pixels.batch(Int32Array.of(pixel));
}

/** Whether each pixel of the star has ink. */
export const goal: readonly boolean[] = inkOf(y.dataSync());

/** A network that learns: one update after the other, explained or not, from any state that it has been in. */
export class BrainTraining implements Trainee<BrainState, Attempt> {
  readonly model: ReturnType<typeof brain>;
  readonly #optimizer: Adam | SGD;
  readonly #learningRate: number;

  constructor({ seed, learningRate, optimizer, activation, start }: BrainSettings) {
    this.model = brain(seed, { activation, start });
    const parameters = this.model.parameters();
    this.#optimizer =
      optimizer === "adam" ? new Adam(parameters, { learningRate }) : new SGD(parameters, { learningRate });
    this.#learningRate = learningRate;
  }

  readonly loss = (): Tensor => mseLoss(this.model.forward(x), y);

  /** Throws: StargradError if the mistake is not a number any more; `number` is the number of the try. */
  async attempt(number: number): Promise<Attempt> {
    return (await this.answer(number)).attempt;
  }

  /** The same, with the answer for each pixel. */
  async answer(number: number): Promise<{ attempt: Attempt; answers: Float32Array }> {
    const answers = this.model.forward(x);
    const data = Float32Array.from(await answers.data());
    const ink = inkOf(data);
    const right = ink.filter((value, pixel) => value === goal[pixel]).length;
    const mistake = await mseLoss(answers, y).item();
    if (!Number.isFinite(mistake)) throw this.#divergedError(number);
    return { attempt: { ink, right, mistake }, answers: data };
  }

  isGood({ right }: Attempt): boolean {
    return right / pixels.length >= enough;
  }

  /** The gradient of the loss for every knob, in the order of the parameters. */
  async blames(): Promise<number[]> {
    const parameters = this.model.parameters();
    this.#optimizer.zeroGrad();
    backward(this.loss());
    const blocks = await Promise.all(
      parameters.map(async ({ grad, size: count }) =>
        grad === null ? new Float32Array(count) : await grad.data(),
      ),
    );
    this.#optimizer.zeroGrad();
    return blocks.flatMap((block) => [...block]);
  }

  /** Makes one update. */
  update(): void {
    this.#optimizer.zeroGrad();
    backward(this.loss());
    this.#optimizer.step();
  }

  /** Makes the same update, and explains it. Throws: StargradError if it is so long that the loss is not finite */
  async explain(number: number): Promise<StepExplanation> {
    return explainStep({
      parameters: this.model.namedParameters(),
      loss: this.loss,
      step: () => {
        this.#optimizer.step();
      },
    }).catch((error: unknown) => {
      throw error instanceof ArgumentError ? this.#divergedError(number) : error;
    });
  }

  state(): BrainState {
    return { model: this.model.stateDict(), optimizer: this.#optimizer.stateDict() };
  }

  restore({ model, optimizer }: BrainState): void {
    this.model.loadStateDict(model);
    this.#optimizer.loadStateDict(optimizer);
  }

  adopt({ model }: BrainState): void {
    this.model.loadStateDict(model);
  }

  #divergedError(number: number): StargradError {
    return new StargradError(
      "star",
      `in try ${number} the mistake grew too large to be a number`,
      `The learning rate ${this.#learningRate} is too large; try 0.02`,
    );
  }
}

/** A pixel has ink if the output of the network is nearer to 1 than to 0. */
function inkOf(answers: ArrayLike<number>): boolean[] {
  return Array.from(answers, (answer) => answer > 0.5);
}
