import type { Shape, Tensor } from "@stargrad/tensor";
import type { DTypeOptions } from "./normalization.js";
import { RunningNorm } from "./running-norm.js";
import { expectSpatial } from "./spatial.js";

export interface InstanceNorm2dOptions extends DTypeOptions {
  /** Added to the variance, so that a constant channel is not divided by 0. Default: 1e-5. */
  readonly epsilon?: number;
  /** The weight of a new batch in the running statistics. Default: 0.1. */
  readonly momentum?: number;
  /** Whether to apply a weight and a bias for each channel. Default: false. */
  readonly affine?: boolean;
  /** Whether there are running statistics, which `eval` uses. Default: false. */
  readonly trackRunningStats?: boolean;
}

/**
 * Normalizes every channel of every image to mean 0 and variance 1 over its own pixels: `y = (x − mean) / √(var + ε)` with
 * the biased variance, optionally times a weight plus a bias. Running statistics are the means and unbiased variances of the
 * images, averaged over the batch; batches are not counted, as in PyTorch.
 *
 * Shapes: x [N, C, H, W] or [C, H, W] -> y the same; weight, bias, runningMean, runningVar [C], numBatchesTracked []
 * Init:   weight and runningVar 1, bias and runningMean 0
 * Throws: ArgumentError if an option does not fit; ShapeError if x has other axes, or, where the image's statistics are
 *         used, only one pixel
 * Source: Ulyanov et al., "Instance Normalization", 2016, eq. 3; torch.nn.InstanceNorm2d
 */
export class InstanceNorm2d extends RunningNorm {
  constructor(numFeatures: number, options: InstanceNorm2dOptions = {}) {
    const defaults = { affine: false, trackRunningStats: false };
    const unit = "channel of an image";
    super({ name: "InstanceNorm2d", unit, counted: false, defaults }, numFeatures, options);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    expectSpatial(this.describe(), x, 2, this.numFeatures);
    if (x.ndim === 3) return this.forward(x.unsqueeze(0)).squeeze(0);
    return this.normalize(x, [2, 3]);
  }
}
