import type { Tensor } from "@stargrad/tensor";
import { expectOptions, finite, fraction } from "@stargrad/tensor/internal";

import { generatorsKind, imagesIn, imagesOf, rangeKind, type RandomTransformOptions } from "./images.js";

export interface RandomEraseOptions extends RandomTransformOptions {
  /** How many of the images lose a rectangle. Default: 0.5. */
  readonly probability?: number;
  /** The least and the greatest area, as a fraction of the image. Default: [0.02, 0.33]. */
  readonly scale?: readonly [least: number, greatest: number];
  /** The least and the greatest height divided by the width. Default: [0.3, 3.3]. */
  readonly ratio?: readonly [least: number, greatest: number];
  /** What the rectangle is filled with. Default: 0. */
  readonly value?: number;
}

/**
 * Fills a random rectangle of images. Each generator draws whether to do so, and then up to ten times an area, uniform in `scale`, and a ratio,
 * whose logarithm is uniform, until the rectangle is smaller than the image; then its row and its column.
 *
 * Shapes: [B, C, H, W] -> [B, C, H, W]
 * Throws: ShapeError for what are no images; ArgumentError for options out of range
 * Source: torchvision.transforms.RandomErasing; Zhong et al., Random Erasing Data Augmentation (2017)
 */
export function randomErase(x: Tensor, options: RandomEraseOptions): Tensor {
  expectOptions<RandomEraseOptions>(
    "randomErase",
    options,
    { generators: generatorsKind, probability: fraction, scale: rangeKind, ratio: rangeKind, value: finite },
    ["generators"],
  );
  const { generators, probability = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 } = options;
  const images = imagesIn("randomErase", x, generators);
  const { channels, height, width } = images;
  const values = images.values.slice();
  for (const [i, generator] of generators.entries()) {
    if (generator.uniform() >= probability) continue;
    const within = ([least, greatest]: readonly [number, number]): number =>
      least + generator.uniform() * (greatest - least);
    for (let attempt = 0; attempt < 10; attempt++) {
      const area = within(scale) * height * width;
      const shape = Math.exp(within([Math.log(ratio[0]), Math.log(ratio[1])]));
      const rows = Math.round(Math.sqrt(area * shape));
      const columns = Math.round(Math.sqrt(area / shape));
      if (rows >= height || columns >= width) continue;
      const top = Math.floor(generator.uniform() * (height - rows + 1));
      const left = Math.floor(generator.uniform() * (width - columns + 1));
      for (let plane = i * channels; plane < (i + 1) * channels; plane++) {
        for (let row = top; row < top + rows; row++) {
          const start = (plane * height + row) * width + left;
          values.fill(value, start, start + columns);
        }
      }
      break;
    }
  }
  return imagesOf(images, values);
}
