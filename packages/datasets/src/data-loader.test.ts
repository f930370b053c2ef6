import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { tensor } from "@stargrad/tensor";
import {
  arrays,
  DataLoader,
  randomSampler,
  decodeIdx,
  decodeImage,
  rasterize,
  readIdx,
  readImage,
  splitTokens,
  textWindows,
  type DataLoaderOptions,
  type DataLoaderState,
  type Dataset,
} from "./index.js";

/** A dataset whose items are their own indices, and whose batches are plain arrays. */
const indices = (length: number): Dataset<number[]> => ({ length, batch: (picked) => [...picked] });

const sorted = (values: number[]) => [...values].sort((a, b) => a - b);

describe("wrong arguments of datasets", () => {
  it("are named", async () => {
    const data = arrays({ x: tensor([1, 2]) });
    expect(() => data.batch(9 as never)).toThrow("batch: got 9; expected an Int32Array of indices");
    expect(() => new DataLoader(data, { sampler: [0, 1] as never })).toThrow(
      "expected a sampler with `length`",
    );
    expect(() => textWindows("hello" as never, { length: 2 })).toThrow("textWindows: got a text");
    expect(() => splitTokens("hello" as never)).toThrow("splitTokens: got a text");
    expect(() => rasterize(undefined as never)).toThrow("rasterize: got strokes undefined");
    expect(() => decodeIdx("a" as never)).toThrow("use readIdx(path)");
    await expect(readIdx(undefined as never)).rejects.toThrow("readIdx: got source undefined");
    await expect(readImage(undefined as never)).rejects.toThrow("readImage: got source undefined");
    await expect(decodeImage("a.png" as never)).rejects.toThrow("use readImage(path)");
  });
});

