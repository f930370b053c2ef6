import type { Shape } from "@stargrad/tensor";
import type { Layer, Loss } from "../workload.js";

/** A program's first step, as data that travels to a new process, ours or a peer's. */
export interface FirstStep {
  readonly name: string;
  /** Programs that differ in their length alone belong to one family: from one to the next, growth is reported. */
  readonly family: string;
  readonly task: FirstStepTask;
}

export type FirstStepTask =
  /**
   * A step of training, as a `trainingStep` in `../workload.ts`; `recorded`: under `trainStep`. The learning rate is 0.0001.
   */
  | {
      readonly kind: "trainingStep";
      readonly layers: readonly Layer[];
      readonly loss: Loss;
      readonly recorded: boolean;
      readonly x: GivenInput;
      readonly y?: GivenInput;
    }
  /** tanh(… tanh(x²)) of 16 elements, summed, and the gradient of x. */
  | { readonly kind: "chain"; readonly operations: number }
  /** So many tensors of 784 elements, as one. */
  | { readonly kind: "stack"; readonly tensors: number }
  /** So many parameters of 4 elements end to end, the sum of their squares, and the gradient of each. */
  | { readonly kind: "concat"; readonly parameters: number };

/** Numbers from −1 to 1; or whole numbers from 0 to below `high`. */
export interface GivenInput {
  readonly shape: Shape;
  readonly high?: number;
}

/** What a new process is asked for. */
export interface Question {
  readonly task: FirstStepTask;
  readonly threads: number;
  /** Whether it begins with the weights that everybody has, to compare numbers, instead of drawing its own, to be timed. */
  readonly givenWeights: boolean;
}

/** What it answers. */
export interface Answer {
  /** CPU time of all its threads, in user and in system mode: from when the model is made to when the loss is read. */
  readonly milliseconds: number;
  /** What the first step read, then what a second one reads. */
  readonly numbers: readonly (readonly number[])[];
}
