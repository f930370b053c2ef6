import { ArgumentError, fromData, type Tensor } from "@stargrad/tensor";
import {
  anything,
  count,
  expectOptions,
  finite,
  listOf,
  oneOf,
  type OptionKinds,
} from "@stargrad/tensor/internal";

import { expectBytes, expectSource, nameOf, readBytes, type Source } from "../source.js";
import { decodePixels, mostPixels, type Pixels } from "./decode-pixels.js";
import { sizeOf, type ImageSize } from "./image-size.js";
import { resized } from "./resize.js";

export interface ImageOptions {
  /** 1 for grey, 3 for red, green and blue. Default: 3. */
  readonly channels?: 1 | 3;
  /** The size of the result. Default: that of the picture. */
  readonly size?: ImageSize;
  /** How a picture of other proportions becomes `size`: "stretch" changes them, "cover" cuts off two sides equally. Default: "stretch". */
  readonly fit?: "stretch" | "cover";
  /** Subtracted from each value, or from each channel. Default: 0. */
  readonly mean?: number | readonly number[];
  /** What each value or channel is then divided by. Default: 1. */
  readonly std?: number | readonly number[];
  /** The most pixels that a picture may have before it is resized. Default: 2²⁵. */
  readonly limit?: number;
}

export const imageKinds: OptionKinds<ImageOptions> = {
  channels: ["1 or 3", (value) => value === 1 || value === 3],
  size: anything,
  fit: /* @__PURE__ */ oneOf("stretch", "cover"),
  mean: anything,
  std: anything,
  limit: count,
};

/** Options with every default, checked. */
export interface ImageSettings {
  readonly channels: 1 | 3;
  readonly size: readonly [height: number, width: number] | null;
  readonly isCut: boolean;
  /** One number for each channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly limit: number;
}

export function settingsOf(called: string, options: ImageOptions): ImageSettings {
  const { channels = 3, size, fit = "stretch", mean = 0, std = 1, limit = mostPixels } = options;
  return {
    channels,
    size: size === undefined ? null : sizeOf(called, size),
    isCut: fit === "cover",
    mean: perChannel(called, { mean }, channels, () => true),
    std: perChannel(called, { std }, channels, (value) => value !== 0),
    limit,
  };
}

function perChannel(
  called: string,
  option: Readonly<Record<string, number | readonly number[]>>,
  channels: number,
  accepts: (value: number) => boolean,
): readonly number[] {
  const [[name, given]] = Object.entries(option);
  const values = typeof given === "number" ? new Array<number>(channels).fill(given) : given;
  const isRight = listOf(finite)[1](values) && values.length === channels && values.every(accepts);
  // Copied, because the caller may change it.
  if (isRight) return [...values];
  const expected = `a finite number${name === "std" ? " other than 0" : ""}, or a list of ${channels}`;
  throw new ArgumentError(called, `got ${name} ${JSON.stringify(given)}; expected ${expected}`);
}

/**
 * Decodes a PNG or a JPEG: in a page by the browser, in Node by `fast-png` and `jpeg-js`. Pixels that are partly transparent
 * are laid on white paper. Grey is 0.299 red + 0.587 green + 0.114 blue. A JPEG is turned as its EXIF data say. With `size`, it is then
 * resized as {@link resize} does; at last, (value − mean) / std.
 *
 * Shapes: [channels, height, width] float32
 * Units: from 0 (black) to 1, before mean and std
 * Defaults: 3 channels, the size of the picture, mean 0, std 1, at most 2²⁵ pixels
 * Throws: FormatError for other formats, damaged files and larger pictures; ArgumentError for options out of range
 */
export async function decodeImage(bytes: Uint8Array, options: ImageOptions = {}): Promise<Tensor> {
  const called = "decodeImage";
  expectBytes(called, bytes, "readImage");
  expectOptions(called, options, imageKinds);
  return tensorOf(await imageOf(called, bytes, settingsOf(called, options)));
}

/**
 * Reads a picture, as {@link decodeImage} does: a path, or a `File` or `Blob` of a page.
 *
 * Throws: FormatError naming the file; StargradError if the file cannot be read
 */
export async function readImage(source: Source, options: ImageOptions = {}): Promise<Tensor> {
  expectSource("readImage", source);
  const called = `readImage(${nameOf(source)})`;
  expectOptions(called, options, imageKinds);
  const settings = settingsOf(called, options);
  return tensorOf(await imageOf(called, await readBytes(source, called), settings));
}

interface Image {
  readonly values: Float32Array;
  readonly shape: readonly [channels: number, height: number, width: number];
}

function tensorOf({ values, shape }: Image): Tensor {
  return fromData(values, shape);
}

/** Decodes, converts, resizes and normalizes one picture. */
export async function imageOf(called: string, bytes: Uint8Array, settings: ImageSettings): Promise<Image> {
  const { channels, size, isCut, mean, std } = settings;
  const pixels = await decodePixels(called, bytes, settings.limit);
  const window = size !== null && isCut ? middleOf(pixels, size) : wholeOf(pixels);
  const from = [window.height, window.width] as const;
  const to = size ?? from;
  const values = resized(planesOf(pixels, window, channels), channels, from, to);
  const area = to[0] * to[1];
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / area);
    values[i] = (values[i] - mean[channel]) / std[channel];
  }
  return { values, shape: [channels, ...to] };
}

/** A part of a picture. */
interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function wholeOf({ width, height }: Pixels): Window {
  return { left: 0, top: 0, width, height };
}

/** The largest part in the middle with the proportions of `size`. */
function middleOf(pixels: Pixels, [height, width]: readonly [number, number]): Window {
  const scale = Math.min(pixels.width / width, pixels.height / height);
  const part = {
    width: Math.max(1, Math.round(scale * width)),
    height: Math.max(1, Math.round(scale * height)),
  };
  const left = Math.floor((pixels.width - part.width) / 2);
  const top = Math.floor((pixels.height - part.height) / 2);
  return { left, top, ...part };
}

/** The channels of a part of a picture one after another, on white paper. */
function planesOf({ data, width }: Pixels, window: Window, channels: 1 | 3): Float32Array {
  const area = window.width * window.height;
  const planes = new Float32Array(channels * area);
  for (let i = 0; i < area; i++) {
    const row = window.top + Math.floor(i / window.width);
    const at = 4 * (row * width + window.left + (i % window.width));
    const [opacity, paper] = [data[at + 3] / 255 / 255, 1 - data[at + 3] / 255];
    const red = opacity * data[at] + paper;
    const green = opacity * data[at + 1] + paper;
    const blue = opacity * data[at + 2] + paper;
    if (channels === 1) {
      planes[i] = 0.299 * red + 0.587 * green + 0.114 * blue;
      continue;
    }
    planes[i] = red;
    planes[area + i] = green;
    planes[2 * area + i] = blue;
  }
  return planes;
}
