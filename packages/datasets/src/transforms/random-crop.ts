import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { anything, expectOptions, finite, wholeFrom } from "@stargrad/tensor/internal";

import { sizeOf, type ImageSize } from "../images/image-size.js";
import { generatorsKind, imagesIn, imagesOf, likeValues, type RandomTransformOptions } from "./images.js";

export interface RandomCropOptions extends RandomTransformOptions {
  /** The size of the result. Default: that of the images. */
  readonly size?: ImageSize;
  /** How many pixels are added at each side first. Default: 0. */
  readonly padding?: number;
  /** The value of the added pixels. Default: 0. */
  readonly value?: number;
}

/**
 * Cuts a rectangle out of each image, at a random place, after `padding` pixels were added at each side. Each generator draws the row and then
 * the column, each uniform among those that fit.
 *
 * Shapes: [B, C, H, W] -> [B, C, height, width]
 * Throws: ArgumentError for a size that exceeds the padded images; ShapeError for what are no images
 * Source: torchvision.transforms.RandomCrop
 */
export function randomCrop(x: Tensor, options: RandomCropOptions): Tensor {
  expectOptions<RandomCropOptions>(
    "randomCrop",
    options,
    { generators: generatorsKind, size: anything, padding: wholeFrom(0), value: finite },
    ["generators"],
  );
  const { generators, padding = 0, value = 0 } = options;
  const images = imagesIn("randomCrop", x, generators);
  const { values, channels, height: fromHeight, width: fromWidth } = images;
  const [height, width] = sizeOf("randomCrop", options.size ?? [fromHeight, fromWidth]);
  const [free, freeAcross] = [fromHeight + 2 * padding - height, fromWidth + 2 * padding - width];
  if (free < 0 || freeAcross < 0) {
    throw new ArgumentError(
      "randomCrop",
      `got size [${height}, ${width}] for images of [${fromHeight}, ${fromWidth}] with a padding of ${padding}`,
    );
  }
  const result = likeValues(values, images.count * channels * height * width, value);
  for (const [i, generator] of generators.entries()) {
    const top = Math.floor(generator.uniform() * (free + 1)) - padding;
    const left = Math.floor(generator.uniform() * (freeAcross + 1)) - padding;
    const [begin, end] = [Math.max(0, left), Math.min(fromWidth, left + width)];
    for (let plane = i * channels; plane < (i + 1) * channels; plane++) {
      for (let row = Math.max(0, top); row < Math.min(fromHeight, top + height); row++) {
        const start = (plane * fromHeight + row) * fromWidth;
        const to = (plane * height + row - top) * width - left;
        if (begin < end) result.set(values.subarray(start + begin, start + end), to + begin);
      }
    }
  }
  return imagesOf(images, result, height, width);
}