describe("an epoch", () => {
  it("yields the items in the dataset's order, with a smaller last batch", () => {
    const loader = new DataLoader(indices(5), { batchSize: 2 });
    expect(loader.length).toBe(3);
    expect([...loader]).toEqual([[0, 1], [2, 3], [4]]);
  });

  it("yields the same items after a dataset has changed the indices it got", () => {
    const zeroing: Dataset<number[]> = {
      length: 3,
      batch(picked) {
        const items = [...picked];
        picked.fill(0);
        return items;
      },
    };
    const loader = new DataLoader(zeroing, { batchSize: 3 });
    expect([...loader, ...loader]).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  it("refuses what is no index of an item", () => {
    const data = arrays({ x: Float32Array.of(1, 2, 3) });
    for (const wrong of [NaN, 0.5, -1, 3]) {
      expect(() => data.batch(Float64Array.of(0, wrong) as unknown as Int32Array)).toThrow(
        `got index ${wrong} into 3 items`,
      );
    }
  });

  it("leaves out a smaller last batch with dropLast", () => {
    const loader = new DataLoader(indices(5), { batchSize: 2, dropLast: true });
    expect(loader.length).toBe(2);
    expect([...loader]).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("has no batches if there are no items", () => {
    const loader = new DataLoader(indices(0), { shuffle: true });
    expect([loader.length, ...loader]).toEqual([0]);
  });

  it("supports for await, and awaits asynchronous batches", async () => {
    const later: Dataset<Promise<number[]>> = { length: 3, batch: (picked) => Promise.resolve([...picked]) };
    const batches: number[][] = [];
    for await (const batch of new DataLoader(later, { batchSize: 2 })) batches.push(batch);
    expect(batches).toEqual([[0, 1], [2]]);
  });

  it("ends with the error of a batch that cannot be made", async () => {
    const broken: Dataset<number> = {
      length: 2,
      batch: () => {
        throw new Error("unreadable picture");
      },
    };
    const loop = async () => {
      for await (const batch of new DataLoader(broken)) expect(batch).toBeDefined();
    };
    await expect(loop()).rejects.toThrow("unreadable picture");
  });

  it("yields tensors from arrays", () => {
    const [{ x, y }] = new DataLoader(arrays({ x: Float32Array.of(5, 6), y: Int32Array.of(1, 0) }), {
      batchSize: 2,
    });
    expect([x.toArraySync(), y.toArraySync()]).toEqual([
      [5, 6],
      [1, 0],
    ]);
  });
});

describe("shuffling", () => {
  const epochs = (seed: number, count: number) => {
    const loader = new DataLoader(indices(100), { batchSize: 7, shuffle: true, seed });
    return Array.from({ length: count }, () => [...loader].flat());
  };

  it("gives every item once, in a different order in each epoch", () => {
    const orders = epochs(1, 4);
    for (const order of orders) expect(sorted(order)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(new Set(orders.map(String)).size).toBe(4);
  });

  it("depends on the seed alone", () => {
    expect(epochs(1, 3)).toEqual(epochs(1, 3));
    expect(new Set([...epochs(1, 3), ...epochs(2, 3)].map(String)).size).toBe(6);
  });

  it("puts every item at every position equally often", () => {
    const loader = new DataLoader(indices(4), { batchSize: 4, shuffle: true });
    const counts = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
    for (let epoch = 0; epoch < 2000; epoch++) {
      for (const order of loader) order.forEach((item, place) => counts[item][place]++);
    }
    // 500 expected, standard deviation √(2000 · ¼ · ¾) ≈ 19.
    for (const count of counts.flat()) expect(Math.abs(count - 500)).toBeLessThan(5 * 19.4);
  });
});

describe("a sampler", () => {
  it("decides the order of each epoch", () => {
    const sampler = { length: 2, order: (epoch: number) => Int32Array.of(epoch, 4) };
    const loader = new DataLoader(indices(5), { sampler });
    expect([[...loader], [...loader]]).toEqual([
      [[0], [4]],
      [[1], [4]],
    ]);
  });

  it("cannot be combined with shuffle", () => {
    const sampler = { length: 0, order: () => new Int32Array(0) };
    expect(() => new DataLoader(indices(5), { sampler, shuffle: true })).toThrow(
      "both a sampler and shuffle",
    );
  });
});

describe("state and restore", () => {
  const options: DataLoaderOptions = { batchSize: 3, shuffle: true, seed: 5 };
  const load = (length = 10) => new DataLoader(indices(length), options);

  it("continue after the current batch, as without an interruption", () => {
    const counts = { items: fc.integer({ min: 1, max: 20 }), stop: fc.nat(30), dropLast: fc.boolean() };
    fc.assert(
      fc.property(fc.record(counts), ({ items, stop, dropLast }) => {
        const make = () => new DataLoader(indices(items), { ...options, dropLast });
        const uninterrupted: number[][] = [];
        const interrupted: number[][] = [];

        let saved: string | undefined;
        const first = make();
        for (let epoch = 0; epoch < 3; epoch++) {
          for (const batch of first) {
            uninterrupted.push(batch);
            if (saved === undefined) interrupted.push(batch);
            if (uninterrupted.length === stop) saved = JSON.stringify(first.state());
          }
        }
        saved ??= JSON.stringify(first.state());

        const second = make();
        second.restore(JSON.parse(saved) as DataLoaderState);
        while (second.epoch < 3) interrupted.push(...second);
        expect(interrupted).toEqual(uninterrupted);
      }),
    );
  });

  it("work between epochs", () => {
    const first = load();
    const [once, twice] = [[...first], [...first]];
    const second = load();
    expect([...second]).toEqual(once);
    const third = load();
    third.restore(second.state());
    expect([...third]).toEqual(twice);
  });

  it("leaving a loop early ends its epoch, unless its state is restored", () => {
    const whole = load();
    const [first, second] = [[...whole], [...whole]];
    const loader = load();
    const [peeked] = loader;
    expect(peeked).toEqual(first[0]);
    const state = loader.state();
    expect(state).toMatchObject({ epoch: 0, position: 1 });
    expect([...loader]).toEqual(second);
    loader.restore(state);
    expect([...loader]).toEqual(first.slice(1));
    expect([...loader]).toEqual(second);
  });

  it("ends a loop that is restored but not left, because it would go on where it was", () => {
    const loader = load();
    const state = loader.state();
    const read: number[][] = [];
    expect(() => {
      for (const batch of loader) {
        read.push(batch);
        if (read.length === 2) loader.restore(state);
      }
    }).toThrow(
      "DataLoader: was restored inside of a loop over it; the loop would go on where it was. Leave the loop with break after restore",
    );
    expect(read).toHaveLength(2);
    for (const batch of loader) {
      if (batch.length > 0) loader.restore(state);
      break;
    }
    expect([...loader]).toEqual([...load()]);
  });

  it("two loops at once do not disturb each other", () => {
    const whole = load();
    const [first, second] = [[...whole], [...whole]];
    const loader = load();
    const outer: number[][] = [];
    for (const batch of loader) {
      outer.push(batch);
      if (outer.length === 1) expect([...loader]).toEqual(second);
    }
    expect(outer).toEqual(first);
  });

  it.each<[Partial<DataLoaderState>, string]>([
    [{ seed: 6 }, "saved with seed 6, this loader has 5"],
    [{ batchSize: 4 }, "saved with batchSize 4, this loader has 3"],
    [{ items: 11 }, "saved with items 11, this loader has 10"],
    [{ position: 5 }, "a position of at most 4"],
    [{ position: -1 }, "expected whole numbers"],
    [{ epoch: 0.5 }, "expected whole numbers"],
    [{ epoch: NaN }, "expected whole numbers"],
  ])("refuse %o", (change, message) => {
    const loader = load();
    expect(() => {
      loader.restore({ ...loader.state(), ...change });
    }).toThrow(message);
  });
});

it.each([0, -1, 2.5, NaN])("a batch size of %d is rejected", (batchSize) => {
  expect(() => new DataLoader(indices(5), { batchSize })).toThrow(`DataLoader: got batchSize ${batchSize}`);
});

it("takes no memory for the order of a large dataset, and refuses more items than it can count or shuffle", () => {
  const load = (length: number, rest: DataLoaderOptions = {}) =>
    new DataLoader({ length, batch: (order) => [...order] }, { batchSize: 4, ...rest });
  const [first] = load(2 ** 31);
  expect(first).toEqual([0, 1, 2, 3]);
  expect(() => load(2 ** 31 + 1)).toThrow(
    "DataLoader: got a dataset of 2147483649 items; expected at most 2³¹ items. Draw from them: { sampler",
  );
  expect(() => load(3e8, { shuffle: true })).toThrow("expected at most 2²⁸ items to shuffle");
  expect([...load(3e8, { sampler: randomSampler(3e8, { draws: 4 }) })]).toHaveLength(1);
});

it.each([Promise.resolve(1), { x: 1 }, [1, 2], undefined])(
  "a loader of %o is refused",
  (dataset: unknown) => {
    expect(() => new DataLoader(dataset as never)).toThrow("DataLoader: got something that is no dataset");
  },
);

it.each(["batchSize", "shuffle", "seed", "dropLast", "sampler"])("refuses an assignment to %s", (name) => {
  const loader = new DataLoader({ length: 2, batch: (order) => order });
  expect(() => Object.assign(loader, { [name]: 3 })).toThrow(
    `DataLoader: got an assignment to ${name}, which would have no effect. Construct another DataLoader`,
  );
});
