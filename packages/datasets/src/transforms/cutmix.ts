import type { Tensor } from "@stargrad/tensor";
import { expectOptions, positive } from "@stargrad/tensor/internal";

import { generatorsKind, imagesIn, imagesOf, type RandomTransformOptions } from "./images.js";
import { beta, expectPairs, mixed } from "./mixup.js";

export interface CutmixOptions extends RandomTransformOptions {
  /** Of the distribution Beta(α, α) of the area that an image keeps. Default: 1, all areas equally probable. */
  readonly alpha?: number;
}

/**
 * Replaces a rectangle of each image by that of the image before it in the batch, and of the first one by that of the last. The generator of
 * image i draws λ from Beta(α, α), and the row and the column of the middle of a rectangle of √(1 − λ)·H by √(1 − λ)·W pixels, of which what
 * lies in the image is replaced. The target becomes λ·yᵢ + (1 − λ)·yᵢ₋₁, with the λ of the pixels that are kept. Targets are
 * probabilities: `oneHot(y, classes)` of class indices.
 *
 * Shapes: x [B, C, H, W], y [B, K] of floats -> the same
 * Defaults: alpha 1
 * Throws: ShapeError for what are no images; ArgumentError for class indices, or another number of targets or generators than images
 * Source: Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features (2019)
 */
export function cutmix(
  batch: { readonly x: Tensor; readonly y: Tensor },
  options: CutmixOptions,
): { x: Tensor; y: Tensor } {
  expectOptions<CutmixOptions>("cutmix", options, { generators: generatorsKind, alpha: positive }, [
    "generators",
  ]);
  const { generators, alpha = 1 } = options;
  const images = imagesIn("cutmix", batch.x);
  expectPairs("cutmix", batch, generators);
  const { values: before, count, channels, height, width } = images;
  const values = before.slice();
  const weights = generators.map((generator, i) => {
    const side = Math.sqrt(1 - beta(generator, alpha));
    const [top, bottom] = span(Math.floor(generator.uniform() * height), side * height, height);
    const [left, right] = span(Math.floor(generator.uniform() * width), side * width, width);
    const other = (i + count - 1) % count;
    for (let channel = 0; channel < channels; channel++) {
      for (let row = top; row < bottom; row++) {
        const at = (image: number): number => ((image * channels + channel) * height + row) * width;
        values.set(before.subarray(at(other) + left, at(other) + right), at(i) + left);
      }
    }
    return 1 - ((bottom - top) * (right - left)) / (height * width);
  });
  return { x: imagesOf(images, values), y: mixed(batch.y, weights) };
}

/** The pixels around a middle that lie in the image: the first, and one after the last. */
function span(middle: number, length: number, size: number): [begin: number, end: number] {
  const begin = middle - Math.floor(length / 2);
  return [Math.max(0, begin), Math.min(size, begin + Math.floor(length))];
}
