import { fromData, Generator, ShapeError, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it, vi } from "vitest";

import {
  affine,
  arrays,
  colorJitter,
  DataLoader,
  cutmix,
  fitStandardizer,
  mapDataset,
  mixup,
  normalize,
  OneHotEncoder,
  randomAffine,
  randomCrop,
  randomErase,
  randomFlip,
  Standardizer,
} from "../index.js";

const generatorsOf = (count: number, seed = 0) =>
  Array.from({ length: count }, (_, i) => new Generator(seed + i));
const ramp = (shape: readonly [number, number, number, number]) =>
  fromData(
    Float32Array.from({ length: shape.reduce((size, axis) => size * axis, 1) }, (_, i) => i + 1),
    shape,
  );

const transforms = {
  randomCrop: (x: Tensor, generators: readonly Generator[]) => randomCrop(x, { padding: 2, generators }),
  randomFlip: (x: Tensor, generators: readonly Generator[]) => randomFlip(x, { generators }),
  randomAffine: (x: Tensor, generators: readonly Generator[]) =>
    randomAffine(x, { degrees: 20, translate: 0.1, scale: [0.8, 1.2], generators }),
  colorJitter: (x: Tensor, generators: readonly Generator[]) =>
    colorJitter(x.div(400), { brightness: 0.3, contrast: 0.3, generators }),
  randomErase: (x: Tensor, generators: readonly Generator[]) => randomErase(x, { generators }),
};

describe.each(Object.entries(transforms))("%s", (_, transform) => {
  it("changes an item in the same way in any batch, order, and number of batches ahead", async () => {
    const images = ramp([9, 2, 4, 5]);
    const data = mapDataset(
      arrays({ x: images, y: Int32Array.from({ length: 9 }, (_, i) => i) }),
      ({ x, y }, { generators }) => ({ x: transform(x, generators), y }),
      { seed: 7 },
    );
    const read = async (options: object) => {
      const items = new Map<number, number[]>();
      for await (const { x, y } of new DataLoader(data, options)) {
        const values = [...x.dataSync()];
        for (const [i, index] of y.dataSync().entries()) items.set(index, values.slice(40 * i, 40 * i + 40));
      }
      return [...items].sort(([a], [b]) => a - b);
    };
    const expected = await read({});
    expect(expected).toHaveLength(9);
    expect(await read({ batchSize: 4, shuffle: true, seed: 3, prefetch: 2 })).toEqual(expected);
    const later = data.batch(
      Int32Array.from({ length: 9 }, (_, i) => i),
      1,
    );
    expect([...later.x.dataSync()]).not.toEqual(expected.flatMap(([, values]) => values));
  });

  it("leaves what it got unchanged, and takes no images too", () => {
    const images = ramp([3, 1, 4, 4]);
    transform(images, generatorsOf(3));
    expect(images.dataSync()).toEqual(ramp([3, 1, 4, 4]).dataSync());
    expect(transform(ramp([0, 1, 4, 4]), []).shape).toEqual([0, 1, 4, 4]);
  });

  it("refuses what are no images, and another number of generators", () => {
    expect(() => transform(tensor([[1, 2]]), generatorsOf(1))).toThrow(
      "got float32 [1, 2]; expected floats [images, channels, height, width]. Reshape first",
    );
    expect(() => transform(ramp([3, 1, 4, 4]), generatorsOf(2))).toThrow("got 2 generators for 3 items");
    expect(() => transform(ramp([1, 1, 4, 4]), [3 as never])).toThrow(
      "got generators [3]; expected a list, each element a Generator",
    );
  });
});

describe("transforms", () => {
  it("flip half of the images, or as many as asked for", () => {
    const images = fromData(
      Float32Array.from({ length: 4000 }, (_, i) => i % 2),
      [2000, 1, 1, 2],
    );
    const flippedOf = (options: object) =>
      randomFlip(images, { ...options, generators: generatorsOf(2000) })
        .select(3, 0)
        .sum()
        .itemSync();
    // Five standard deviations of a binomial distribution.
    expect(Math.abs(flippedOf({}) - 1000)).toBeLessThan(112);
    expect(Math.abs(flippedOf({ probability: 0.1 }) - 200)).toBeLessThan(68);
  });

  it("turn counter-clockwise for a positive angle", () => {
    const image = ramp([1, 1, 3, 3]);
    const turned = affine(
      image,
      tensor([
        [
          [0, -1, 0],
          [1, 0, 0],
        ],
      ]),
    );
    // The right column becomes the upper row.
    expect(turned.round().toArraySync()).toEqual([
      [
        [
          [3, 6, 9],
          [2, 5, 8],
          [1, 4, 7],
        ],
      ],
    ]);
    // A generator whose first draw is near 1 turns by nearly the whole angle.
    const generator = new Generator(0);
    vi.spyOn(generator, "uniform").mockReturnValueOnce(1).mockReturnValue(0.5);
    expect(
      randomAffine(image, { degrees: 90, generators: [generator] })
        .round()
        .toArraySync(),
    ).toEqual(turned.round().toArraySync());
  });

  it("refuse options out of range", () => {
    const image = ramp([1, 1, 4, 4]);
    const generators = generatorsOf(1);
    expect(() => randomCrop(image, { size: 5, generators })).toThrow(
      "randomCrop: got size [5, 5] for images of [4, 4] with a padding of 0",
    );
    expect(() => randomAffine(image, { scale: [2, 1], generators })).toThrow(
      "got scale [2, 1]; expected two numbers above 0",
    );
    expect(() => affine(image, tensor([[1]]))).toThrow(
      "affine: got matrices [1, 1] for 1 images; expected [1, 2, 3]",
    );
    expect(() => normalize(image, { mean: 0, std: 0 })).toThrow(
      "normalize: got std 0; expected a finite number other than 0, or a list of 1",
    );
    expect(() => normalize(image, { mean: [1, 2], std: 1 })).toThrow("got mean [1, 2]");
    expect(() => normalize(tensor([1]), { mean: 0, std: 1 })).toThrow(
      "got float32 [1]; expected floats [items, features, ...]",
    );
  });
});

