import type { Tensor } from "@stargrad/tensor";
import { expectOptions, fraction, oneOf } from "@stargrad/tensor/internal";

import { generatorsKind, imagesIn, imagesOf, likeValues, type RandomTransformOptions } from "./images.js";

export interface RandomFlipOptions extends RandomTransformOptions {
  /** How many of the images are mirrored. Default: 0.5. */
  readonly probability?: number;
  /** Left and right, or top and bottom. Default: "horizontal". */
  readonly direction?: "horizontal" | "vertical";
}

/**
 * Mirrors images at random: those whose generator draws a number below `probability`.
 *
 * Shapes: [B, C, H, W] -> [B, C, H, W]
 * Throws: ShapeError for what are no images; ArgumentError for another number of generators than images
 * Source: torchvision.transforms.RandomHorizontalFlip, RandomVerticalFlip
 */
export function randomFlip(x: Tensor, options: RandomFlipOptions): Tensor {
  expectOptions<RandomFlipOptions>(
    "randomFlip",
    options,
    { generators: generatorsKind, probability: fraction, direction: oneOf("horizontal", "vertical") },
    ["generators"],
  );
  const { generators, probability = 0.5, direction = "horizontal" } = options;
  const images = imagesIn("randomFlip", x, generators);
  const { values, channels, height, width } = images;
  const result = likeValues(values, values.length);
  for (const [i, generator] of generators.entries()) {
    const isFlipped = generator.uniform() < probability;
    for (let row = i * channels * height; row < (i + 1) * channels * height; row++) {
      const plane = row - (row % height);
      const from = isFlipped && direction === "vertical" ? 2 * plane + height - 1 - row : row;
      const line = values.subarray(from * width, (from + 1) * width);
      result.set(isFlipped && direction === "horizontal" ? line.slice().reverse() : line, row * width);
    }
  }
  return imagesOf(images, result);
}
