import type { Shape } from "@stargrad/tensor";
import type { Layer, Loss } from "../workload.js";

/** A program's first step, as data that is sent to a new process, Stargrad's or a peer's. */
export interface FirstStep {
  readonly name: string;
  /** Programs that differ only in their length belong to one family; the growth from one length to the next is reported. */
  readonly family: string;
  readonly task: FirstStepTask;
}

export type FirstStepTask =
  /**
   * A training step, like `trainingStep` in `../workload.ts`; `recorded` means under `trainStep`. The learning rate is 0.0001.
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
  /** Stacks this many tensors of 784 elements. */
  | { readonly kind: "stack"; readonly tensors: number }
  /** Concatenates this many parameters of 4 elements, and computes the sum of the squares and the gradient of each parameter. */
  | { readonly kind: "concat"; readonly parameters: number };

/** Numbers from −1 to 1, or whole numbers from 0 to below `high`. */
export interface GivenInput {
  readonly shape: Shape;
  readonly high?: number;
}

/** The input of a new process. */
export interface Question {
  readonly task: FirstStepTask;
  readonly threads: number;
  /** Whether it begins with the shared weights, to compare numbers, instead of random ones, for timing. */
  readonly givenWeights: boolean;
}

/** The output of a new process. */
export interface Answer {
  /** CPU time of all threads, user and system, from making the model to reading the loss. */
  readonly milliseconds: number;
  /** The results of the first and of a second step. */
  readonly numbers: readonly (readonly number[])[];
}