describe("Standardizer", () => {
  it("has the same numbers whatever the passages of the data are", async () => {
    const values = fromData(
      Float32Array.from({ length: 1400 }, (_, i) => 1e4 + Math.sin(i)),
      [700, 2],
    );
    const standardizer = await fitStandardizer(arrays({ values }), (batch) => batch.values);
    const scaled = standardizer.transform(values);
    expect(Math.abs(scaled.mean().itemSync())).toBeLessThan(1e-3);
    expect(Math.abs(scaled.std({ axis: 0, correction: 0 }).mean().itemSync() - 1)).toBeLessThan(1e-3);
  });

  it("refuses other features, no items, values that are not finite, and a wrong state", async () => {
    const fit = (x: Tensor) => fitStandardizer(arrays({ x }), (batch) => batch.x);
    const standardizer = await fit(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(() => standardizer.transform(tensor([[1]]))).toThrow(
      "Standardizer.transform: got 1 features; expected 2",
    );
    await expect(fit(fromData(new Float32Array(0), [0, 2]))).rejects.toThrow("fitStandardizer: got no items");
    await expect(fit(tensor([[1, NaN]]))).rejects.toThrow("got a value that is not finite in feature 1");
    for (const state of [{ mean: [1], std: [0] }, { mean: [1, 2], std: [1] }, {}]) {
      expect(() => new Standardizer(state as never)).toThrow(
        "Standardizer: got a state without equally many",
      );
    }
  });
});

describe("cutmix", () => {
  const [count, height, width] = [200, 6, 5];
  // Each image has its own number in all pixels of the first channel, and minus it in the second.
  const x = fromData(
    Float32Array.from({ length: count * 2 * height * width }, (_, i) => {
      const plane = Math.floor(i / (height * width));
      return (plane % 2 === 0 ? 1 : -1) * (1 + Math.floor(plane / 2));
    }),
    [count, 2, height, width],
  );
  const y = tensor(Array.from({ length: count }, (_, i) => [1 + i, 1]));

  it("replaces a rectangle by that of the image before, and mixes targets by the pixels that are kept", () => {
    const mixedBatch = cutmix({ x, y }, { generators: generatorsOf(count, 3) });
    const pixels = mixedBatch.x.dataSync();
    const shares = new Set<number>();
    for (let i = 0; i < count; i++) {
      const [own, other] = [1 + i, 1 + ((i + count - 1) % count)];
      const plane = (channel: number) =>
        Array.from(
          pixels.subarray((2 * i + channel) * height * width, (2 * i + channel + 1) * height * width),
        );
      const first = plane(0);
      expect(plane(1)).toEqual(first.map((value) => -value));
      const replaced = [...first.keys()].filter((at) => first[at] === other);
      expect(first.every((value) => value === own || value === other)).toBe(true);
      const rows = new Set(replaced.map((at) => Math.floor(at / width)));
      const columns = new Set(replaced.map((at) => at % width));
      const isRectangle = (places: Set<number>) =>
        Math.max(...places) - Math.min(...places) === places.size - 1;
      expect(replaced.length).toBe(rows.size * columns.size);
      expect(replaced.length === 0 || (isRectangle(rows) && isRectangle(columns))).toBe(true);
      const kept = 1 - replaced.length / (height * width);
      const [target, sum] = mixedBatch.y.select(0, i).dataSync();
      expect(target).toBeCloseTo(kept * own + (1 - kept) * other, 3);
      expect(sum).toBeCloseTo(1, 5);
      shares.add(replaced.length);
    }
    expect(shares.size).toBeGreaterThan(8);
    expect(shares.has(0)).toBe(true);
  });

  it("follows from its generators, replaces all or nothing for a tiny alpha, and refuses class indices", () => {
    const again = [1, 2].map(() => cutmix({ x, y }, { generators: generatorsOf(count, 3) }).x.dataSync());
    expect(again[0]).toEqual(again[1]);
    const tiny = cutmix({ x, y }, { alpha: 1e-4, generators: generatorsOf(count) }).y.dataSync();
    expect(tiny.every(Number.isFinite)).toBe(true);
    const classes = tensor(new Array(count).fill(0), { dtype: "int32" });
    expect(() => cutmix({ x, y: classes }, { generators: generatorsOf(count) })).toThrow(
      "Convert class indices with oneHot",
    );
    expect(() => cutmix({ x: y, y }, { generators: generatorsOf(count) })).toThrow(ShapeError);
    expect(() => cutmix({ x, y }, { generators: [] })).toThrow(`cutmix: got 0 generators for ${count} items`);
  });
});

describe("mixup", () => {
  const mixing = (count: number, alpha: number) => {
    const x = fromData(
      Float32Array.from({ length: count }, (_, i) => i % 2),
      [count, 1],
    );
    // Item i is 0 or 1 and the one before it the other, so the mixed item is the weight, or 1 minus it.
    const mixed = mixup({ x, y: x.add(2) }, { alpha, generators: generatorsOf(count) });
    return [...mixed.x.dataSync()].map((value, i) => (i % 2 === 1 ? value : 1 - value));
  };

  it("mixes items and targets with the same weight, each with the item before it", () => {
    const x = tensor([
      [1, 2],
      [10, 20],
      [100, 200],
    ]);
    const y = tensor([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const mixed = mixup({ x, y }, { alpha: 1, generators: generatorsOf(3, 5) });
    const weights = [0, 1, 2].map((i) => mixed.y.select(0, i).select(0, i).itemSync());
    const column = tensor(weights.map((weight) => [weight]));
    for (const [got, from] of [
      [mixed.x, x],
      [mixed.y, y],
    ]) {
      const expected = from.mul(column).add(from.roll(1, { axis: 0 }).mul(column.neg().add(1)));
      expect(got.sub(expected).abs().amax().itemSync()).toBeLessThan(1e-4);
    }
    expect(new Set(weights).size).toBe(3);
  });

  // Of the distributions whose cumulative probability has a closed form.
  it.each<[number, (x: number) => number]>([
    [1, (x) => x],
    [2, (x) => 3 * x ** 2 - 2 * x ** 3],
    [0.5, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
  ])("draws weights from Beta(%d, %d)", (alpha, cumulative) => {
    const weights = mixing(5000, alpha);
    let statistic = 0;
    for (let bin = 0; bin < 10; bin++) {
      const [least, most] = [bin / 10, (bin + 1) / 10];
      const expected = 5000 * (cumulative(most) - cumulative(least));
      const got = weights.filter((weight) => weight >= least && (weight < most || bin === 9)).length;
      statistic += (got - expected) ** 2 / expected;
    }
    // The 99.9th percentile of chi-square with 9 degrees of freedom.
    expect(statistic).toBeLessThan(27.88);
  });

  it("has finite weights for a tiny alpha, and refuses class indices", () => {
    expect(mixing(200, 1e-4).every((weight) => weight >= 0 && weight <= 1)).toBe(true);
    const batch = { x: tensor([[1], [2]]), y: tensor([0, 1], { dtype: "int32" }) };
    expect(() => mixup(batch, { generators: generatorsOf(2) })).toThrow(
      "mixup: got x float32 [2, 1] and y int32 [2]; expected floats x [B, ...] and probabilities y [B, classes]. Convert",
    );
    const floats = { x: batch.x, y: batch.x };
    expect(() => mixup({ ...floats, y: [0, 1] as never }, { generators: generatorsOf(2) })).toThrow(
      "mixup: got x float32 [2, 1] and y [0, 1]; expected floats",
    );
    expect(() => mixup(floats, { generators: generatorsOf(1) })).toThrow(
      "mixup: got 1 generators for 2 items",
    );
  });
});

describe("OneHotEncoder", () => {
  it("decodes the most probable category, and takes tensors", () => {
    const encoder = new OneHotEncoder(tensor([5, 2, 5]));
    expect(encoder.categories).toEqual([2, 5]);
    expect(
      encoder.decode(
        tensor([
          [0.3, 0.7],
          [0.9, 0.1],
        ]),
      ),
    ).toEqual([5, 2]);
  });

  it("refuses what it was not made of", () => {
    const encoder = new OneHotEncoder(["b", "a"]);
    expect(() => encoder.encode(["a", "z"])).toThrow(
      'OneHotEncoder.encode: got "z" as label 1; expected one of ["a", "b"]',
    );
    expect(() => encoder.decode(tensor([[1]]))).toThrow("OneHotEncoder.decode: got [1, 1]; expected [B, 2]");
    expect(() => new OneHotEncoder([])).toThrow("OneHotEncoder: got no labels");
    expect(() => new OneHotEncoder(["a", 1])).toThrow(
      'got the labels "a" and 1; expected all texts, or all finite numbers',
    );
    expect(() => new OneHotEncoder([NaN])).toThrow("expected all texts, or all finite numbers");
  });
});
