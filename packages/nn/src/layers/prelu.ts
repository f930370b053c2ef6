import { Parameter } from "@stargrad/autograd";
import { full, type Shape, type Tensor } from "@stargrad/tensor";
import { count, finite, type OptionKinds } from "@stargrad/tensor/internal";
import { expectWhole, floatOptions } from "../options.js";
import { expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";
import type { DTypeOptions } from "./normalization.js";

export interface PReLUOptions extends DTypeOptions {
  /** The number of slopes: one for all channels, or one for each. Default: 1. */
  readonly numParameters?: number;
  /** The initial slope. Default: 0.25. */
  readonly init?: number;
}

/**
 * `y = x` where x is positive and `y = w · x` elsewhere, with a learned slope w; the gradient at 0 is w.
 *
 * Shapes: x any for one slope, [N, C, …] for a slope for each channel -> y the same; weight [1] or [C]
 * Init:   0.25
 * Throws: ShapeError if the number of channels of x is not that of the slopes
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 1; torch.nn.PReLU
 */
export class PReLU extends TensorModule {
  readonly weight: Parameter;

  constructor(options: PReLUOptions = {}) {
    super("PReLU", [], options, {
      numParameters: count,
      init: finite,
      dtype: floatOptions.dtype,
    } satisfies OptionKinds<PReLUOptions>);
    const { numParameters = 1, init = 0.25, ...others } = options;
    expectWhole("PReLU", { numParameters }, { least: 1 });
    this.weight = new Parameter(full([numParameters], init, others));
  }

  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
  forward(x: Tensor): Tensor {
    const channels = this.weight.size;
    const fits = channels === 1 || (x.ndim >= 2 && x.shape[1] === channels);
    expectShape(this.describe(), x, fits, `[N, ${channels}, …]`);
    return x.prelu(this.weight);
  }
}
