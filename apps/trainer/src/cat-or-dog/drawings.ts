import { catOrDog, rasterize, type Dataset } from "@stargrad/datasets";
import { fromData, tensor, type Tensor } from "@stargrad/tensor";

import { animals, heldOutDrawings, learnedDrawings, side } from "./sizes.js";

/** Pictures of a batch, [N, 1, 28, 28], and their answers, [N]. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** The drawings of `catsAndDogs` with one seed. Each is drawn when it is first needed, so that a run begins at once. */
export class Drawings implements Dataset<Batch> {
  readonly length: number;
  readonly #seed: number;
  readonly #drawn: Float32Array[] = [];

  constructor(seed: number, length: number) {
    this.#seed = seed;
    this.length = length;
  }

  /** 0 for a cat, 1 for a dog. */
  answer(index: number): 0 | 1 {
    return index % 2 === 0 ? 0 : 1;
  }

  /** The ink of a drawing, from 0 to 1, row by row. */
  pixels(index: number): Float32Array {
    return (this.#drawn[index] ??= this.#draw(index));
  }

  #draw(index: number): Float32Array {
    const strokes = catOrDog({ animal: animals[this.answer(index)], seed: this.#seed, index });
    return rasterize(strokes, { size: side }).dataSync() as Float32Array;
  }

  batch(indices: ArrayLike<number>): Batch {
    const all = Array.from(indices);
    return batchOf(
      all.map((index) => this.pixels(index)),
      all.map((index) => this.answer(index)),
    );
  }
}

export function batchOf(pictures: readonly Float32Array[], answers: readonly number[]): Batch {
  const pixels = new Float32Array(pictures.length * side * side);
  pictures.forEach((picture, i) => {
    pixels.set(picture, i * side * side);
  });
  return {
    x: fromData(pixels, [pictures.length, 1, side, side]),
    y: tensor([...answers], { dtype: "int32" }),
  };
}

/** The drawings to learn from, and those to be tested on. They are the same in every run, so that a link can name one. */
export const learned = new Drawings(1, learnedDrawings);
export const heldOut = new Drawings(1001, heldOutDrawings);
