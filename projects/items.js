import { Generator, itemDataset, mapDataset, normal, tensor } from "stargrad";

/** Points, and the sum of the coordinates of each. The points are noisy, by the generator of each item. */
export function items(length) {
  const get = (index) => {
    const x = normal([8], { generator: new Generator(index) });
    return { x, y: x.sum({ keepDims: true }) };
  };
  return mapDataset(itemDataset({ length, get }), ({ x, y }, { generators }) => {
    const noise = tensor(generators.map((generator) => Array.from({ length: 8 }, () => generator.normal())));
    return { x: x.add(noise.mul(0.01)), y };
  });
}
