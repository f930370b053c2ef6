import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import {
  StateReader,
  expectOptions,
  belowOne,
  notNegative,
  oneOf,
  warn,
  hintFor,
  writeValue,
  type Kind,
  type OptionKinds,
} from "@stargrad/tensor/internal";
import { expectScheduled, type Scheduled } from "./scheduler.js";
import { numberIn } from "./state-dict.js";

export interface ReduceOnPlateauOptions {
  /** Whether a smaller or a larger metric is better. Default: "min". */
  readonly mode?: "min" | "max";
  /** The factor on the learning rates at a reduction. Default: 0.1. */
  readonly factor?: number;
  /** The number of consecutive metrics without improvement that are tolerated. Default: 10. */
  readonly patience?: number;
  /** The least improvement over the best metric. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether the threshold is a fraction of the best metric or a difference. Default: "relative". */
  readonly thresholdMode?: "relative" | "absolute";
  /** The number of metrics after a reduction that are not counted as failures. Default: 0. */
  readonly cooldown?: number;
  /** The least learning rate. Default: 0. */
  readonly minimum?: number;
  /** A learning rate does not change if the reduction is not larger than this. Default: 1e-8. */
  readonly epsilon?: number;
}

const defaults: Required<ReduceOnPlateauOptions> = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: "relative",
  cooldown: 0,
  minimum: 0,
  epsilon: 1e-8,
};

/** A count that a state dict can hold. */
const epochs: Kind = [
  "a whole number from 0 to 2147483647",
  (value) => typeof value === "number" && value >= 0 && value === (value | 0),
];

const kinds: OptionKinds<ReduceOnPlateauOptions> = {
  mode: /* @__PURE__ */ oneOf("min", "max"),
  factor: belowOne,
  patience: epochs,
  threshold: notNegative,
  thresholdMode: /* @__PURE__ */ oneOf("relative", "absolute"),
  cooldown: epochs,
  minimum: notNegative,
  epsilon: notNegative,
};

/**
 * Reduces the learning rates when a metric, such as the validation loss, stops improving: after more than `patience`
 * consecutive values that do not improve on the best one by the threshold. NaN is never an improvement.
 *
 * A relative threshold is a fraction of the magnitude of the best value, so it also works below 0. In PyTorch, a negative
 * value equal to the best one counts as an improvement.
 *
 * Defaults: mode "min", factor 0.1, patience 10, threshold 1e-4 (relative), cooldown 0, minimum 0, epsilon 1e-8
 * Throws: ArgumentError if the factor is not in [0, 1) or another number is negative
 * Source: torch.optim.lr_scheduler.ReduceLROnPlateau
 */
export class ReduceOnPlateau {
  readonly #optimizer: Scheduled;
  readonly #options: Required<ReduceOnPlateauOptions>;
  #best: number;
  #failures = 0;
  #cooldownLeft = 0;
  #hasWarned = false;

  constructor(optimizer: Scheduled, options: ReduceOnPlateauOptions = {}) {
    expectScheduled("ReduceOnPlateau", optimizer);
    expectOptions("ReduceOnPlateau", options, kinds);
    this.#optimizer = optimizer;
    this.#options = { ...defaults, ...options };
    this.#best = this.#options.mode === "min" ? Infinity : -Infinity;
  }

  /**
   * Processes the next value of the metric, for example after each epoch. The first NaN warns.
   *
   * Throws: ArgumentError unless it is a number
   */
  step(figure: number): void {
    const { patience, cooldown } = this.#options;
    if (typeof figure !== "number") {
      throw new ArgumentError(
        "ReduceOnPlateau.step",
        `got ${writeValue(figure)}; expected a number`,
        hintFor(figure, "Read a tensor with await x.item()"),
      );
    }
    if (Number.isNaN(figure) && !this.#hasWarned) {
      this.#hasWarned = true;
      warn("ReduceOnPlateau.step: the metric is NaN, which counts as no improvement.");
    }
    if (this.#isBetter(figure)) {
      this.#best = figure;
      this.#failures = 0;
    } else {
      this.#failures++;
    }
    if (this.#cooldownLeft > 0) {
      this.#cooldownLeft--;
      this.#failures = 0;
    }
    if (this.#failures > patience) {
      this.#reduce();
      this.#cooldownLeft = cooldown;
      this.#failures = 0;
    }
  }

  /** The best value so far and both counts; the learning rates are in the optimizer's state. */
  stateDict(): Map<string, Tensor> {
    return new Map([
      ["best", tensor(this.#best, { dtype: "float64" })],
      ["failures", tensor(this.#failures, { dtype: "int32" })],
      ["cooldownLeft", tensor(this.#cooldownLeft, { dtype: "int32" })],
    ]);
  }

  /**
   * Loads a state dict: all of it or, if anything does not fit, nothing.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const reader = new StateReader(state);
    const best = reader.take("best", { shape: [], dtype: "float64" });
    const failures = reader.take("failures", { shape: [], dtype: "int32" });
    const cooldownLeft = reader.take("cooldownLeft", { shape: [], dtype: "int32" });
    reader.finish("ReduceOnPlateau");
    const read = [best, failures, cooldownLeft].map((written) => written && numberIn(written));
    [this.#best = this.#best, this.#failures = this.#failures, this.#cooldownLeft = this.#cooldownLeft] =
      read;
  }

  #isBetter(figure: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    // Before the first value the best one is infinite, and a threshold of 0 · ∞ would be NaN.
    const scale = thresholdMode === "absolute" || !Number.isFinite(this.#best) ? 1 : Math.abs(this.#best);
    const margin = threshold * scale;
    return mode === "min" ? figure < this.#best - margin : figure > this.#best + margin;
  }

  #reduce(): void {
    const { factor, minimum, epsilon } = this.#options;
    for (const group of this.#optimizer.groups) {
      const reduced = Math.max(group.learningRate * factor, minimum);
      if (group.learningRate - reduced > epsilon) group.learningRate = reduced;
    }
  }
}
