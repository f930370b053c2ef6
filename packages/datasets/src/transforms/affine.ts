import { formatShape, ShapeError, type Tensor, type TypedArray } from "@stargrad/tensor";
import { expectOptions, fraction, notNegative } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";
import {
  generatorsKind,
  imagesIn,
  imagesOf,
  likeValues,
  rangeKind,
  type Images,
  type RandomTransformOptions,
} from "./images.js";

/**
 * Moves, turns and scales images. The pixel at (x, y) of the result is that of the image at M·(x, y, 1), where both coordinates run from −1 to 1
 * between the outer edges. Between pixels it is interpolated linearly; outside of the image it is 0.
 *
 * Shapes: images [B, C, H, W], matrices [B, 2, 3] -> [B, C, H, W]
 * Throws: ShapeError for other shapes
 * Source: torch.nn.functional.affine_grid and grid_sample, with align_corners=False
 */
export function affine(x: Tensor, matrices: Tensor): Tensor {
  const images = imagesIn("affine", x);
  if (formatShape(matrices.shape) !== formatShape([images.count, 2, 3])) {
    throw new ShapeError(
      "affine",
      `got matrices ${formatShape(matrices.shape)} for ${images.count} images; expected [${images.count}, 2, 3]`,
    );
  }
  return sampled(images, valuesOf(matrices));
}

export interface RandomAffineOptions extends RandomTransformOptions {
  /** The greatest rotation in either direction, in degrees. Default: 0. */
  readonly degrees?: number;
  /** The greatest shift in any direction, as a fraction of height and width. Default: 0. */
  readonly translate?: number;
  /** The least and the greatest factor of the size. Default: [1, 1]. */
  readonly scale?: readonly [least: number, greatest: number];
}

/**
 * Turns, shifts and scales each image at random around its centre. Each generator draws the angle (a positive one turns counter-clockwise), the shift to the
 * right, the shift down and the factor, each uniform in its range. Pixels from outside of the image are 0.
 *
 * Shapes: [B, C, H, W] -> [B, C, H, W]
 * Throws: ShapeError for what are no images; ArgumentError for options out of range
 * Source: torchvision.transforms.RandomAffine with bilinear interpolation
 */
export function randomAffine(x: Tensor, options: RandomAffineOptions): Tensor {
  expectOptions<RandomAffineOptions>(
    "randomAffine",
    options,
    { generators: generatorsKind, degrees: notNegative, translate: fraction, scale: rangeKind },
    ["generators"],
  );
  const { generators, degrees = 0, translate = 0, scale: [least, greatest] = [1, 1] } = options;
  const images = imagesIn("randomAffine", x, generators);
  const { height, width } = images;
  const matrices = generators.flatMap((generator) => {
    const angle = ((2 * generator.uniform() - 1) * degrees * Math.PI) / 180;
    const [right, down] = [2 * generator.uniform() - 1, 2 * generator.uniform() - 1].map(
      (u) => 2 * u * translate,
    );
    const factor = least + generator.uniform() * (greatest - least);
    const [cos, sin] = [Math.cos(angle) / factor, Math.sin(angle) / factor];
    // The way back from the result to the image; a rotation of pixels, in coordinates that run from −1 to 1 along both sides.
    const [across, along] = [-sin * (height / width), sin * (width / height)];
    return [cos, across, -cos * right - across * down, along, cos, -along * right - cos * down];
  });
  return sampled(images, matrices);
}

function sampled(images: Images, matrices: TypedArray | readonly number[]): Tensor {
  const { values, count, channels, height, width } = images;
  const result = likeValues(values, values.length);
  const area = height * width;
  for (let i = 0; i < count; i++) {
    const [a, b, c, d, e, f] = matrices.slice(6 * i, 6 * i + 6);
    for (let row = 0; row < height; row++) {
      const y = (2 * row + 1) / height - 1;
      for (let column = 0; column < width; column++) {
        const x = (2 * column + 1) / width - 1;
        const fromColumn = ((a * x + b * y + c + 1) * width - 1) / 2;
        const fromRow = ((d * x + e * y + f + 1) * height - 1) / 2;
        const [left, top] = [Math.floor(fromColumn), Math.floor(fromRow)];
        for (const [at, down] of [
          [top, fromRow - top],
          [top + 1, fromRow - top],
        ] as const) {
          if (at < 0 || at >= height) continue;
          const vertical = at === top ? 1 - down : down;
          for (const to of [left, left + 1]) {
            if (to < 0 || to >= width) continue;
            const weight = vertical * (to === left ? 1 - (fromColumn - left) : fromColumn - left);
            for (let plane = i * channels; plane < (i + 1) * channels; plane++) {
              result[plane * area + row * width + column] += weight * values[plane * area + at * width + to];
            }
          }
        }
      }
    }
  }
  return imagesOf(images, result);
}
