import {
  ArgumentError,
  bernoulli,
  type DType,
  type RandomOptions,
  type Shape,
  type Tensor,
} from "@stargrad/tensor";
import { Module } from "../module.js";
import { expectFloat } from "../shapes.js";

/**
 * While training, sets each element to 0 with the given probability and scales the rest, `y = m · x / (1 − p)` with
 * m = 0 or 1, so that the expected value stays; in use (`eval`), `y = x`. The generator decides the masks.
 *
 * Shapes: any
 * Defaults: probability 0.5, the shared generator
 * Throws: ArgumentError unless the probability is from 0 to 1
 * Source: Srivastava et al., "Dropout", 2014; torch.nn.Dropout
 */
export class Dropout extends Module {
  readonly probability: number;
  readonly #random: RandomOptions;

  constructor(probability = 0.5, random: RandomOptions = {}) {
    super("Dropout", [probability]);
    checkProbability("Dropout", probability);
    this.probability = probability;
    this.#random = random;
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectFloat(this.describe(), x);
    if (!this.training || this.probability === 0) return x;
    return x.mul(dropoutMask(x.shape, this.probability, x.dtype, this.#random));
  }
}

/** 0 with the given probability and 1 / (1 − p) otherwise: what dropout multiplies by. */
export function dropoutMask(shape: Shape, probability: number, dtype: DType, random: RandomOptions): Tensor {
  const kept = 1 - probability;
  const mask = bernoulli(shape, { probability: kept, ...random }).cast(dtype);
  // 1/0 would be infinite, and 0 · ∞ is NaN.
  return mask.mul(kept === 0 ? 0 : 1 / kept);
}

/** Throws an ArgumentError unless the probability is from 0 to 1. */
export function checkProbability(called: string, probability: number): void {
  if (probability >= 0 && probability <= 1) return;
  throw new ArgumentError(called, `got the probability ${probability}; expected 0 to 1`);
}
