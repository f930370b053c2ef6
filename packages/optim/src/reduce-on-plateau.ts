import { tensor, type Tensor } from "@stargrad/tensor";
import { expectBelowOne, expectNotNegative } from "./ranges.js";
import type { Scheduled } from "./scheduler.js";
import { numberIn, StateReader } from "./state-dict.js";

export interface ReduceOnPlateauOptions {
  /** Whether the figure should become small or large. Default: "min". */
  readonly mode?: "min" | "max";
  /** What learning rates are multiplied with. Default: 0.1. */
  readonly factor?: number;
  /** How many figures in a row may fail to be better. Default: 10. */
  readonly patience?: number;
  /** By how much a figure has to be better than the best. Default: 1e-4. */
  readonly threshold?: number;
  /** Whether that is a part of the best figure or a difference. Default: "relative". */
  readonly thresholdMode?: "relative" | "absolute";
  /** How many figures after a reduction do not count. Default: 0. */
  readonly cooldown?: number;
  /** Below which learning rates do not fall. Default: 0. */
  readonly minimum?: number;
  /** A learning rate that would fall by no more than this stays. Default: 1e-8. */
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

/**
 * Reduces the learning rates when a figure, such as the validation loss, has stopped becoming better: after more than
 * `patience` figures in a row that did not beat the best so far by the threshold. NaN never does.
 *
 * A relative threshold is a part of the best figure's size, so that it also works below 0, where in PyTorch every figure
 * equal to the best counts as better.
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

  constructor(optimizer: Scheduled, options: ReduceOnPlateauOptions = {}) {
    this.#optimizer = optimizer;
    this.#options = { ...defaults, ...options };
    const { mode, factor, patience, threshold, cooldown, minimum, epsilon } = this.#options;
    expectBelowOne("ReduceOnPlateau", { factor });
    expectNotNegative("ReduceOnPlateau", { patience, threshold, cooldown, minimum, epsilon });
    this.#best = mode === "min" ? Infinity : -Infinity;
  }

  /** Takes the next figure into account, say after each epoch. */
  step(figure: number): void {
    const { patience, cooldown } = this.#options;
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

  /** The best figure so far and both counts; the learning rates are in the optimizer's state. */
  stateDict(): Map<string, Tensor> {
    return new Map([
      ["best", tensor(this.#best, { dtype: "float64" })],
      ["failures", tensor(this.#failures, { dtype: "int32" })],
      ["cooldownLeft", tensor(this.#cooldownLeft, { dtype: "int32" })],
    ]);
  }

  /**
   * Goes on from a state dict: takes all of it or, if anything does not fit, nothing.
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
    // Before the first figure there is nothing to be a part of: 0 · Infinity would be NaN.
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
