import { arrays, mapDataset, randomAffine, randomCrop } from "@stargrad/datasets";
import { Generator, randint, uniform } from "@stargrad/tensor";

/** Augmented images of the size of digits. How long a transform takes does not depend on what is in the images. */
export function augmentedDigits(items: number) {
  const generator = new Generator(1);
  const x = uniform([items, 1, 28, 28], { generator });
  const y = randint([items], { high: 10, generator });
  return mapDataset(arrays({ x, y }), ({ x, y }, { generators }) => {
    const moved = randomCrop(x, { padding: 2, generators });
    return { x: randomAffine(moved, { degrees: 10, scale: [0.9, 1.1], generators }), y };
  });
}
