import type { Tensor } from "@stargrad/tensor";
import { expectOptions, notNegative } from "@stargrad/tensor/internal";

import { generatorsKind, imagesIn, imagesOf, type RandomTransformOptions } from "./images.js";

export interface ColorJitterOptions extends RandomTransformOptions {
  /** How far the factor of the brightness may be from 1. Default: 0. */
  readonly brightness?: number;
  /** How far the factor of the distance from the mean grey may be from 1. Default: 0. */
  readonly contrast?: number;
  /** How far the factor of the distance from the grey of the same pixel may be from 1. Default: 0. */
  readonly saturation?: number;
}

/**
 * Changes brightness, contrast and saturation of each image at random, in this order. Each generator draws the three factors, each uniform from
 * max(0, 1 − option) to 1 + option. The values are those from 0 to 1, and are limited to them after each change, so normalize
 * afterwards. The grey of a pixel is 0.299 R + 0.587 G + 0.114 B; an image of another number of channels than 3 is grey.
 *
 * Shapes: [B, C, H, W] -> [B, C, H, W]
 * Throws: ShapeError for what are no images; ArgumentError for another number of generators than images
 * Source: torchvision.transforms.ColorJitter, which also draws the order
 */
export function colorJitter(x: Tensor, options: ColorJitterOptions): Tensor {
  expectOptions<ColorJitterOptions>(
    "colorJitter",
    options,
    { generators: generatorsKind, brightness: notNegative, contrast: notNegative, saturation: notNegative },
    ["generators"],
  );
  const { generators, brightness = 0, contrast = 0, saturation = 0 } = options;
  const images = imagesIn("colorJitter", x, generators);
  const { channels, height, width } = images;
  const area = height * width;
  const values = images.values.slice();
  for (const [i, generator] of generators.entries()) {
    const own = values.subarray(i * channels * area, (i + 1) * channels * area);
    const factor = (reach: number): number => {
      const least = Math.max(0, 1 - reach);
      return least + generator.uniform() * (1 + reach - least);
    };
    const greyAt = (pixel: number): number =>
      channels === 3
        ? 0.299 * own[pixel] + 0.587 * own[area + pixel] + 0.114 * own[2 * area + pixel]
        : own[pixel];
    /** Each value becomes factor · value + (1 − factor) · the value of the same pixel in another image. */
    const blend = (by: number, other: (pixel: number) => number): void => {
      for (let pixel = 0; pixel < area; pixel++) {
        const base = (1 - by) * other(pixel);
        for (let at = pixel; at < own.length; at += area)
          own[at] = Math.min(1, Math.max(0, by * own[at] + base));
      }
    };
    const [bright, far, vivid] = [factor(brightness), factor(contrast), factor(saturation)];
    if (brightness > 0) blend(bright, () => 0);
    if (contrast > 0) {
      let sum = 0;
      for (let pixel = 0; pixel < area; pixel++) sum += greyAt(pixel);
      blend(far, () => sum / area);
    }
    if (saturation > 0 && channels === 3) blend(vivid, greyAt);
  }
  return imagesOf(images, values);
}
