import { blobOf } from "../blob.js";
import { failing, reasonOf, type Fail } from "../fail.js";
import { readImageHeader, type ImageHeader } from "./image-header.js";
import { essentialPng, type EssentialPng } from "./png-chunks.js";

/** A decoded picture: rows from top to bottom, four bytes for a pixel: red, green, blue and opacity. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** The most pixels that a picture may have, unless told: 2²⁵, of which 128 MiB are kept while it is decoded. */
export const mostPixels = 2 ** 25;

/**
 * Decodes a PNG or a JPEG: by the browser where there is one, and otherwise by `fast-png` and `jpeg-js`, which are loaded when they are
 * needed.
 *
 * Throws: FormatError for other formats, damaged files, and more pixels than `limit`
 */
export async function decodePixels(called: string, bytes: Uint8Array, limit: number): Promise<Pixels> {
  const fail = failing(called);
  const header = readImageHeader(called, bytes);
  const { format, width, height } = header;
  if (width * height > limit) {
    throw fail(`has ${width} × ${height} pixels, the limit is ${limit}`, "Make the picture smaller first");
  }
  const canvas = canvasOf(globalThis as Partial<Page>);
  // Not within `try`: that a decoder cannot be loaded says nothing about the picture.
  const decode = canvas === undefined ? await decoderOf(format) : decoderOfPage(canvas);
  try {
    return await decode(bytes, header, fail);
  } catch (cause) {
    if (cause instanceof Error && cause.name === "FormatError") throw cause;
    throw fail(`is a damaged ${format}: ${reasonOf(cause)}`, undefined, cause);
  }
}

/** What a page offers. The types of pages are not among those that the packages are compiled with. */
interface Page {
  createImageBitmap(blob: Blob, options: object): Promise<{ width: number; height: number; close(): void }>;
  OffscreenCanvas: new (
    width: number,
    height: number,
  ) => { getContext(kind: "2d", options: object): Context };
}

interface Context {
  drawImage(image: object, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): Pixels;
}

function canvasOf({ createImageBitmap, OffscreenCanvas }: Partial<Page>): Page | undefined {
  if (typeof createImageBitmap !== "function" || typeof OffscreenCanvas !== "function") return undefined;
  return { createImageBitmap: (blob, options) => createImageBitmap(blob, options), OffscreenCanvas };
}

type Decoder = (bytes: Uint8Array, header: ImageHeader, fail: Fail) => Pixels | Promise<Pixels>;

function decoderOfPage(page: Page): Decoder {
  return async (bytes, { format }) => {
    const blob = blobOf([bytes], `image/${format.toLowerCase()}`);
    const options = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
    const bitmap = await page.createImageBitmap(blob, options);
    try {
      const { width, height } = bitmap;
      const context = new page.OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      context.drawImage(bitmap, 0, 0);
      return context.getImageData(0, 0, width, height);
    } finally {
      bitmap.close();
    }
  };
}

async function decoderOf(format: ImageHeader["format"]): Promise<Decoder> {
  if (format === "PNG") {
    const { decode } = await import("fast-png");
    return async (bytes, header, fail) => pixelsOfPng(decode, await essentialPng(bytes, header, fail));
  }
  const { default: jpeg } = await import("jpeg-js");
  return (bytes, { orientation }, fail) => turned(pixelsOfJpeg(jpeg, bytes, fail), orientation);
}

function pixelsOfPng(
  decode: typeof import("fast-png").decode,
  { bytes, transparency: own }: EssentialPng,
): Pixels {
  const decoded = decode(bytes, { checkCrc: true });
  const { width, height, depth, channels, data, palette, transparency = own } = decoded;
  const samples = depth < 8 ? unpackedSamples(data, width, height, depth) : data;
  const largest = palette === undefined ? 2 ** depth - 1 : 255;
  const [isGrey, hasOpacity] = [channels < 3, channels % 2 === 0];
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = pixel * channels;
    const entry = palette?.[samples[at]];
    if (palette !== undefined && entry === undefined)
      throw new Error(`its palette has no colour ${samples[at]}`);
    const red = entry?.[0] ?? samples[at];
    const green = entry?.[1] ?? samples[isGrey ? at : at + 1];
    const blue = entry?.[2] ?? samples[isGrey ? at : at + 2];
    const isClear =
      transparency !== undefined &&
      red === transparency[0] &&
      (isGrey || (green === transparency[1] && blue === transparency[2]));
    const opacity = entry?.[3] ?? (hasOpacity ? samples[at + channels - 1] : isClear ? 0 : largest);
    pixels[4 * pixel] = (255 * red) / largest;
    pixels[4 * pixel + 1] = (255 * green) / largest;
    pixels[4 * pixel + 2] = (255 * blue) / largest;
    pixels[4 * pixel + 3] = (255 * opacity) / largest;
  }
  return { width, height, data: pixels };
}

/** One element for each sample of 1, 2 or 4 bits. Rows begin with a new byte. */
function unpackedSamples(
  packed: ArrayLike<number>,
  width: number,
  height: number,
  depth: number,
): Uint8Array {
  const samples = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  for (let pixel = 0; pixel < samples.length; pixel++) {
    const bit = (pixel % width) * depth;
    const byte = packed[Math.floor(pixel / width) * rowBytes + (bit >>> 3)];
    samples[pixel] = (byte >>> (8 - depth - (bit & 7))) & (2 ** depth - 1);
  }
  return samples;
}

function pixelsOfJpeg(jpeg: typeof import("jpeg-js"), bytes: Uint8Array, fail: Fail): Pixels {
  const limits = { maxResolutionInMP: Infinity, maxMemoryUsageInMB: 2 ** 11 };
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false, ...limits });
  if (data.length !== 4 * width * height) throw fail("is a damaged JPEG");
  return { width, height, data };
}

/** Turns a picture as EXIF says: a browser has done it already. */
function turned(pixels: Pixels, orientation: number): Pixels {
  if (orientation === 1) return pixels;
  const { width, height } = pixels;
  const from = new Uint32Array(Uint8Array.from(pixels.data).buffer);
  const to = new Uint32Array(from.length);
  const isSwapped = orientation > 4;
  const [across, down] = isSwapped ? [height, width] : [width, height];
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      const [x, y] = isSwapped ? [row, column] : [column, row];
      const isMirrored = [2, 3, 7, 8].includes(orientation);
      const isUpsideDown = [3, 4, 6, 7].includes(orientation);
      const [fromX, fromY] = [isMirrored ? width - 1 - x : x, isUpsideDown ? height - 1 - y : y];
      to[row * across + column] = from[fromY * width + fromX];
    }
  }
  return { width: across, height: down, data: new Uint8Array(to.buffer) };
}
