import type { Json } from "@stargrad/train";
import { z } from "zod";

import { sizeOf, type Data, type Input, type Scale } from "../dashboard/data.js";

/** What a model was fitted to: all that is needed to ask it about other examples, without those of the training. */
export interface Description {
  readonly what: Data["what"];
  /** Of one example: [channels, height, width] of a picture, [features] of a row. */
  readonly shape: readonly number[];
  /** The columns that the features of a row are made of, with their categories. */
  readonly inputs: readonly Input[];
  readonly classes: readonly string[];
  readonly scale: Scale;
  /** Which number is white in a picture; null if they are no pictures of that kind. */
  readonly white: number | null;
  /** Whether pictures of one channel are bright on a dark ground, as MNIST's. */
  readonly isDark: boolean;
}

/** Describes the data of a training. `scale`: fitted to its training part */
export function descriptionOf(data: Data, scale: Scale): Description {
  const { what, shape, features, classes, inputs } = data;
  const white = whiteOf(data);
  return {
    what,
    shape,
    inputs: inputs ?? features.map((name) => ({ name, categories: null })),
    classes,
    scale,
    white,
    isDark: white !== null && shape[0] === 1 && groundOf(data) < white / 2,
  };
}

function whiteOf({ what, values }: Data): number | null {
  if (what !== "picture") return null;
  if (values instanceof Uint8Array) return 255;
  return values.every((value) => value >= 0 && value <= 1) ? 1 : null;
}

/** The mean of the pixels at the edges of all pictures. */
function groundOf({ values, labels, shape }: Data): number {
  const [, height, width] = shape;
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    sum += meanOfEdge(values.subarray(i * height * width, (i + 1) * height * width), shape);
  }
  return sum / labels.length;
}

/** The mean of the outermost pixels of a picture of one channel. */
export function meanOfEdge(values: ArrayLike<number>, [, height, width]: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (let row = 0; row < height; row++) {
    const isEdge = row === 0 || row === height - 1;
    for (let column = 0; column < width; column += isEdge || width === 1 ? 1 : width - 1) {
      sum += values[row * width + column];
      count++;
    }
  }
  return sum / count;
}

const numbers = z.array(z.number()).min(1);

const schema = z
  .object({
    what: z.enum(["picture", "row"]),
    shape: z.array(z.int().min(1)).min(1).max(3),
    inputs: z.array(z.object({ name: z.string(), categories: z.array(z.string()).nullable() })),
    classes: z.array(z.string()).min(2),
    shift: numbers,
    factor: numbers,
    white: z.number().nullable(),
    isDark: z.boolean(),
  })
  .refine(({ what, shape }) => shape.length === (what === "picture" ? 3 : 1))
  .refine(({ shape, shift, factor }) =>
    [shift, factor].every(({ length }) => length === 1 || length === sizeOf({ shape })),
  )
  .refine(({ what, shape, inputs }) => what === "picture" || featuresOf(inputs) === shape[0]);

function featuresOf(inputs: readonly Input[]): number {
  return inputs.reduce((sum, { categories }) => sum + (categories?.length ?? 1), 0);
}

/** A description as a checkpoint keeps it. */
export function encodeDescription({ scale, shape, inputs, ...others }: Description): {
  readonly [name: string]: Json;
} {
  const columns = inputs.map(({ name, categories }) => ({ name, categories: categories && [...categories] }));
  const { shift, factor } = scale;
  return {
    ...others,
    classes: [...others.classes],
    shape: [...shape],
    inputs: columns,
    shift: short(shift),
    factor: short(factor),
  };
}

/** One number for all features, if they are the same: those of pictures are. */
function short(values: Float64Array): number[] {
  return values.every((value) => value === values[0]) ? [values[0]] : [...values];
}

/** Null if a checkpoint does not describe what its model was fitted to. */
export function decodeDescription(metadata: { readonly [name: string]: Json }): Description | null {
  const result = schema.safeParse(metadata);
  if (!result.success) return null;
  const { shift, factor, ...others } = result.data;
  const long = (values: readonly number[]): Float64Array =>
    values.length === 1 ? new Float64Array(sizeOf(others)).fill(values[0]) : Float64Array.from(values);
  return { ...others, scale: { shift: long(shift), factor: long(factor) } };
}
