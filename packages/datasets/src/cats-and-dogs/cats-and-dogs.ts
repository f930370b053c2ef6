import { fromData, Generator } from "@stargrad/tensor";
import { anything, count, expectOptions, oneOf, wholeFrom } from "@stargrad/tensor/internal";

import { arrays, type TensorDataset } from "../arrays.js";
import { expectFew } from "../dataset.js";
import { inkOf, type Stroke } from "../drawing.js";
import { figure, type Animal, type Figure } from "./bodies.js";
import { move, Pen, type Move } from "./pen.js";

export interface CatsAndDogsOptions {
  /** How many drawings there are; cats and dogs take turns. Default: 1,000. */
  readonly samples?: number;
  /** The width and the height of a picture, in pixels. Default: 32. */
  readonly size?: number;
  /** Default: 0. */
  readonly seed?: number;
}

/**
 * Line drawings of cats and dogs: faces from the front and from the side, sitting and standing animals. Proportions, ears, muzzles,
 * whiskers, tails, the width and the tremor of the lines, place, size and rotation differ from drawing to drawing, and some
 * drawings are partly out of the picture. Drawing i is `catOrDog({ animal, seed, index: i })`, converted by `rasterize`.
 *
 * Shapes: x [N, 1, size, size] float32, y [N] int32
 * Units: pixels from 0 (paper) to 1 (ink); y 0 for a cat, 1 for a dog
 * Defaults: 1,000 samples, size 32, seed 0
 * Throws: ArgumentError for options out of range
 */
export function catsAndDogs(options: CatsAndDogsOptions = {}): TensorDataset<"x" | "y"> {
  expectOptions("catsAndDogs", options, { samples: wholeFrom(0), size: count, seed: anything });
  const { samples = 1000, size = 32, seed = 0 } = options;
  expectFew("catsAndDogs", `${samples} pictures of size ${size}`, samples * size * size, 2 ** 28);
  const pixels = new Float32Array(samples * size * size);
  for (let index = 0; index < samples; index++) {
    const strokes = catOrDog({ animal: index % 2 === 0 ? "cat" : "dog", seed, index });
    pixels.set(inkOf(strokes, size), index * size * size);
  }
  return arrays({
    x: fromData(pixels, [samples, 1, size, size]),
    y: Int32Array.from({ length: samples }, (_, index) => index % 2),
  });
}

export interface CatOrDogOptions {
  /** The animal to draw. */
  readonly animal: Animal;
  /** Default: 0. */
  readonly seed?: number;
  /** Which of the drawings of this seed. Default: 0. */
  readonly index?: number;
}

/** More blocks of random numbers than a drawing takes. */
const blocksOfDrawing = 2 ** 12;

/**
 * One line drawing of a cat or a dog, as strokes. It depends only on the animal, the seed and the index. See {@link catsAndDogs}.
 *
 * Throws: ArgumentError for another animal, or for options out of range
 */
export function catOrDog(options: CatOrDogOptions): Stroke[] {
  expectOptions<CatOrDogOptions>(
    "catOrDog",
    options,
    { animal: oneOf("cat", "dog"), seed: anything, index: wholeFrom(0) },
    ["animal"],
  );
  const { animal, seed = 0, index = 0 } = options;
  const generator = new Generator(seed);
  generator.restore({ seed, block: index * blocksOfDrawing });
  const pen = new Pen(generator, 0.01 + 0.05 * generator.uniform());
  const drawn = figure(pen, animal);
  // Details are the smaller the more of the animal is drawn.
  const width = (drawn.body.length > 2 ? 0.65 : 1) * pen.between(0.055, 0.115);
  return framed(pen, drawn).map((stroke) => ({ ...stroke, width: width * stroke.width }));
}

/** Turns a figure and places it: somewhere in the picture or partly outside of it, but with most of its head inside. */
function framed(pen: Pen, { body, head }: Figure): Stroke[] {
  const turn: Move = { turn: pen.between(-0.4, 0.4), mirrored: pen.happens(0.5) };
  const [turned, turnedHead] = [move([...body, ...head], turn), move(head, turn)];
  const sides = [extent(turned, 0), extent(turned, 1)];
  const scale = pen.between(1.45, 2.1) / Math.max(...sides.map(([least, most]) => most - least));
  const [x, y] = sides.map(([least, most], axis) => {
    // As far from the middle as there is paper, and a little farther.
    const spare = Math.max(1 - (scale * (most - least)) / 2, 0) + 0.15;
    const shift = pen.between(-spare, spare) - (scale * (least + most)) / 2;
    const [first, last] = extent(turnedHead, axis).map((coordinate) => scale * coordinate);
    const outside = 0.15 * (last - first);
    return Math.max(Math.min(shift, 1 + outside - last), -1 - outside - first);
  });
  return move(turned, { scale, x, y });
}

/** The least and the largest coordinate on an axis. */
function extent(strokes: readonly Stroke[], axis: number): [least: number, most: number] {
  const coordinates = strokes.flatMap(({ points }) => points.map((point) => point[axis]));
  return [Math.min(...coordinates), Math.max(...coordinates)];
}
