import type { Shape, Tensor } from "@stargrad/tensor";
import { expectShape } from "../shapes.js";
import type { DTypeOptions } from "./normalization.js";
import { RunningNorm } from "./running-norm.js";

export interface BatchNormOptions extends DTypeOptions {
  /** Added to the variance, so that a constant channel is not divided by 0. Default: 1e-5. */
  readonly epsilon?: number;
  /** The weight of a new batch in the running statistics; `null` for the mean over all batches. Default: 0.1. */
  readonly momentum?: number | null;
  /** Whether to apply a weight and a bias for each channel. Default: true. */
  readonly affine?: boolean;
  /** Whether there are running statistics; without them, `eval` uses the statistics of the batch too. Default: true. */
  readonly trackRunningStats?: boolean;
}

/**
 * Normalizes every channel to mean 0 and variance 1 over the batch: `y = (x − mean) / √(var + ε) · w + b` with the biased
 * variance. In training mode, the running statistics are updated by `new = (1 − m) · old + m · batch` with the unbiased
 * variance; in evaluation mode they replace those of the batch.
 *
 * Shapes: x [N, C] or [N, C, L] -> y the same; weight, bias, runningMean, runningVar [C], numBatchesTracked []
 * Init:   weight and runningVar 1, bias and runningMean 0
 * Throws: ArgumentError if an option does not fit; ShapeError if x has other axes, or, where the batch's statistics are
 *         used, only one value per channel
 * Source: Ioffe & Szegedy, "Batch Normalization", 2015, algorithms 1 and 2; torch.nn.BatchNorm1d
 */
export class BatchNorm1d extends RunningNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    const defaults = { affine: true, trackRunningStats: true };
    super({ name: "BatchNorm1d", unit: "channel", counted: true, defaults }, numFeatures, options);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const fits = (x.ndim === 2 || x.ndim === 3) && x.shape[1] === this.numFeatures;
    expectShape(this.describe(), x, fits, `[N, ${this.numFeatures}] or [N, ${this.numFeatures}, L]`);
    return this.normalize(x, x.ndim === 2 ? [0] : [0, 2]);
  }
}
