import {
  ArgumentError,
  formatShape,
  fromData,
  ShapeError,
  type Tensor,
  type TypedArray,
} from "@stargrad/tensor";
import { anything, expectOptions, writeValue } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";
import { likeValues } from "./images.js";

export interface NormalizeOptions {
  /** Subtracted from each value, or from those of each channel. */
  readonly mean: number | readonly number[];
  /** What each value, or those of each channel, are then divided by. */
  readonly std: number | readonly number[];
}

/**
 * (x − mean) / std, with one mean and one standard deviation for all values, or for each channel or feature, which axis 1 counts.
 *
 * Shapes: [B, C, ...] -> [B, C, ...]
 * Throws: ArgumentError unless there are 1 or C finite means, and as many standard deviations, none of them 0; ShapeError for fewer than two axes
 * Source: torchvision.transforms.Normalize
 */
export function normalize(x: Tensor, options: NormalizeOptions): Tensor {
  expectOptions<NormalizeOptions>("normalize", options, { mean: anything, std: anything }, ["mean", "std"]);
  const channels = channelsOf("normalize", x);
  const mean = perChannel({ mean: options.mean }, channels, () => true);
  const std = perChannel({ std: options.std }, channels, (value) => value !== 0);
  return mapChannels(x, (value, channel) => (value - mean[channel]) / std[channel]);
}

/** The length of axis 1. */
export function channelsOf(called: string, x: Tensor): number {
  if (x.ndim >= 2 && x.dtype.startsWith("float")) return x.shape[1];
  throw new ShapeError(
    called,
    `got ${x.dtype} ${formatShape(x.shape)}; expected floats [items, features, ...]`,
  );
}

/** Changes every element, by its value and its index along axis 1. */
export function mapChannels(x: Tensor, change: (value: number, channel: number) => number): Tensor {
  const values = valuesOf(x);
  const inner = x.shape.slice(2).reduce((size, axis) => size * axis, 1);
  const result: TypedArray = likeValues(values, values.length);
  for (let i = 0; i < values.length; i++) result[i] = change(values[i], Math.floor(i / inner) % x.shape[1]);
  return fromData(result, x.shape);
}

function perChannel(
  named: Readonly<Record<string, number | readonly number[]>>,
  channels: number,
  accepts: (value: number) => boolean,
): readonly number[] {
  const [[name, given]] = Object.entries(named);
  const list = typeof given === "number" ? Array<number>(channels).fill(given) : given;
  const isRight =
    Array.isArray(list) &&
    list.length === channels &&
    list.every((each) => Number.isFinite(each) && accepts(each as number));
  if (isRight) return list as readonly number[];
  throw new ArgumentError(
    "normalize",
    `got ${name} ${writeValue(given)}; expected a finite number${name === "std" ? " other than 0" : ""}, or a list of ${channels}`,
  );
}
