import type { Shape, Tensor } from "@stargrad/tensor";
import { expectShape } from "../shapes.js";
import type { BatchNormOptions } from "./batch-norm1d.js";
import { RunningNorm } from "./running-norm.js";

/**
 * Normalizes every channel to mean 0 and variance 1 over all images of the batch. It is BatchNorm1d for images.
 *
 * Shapes: x [N, C, H, W] -> y the same; weight, bias, runningMean, runningVar [C], numBatchesTracked []
 * Init:   weight and runningVar 1, bias and runningMean 0
 * Throws: ArgumentError if an option does not fit; ShapeError if x has other axes, or, where the batch's statistics are
 *         used, only one value per channel
 * Source: Ioffe & Szegedy, "Batch Normalization", 2015, section 3.2; torch.nn.BatchNorm2d
 */
export class BatchNorm2d extends RunningNorm {
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    const defaults = { affine: true, trackRunningStats: true };
    super({ name: "BatchNorm2d", unit: "channel", counted: true, defaults }, numFeatures, options);
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const fits = x.ndim === 4 && x.shape[1] === this.numFeatures;
    expectShape(this.describe(), x, fits, `[N, ${this.numFeatures}, H, W]`);
    return this.normalize(x, [0, 2, 3]);
  }
}
