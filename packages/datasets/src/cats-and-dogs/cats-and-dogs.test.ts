import { sized } from "@stargrad/tensor/testing";
import { describe, expect, it } from "vitest";

import { catOrDog, catsAndDogs, rasterize } from "../index.js";

/** The pictures of a dataset, each as a text of its 8-bit pixels. */
function pictures(options: Parameters<typeof catsAndDogs>[0]): string[] {
  const { x } = catsAndDogs(options).all();
  const [count, , height, width] = x.shape;
  const pixels = Uint8Array.from(x.dataSync(), (value) => Math.round(255 * value));
  return Array.from({ length: count }, (_, i) =>
    String.fromCharCode(...pixels.subarray(i * height * width, (i + 1) * height * width)),
  );
}

describe("catsAndDogs", () => {
  it("are pictures with one channel, in which cats and dogs take turns", () => {
    const { x, y } = catsAndDogs({ samples: 5, size: 20 }).all();
    expect([x.shape, x.dtype, y.shape, y.dtype]).toEqual([[5, 1, 20, 20], "float32", [5], "int32"]);
    expect([...y.dataSync()]).toEqual([0, 1, 0, 1, 0]);
    expect(x.amin().itemSync()).toBe(0);
    expect(x.amax().itemSync()).toBe(1);
  });

  it("may be none, and as small as one pixel", () => {
    expect(catsAndDogs({ samples: 0 }).all().x.shape).toEqual([0, 1, 32, 32]);
    expect(catsAndDogs({ samples: 3, size: 1 }).all().x.shape).toEqual([3, 1, 1, 1]);
  });

  it("may not be more than memory holds", () => {
    expect(() => catsAndDogs({ samples: 2 ** 31 })).toThrow(
      "catsAndDogs: got 2147483648 pictures of size 32, 2199023255552 numbers; expected at most 268435456",
    );
  });

  it("are the same for the same seed, whatever their number", () => {
    const four = pictures({ samples: 4, seed: 3 });
    expect(pictures({ samples: 9, seed: 3 }).slice(0, 4)).toEqual(four);
    expect(pictures({ samples: 4, seed: 4 })).not.toEqual(four);
  });

  it("are the same bits everywhere", () => {
    let hash = 0x811c9dc5;
    for (const picture of pictures({ samples: 40, seed: 1 })) {
      for (let i = 0; i < picture.length; i++)
        hash = Math.imul(hash ^ picture.charCodeAt(i), 0x01000193) >>> 0;
    }
    expect(hash.toString(16)).toMatchInlineSnapshot(`"23c12350"`);
  });

  it("are all different, with ink in the picture and paper around it", () => {
    const samples = sized({ short: 300, long: 10_000 });
    const drawn = pictures({ samples, seed: 2 });
    expect(new Set(drawn).size).toBe(samples);
    const shares = drawn.map((picture) => {
      let ink = 0;
      for (let i = 0; i < picture.length; i++) ink += picture.charCodeAt(i) / 255;
      return ink / picture.length;
    });
    expect(Math.min(...shares)).toBeGreaterThan(0.015);
    expect(Math.max(...shares)).toBeLessThan(0.65);
  });

  it("refuse options out of range", () => {
    expect(() => catsAndDogs({ samples: -1 })).toThrow("catsAndDogs: got samples -1");
    expect(() => catsAndDogs({ size: 0.5 })).toThrow("catsAndDogs: got size 0.5");
    expect(() => catsAndDogs({ seed: -1 })).toThrow("Generator: got -1");
  });
});

describe("catOrDog", () => {
  it("is one drawing of the dataset, as strokes", () => {
    const second = catsAndDogs({ samples: 2, seed: 6, size: 24 }).batch(Int32Array.of(1));
    const strokes = catOrDog({ animal: "dog", seed: 6, index: 1 });
    expect(rasterize(strokes, { size: 24 }).dataSync()).toEqual(second.x.dataSync());
  });

  it("has lines of finite points, whose widths differ from drawing to drawing", () => {
    const drawings = Array.from({ length: 50 }, (_, index) => catOrDog({ animal: "cat", index }));
    for (const strokes of drawings) {
      expect(strokes.length).toBeGreaterThan(5);
      expect(strokes.flatMap(({ points }) => points.flat()).every(Number.isFinite)).toBe(true);
    }
    expect(new Set(drawings.map(([{ width }]) => width)).size).toBe(50);
  });

  it("refuses another animal, and an index below 0", () => {
    expect(() => catOrDog({ animal: "cow" as "cat" })).toThrow(
      'catOrDog: got animal "cow"; expected "cat" or "dog"',
    );
    expect(() => catOrDog({ animal: "cat", index: -1 })).toThrow("catOrDog: got index -1");
    expect(() => catOrDog({} as { animal: "cat" })).toThrow("catOrDog: got no animal");
  });
});
