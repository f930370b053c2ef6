import { explainStep, type StepExplanation } from "@stargrad/explain";
import { binaryCrossEntropyWithLogits } from "@stargrad/nn";
import { trainStep } from "@stargrad/train";
import { ArgumentError, StargradError, tensor, type Tensor } from "@stargrad/tensor";

import { Network, optimizerOf } from "./network.js";
import { isHeldOut, pointsOf } from "./points.js";
import type { PlaySettings } from "./settings.js";

/** How well a network does at the beginning of a try. */
export interface Score {
  /** The loss on the training points: the mean of −ln of the probability that it gives to the right colour. */
  readonly mistake: number;
  /** The same for the points that are held out; null if there are none. */
  readonly heldOut: number | null;
  readonly right: number;
  readonly rightHeldOut: number;
}

/** Everything that decides the next tries. */
export interface PlayState {
  readonly model: ReadonlyMap<string, Tensor>;
  readonly optimizer: ReadonlyMap<string, Tensor>;
}

/** Points, and which of them there are. */
export interface Split {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly indices: Int32Array;
}

type StepPoints = Readonly<Record<"x" | "y" | "unseenX" | "unseenY", Tensor>>;
type StepScores = Readonly<Record<"loss" | "right" | "heldOut" | "rightHeldOut", Tensor>>;

/** A network that learns all its training points at once: one update after the other, from any state that it has been in. */
export class PlayTraining {
  readonly network: Network;
  /** All points, in their order. */
  readonly points: Split;
  readonly training: Split;
  readonly heldOut: Split;
  readonly #optimizer;
  readonly #learningRate: number;
  /** One update, recorded: the same bits as in a plain loop, several times faster. */
  readonly #step: (points: StepPoints) => StepScores;

  constructor(settings: PlaySettings) {
    const { x, y } = pointsOf(settings.data);
    const all = Array.from({ length: x.shape[0] }, (_, i) => i);
    const part = (list: readonly number[]): Split => {
      const indices = Int32Array.from(list);
      const rows = tensor(indices);
      return { x: x.take(rows), y: y.take(rows), indices };
    };
    this.points = { x, y, indices: Int32Array.from(all) };
    this.training = part(all.filter((i) => !isHeldOut(i)));
    this.heldOut = part(all.filter(isHeldOut));
    this.network = new Network(settings);
    this.#optimizer = optimizerOf[settings.optimizer](this.network.sequence, settings.learningRate);
    this.#learningRate = settings.learningRate;
    const { network } = this;
    this.#step = trainStep<StepPoints, StepScores>({
      model: network.sequence,
      optimizer: this.#optimizer,
      loss: ({ x, y, unseenX, unseenY }) => {
        const [output, unseen] = [network.forward(x), network.forward(unseenX)];
        return {
          loss: lossOf(output, y),
          right: rightOf(output, y),
          heldOut: lossOf(unseen, unseenY),
          rightHeldOut: rightOf(unseen, unseenY),
        };
      },
    });
  }

  readonly loss = (): Tensor => lossOf(this.network.forward(this.training.x), this.training.y);

  /** Throws: StargradError if the mistake is not a number any more */
  async score(number: number): Promise<Score> {
    const [training, heldOut] = await Promise.all([
      this.#scoreOn(this.training),
      this.#scoreOn(this.heldOut),
    ]);
    if (!Number.isFinite(training.mistake)) throw this.#divergedError(number);
    return {
      mistake: training.mistake,
      right: training.right,
      heldOut: this.heldOut.indices.length === 0 ? null : heldOut.mistake,
      rightHeldOut: heldOut.right,
    };
  }

  async #scoreOn({ x, y, indices }: Split): Promise<{ mistake: number; right: number }> {
    if (indices.length === 0) return { mistake: NaN, right: 0 };
    const output = this.network.forward(x);
    return { mistake: await lossOf(output, y).item(), right: await rightOf(output, y).item() };
  }

  /** Makes one update, and returns the score before it. Throws: StargradError if the mistake is not a number any more */
  async advance(number: number): Promise<Score> {
    const hasHeldOut = this.heldOut.indices.length > 0;
    const results = this.repeat();
    const [mistake, right, unseen, rightHeldOut] = await Promise.all([
      results.loss.item(),
      results.right.item(),
      results.heldOut.item(),
      results.rightHeldOut.item(),
    ]);
    if (!Number.isFinite(mistake)) throw this.#divergedError(number);
    return hasHeldOut
      ? { mistake, right, heldOut: unseen, rightHeldOut }
      : { mistake, right, heldOut: null, rightHeldOut: 0 };
  }

  /** Makes the same update, without looking at its score. */
  repeat(): StepScores {
    const { training, heldOut } = this;
    // A step always has the same inputs. Without held-out points the training points stand in for them.
    const unseen = heldOut.indices.length > 0 ? heldOut : training;
    return this.#step({ x: training.x, y: training.y, unseenX: unseen.x, unseenY: unseen.y });
  }

  /** Makes the same update in a plain loop, and explains it. */
  async explain(number: number): Promise<StepExplanation> {
    const step = (): void => {
      this.#optimizer.step();
    };
    const parameters = this.network.sequence.namedParameters();
    return explainStep({ parameters, loss: this.loss, step }).catch((error: unknown) => {
      throw error instanceof ArgumentError ? this.#divergedError(number) : error;
    });
  }

  state(): PlayState {
    return { model: this.network.sequence.stateDict(), optimizer: this.#optimizer.stateDict() };
  }

  restore({ model, optimizer }: PlayState): void {
    this.network.sequence.loadStateDict(model);
    this.#optimizer.loadStateDict(optimizer);
  }

  /** The weights and biases of all layers, one after the other. */
  async weights(): Promise<Float32Array> {
    const all = await Promise.all(this.network.sequence.parameters().map((parameter) => parameter.data()));
    return Float32Array.from(all.flatMap((values) => [...values]));
  }

  #divergedError(number: number): StargradError {
    return new StargradError(
      "playground",
      `in try ${number} the mistake is not a number any more: the weights have grown beyond all numbers`,
      `The learning rate ${this.#learningRate} is too large; try 0.03`,
    );
  }
}

export function lossOf(output: Tensor, y: Tensor): Tensor {
  return binaryCrossEntropyWithLogits(output, y);
}

/** How many points are on the right side. */
function rightOf(output: Tensor, y: Tensor): Tensor {
  return output.detach().greater(0).equal(y.greater(0.5)).cast("float32").sum();
}

/** The bytes of numbers, as hexadecimal digits: a replay must have the same. */
export function hexOf(values: Float32Array): string {
  return [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
