import type { Tensor } from "@stargrad/tensor";
import { expectWhole, type NoOptions } from "../options.js";
import { expectShape } from "../shapes.js";
import { TensorModule } from "../tensor-module.js";

/**
 * Rearranges channels into an image that is r times larger: `y[c, h·r + i, w·r + j] = x[c·r² + i·r + j, h, w]`.
 *
 * Shapes: x […, C · r², H, W] -> y […, C, H · r, W · r]
 * Throws: ArgumentError unless r is whole and at least 1; ShapeError if r² does not divide the channels of x
 * Source: Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016, eq. 4; torch.nn.PixelShuffle
 */
export class PixelShuffle extends TensorModule {
  readonly upscaleFactor: number;

  constructor(upscaleFactor: number, options: NoOptions = {}) {
    super("PixelShuffle", [upscaleFactor], options, []);
    expectWhole("PixelShuffle", { upscaleFactor }, { least: 1 });
    this.upscaleFactor = upscaleFactor;
  }

  forward(x: Tensor): Tensor {
    const factor = this.upscaleFactor;
    const area = factor * factor;
    const fits = x.ndim >= 3 && x.shape[x.ndim - 3] % area === 0;
    expectShape(this.describe(), x, fits, `[…, C, H, W] with C a multiple of ${area}`);
    const batch = x.shape.slice(0, -3);
    const [channels, height, width] = x.shape.slice(-3);
    const outer = channels / area;
    return x
      .reshape([...batch, outer, factor, factor, height, width])
      .permute([...batch.keys(), ...[0, 3, 1, 4, 2].map((axis) => batch.length + axis)]) // […, C, H, r, W, r]
      .reshape([...batch, outer, height * factor, width * factor]);
  }
}
