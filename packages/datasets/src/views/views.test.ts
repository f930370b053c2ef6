import { fromData, tensor, type Tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it, vi } from "vitest";

import {
  arrays,
  cacheDataset,
  concatDatasets,
  DataLoader,
  filterDataset,
  mapDataset,
  splitDataset,
  stratifiedSplit,
  subset,
  type Dataset,
} from "../index.js";

/** A dataset whose items are their own indices. */
const indices = (length: number): Dataset<number[]> => ({ length, batch: (picked) => [...picked] });
const later = (length: number): Dataset<Promise<number[]>> => ({
  length,
  batch: (picked) => Promise.resolve([...picked]),
});
const points = (length: number, from = 0) =>
  arrays({
    x: fromData(
      Float32Array.from({ length: 2 * length }, (_, i) => from + i),
      [length, 2],
    ),
    y: Int32Array.from({ length }, (_, i) => from + i),
  });
const all = <Batch>(dataset: Dataset<Batch>): Batch =>
  dataset.batch(Int32Array.from({ length: dataset.length }, (_, i) => i));
const plain = ({ x, y }: { x: Tensor; y: Tensor }) => ({ x: x.toArraySync(), y: y.toArraySync() });
const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe("mapDataset", () => {
  it("changes batches when they are read, and not before", () => {
    const change = vi.fn((batch: number[]) => batch.map((i) => i * i));
    const squares = mapDataset(indices(5), change);
    expect([squares.length, change.mock.calls.length]).toEqual([5, 0]);
    expect(squares.batch(Int32Array.of(4, 2))).toEqual([16, 4]);
    expect(change).toHaveBeenCalledOnce();
  });

  it("awaits an asynchronous dataset, and keeps the types", async () => {
    const squares = mapDataset(later(3), (batch) => batch.map((i) => i * i));
    expectTypeOf(squares).toEqualTypeOf<Dataset<Promise<number[]>>>();
    expectTypeOf(mapDataset(indices(3), (batch) => batch.length)).toEqualTypeOf<Dataset<number>>();
    expect(await all(squares)).toEqual([0, 1, 4]);
  });

  it("gives each item draws of its seed, its epoch and its index, in whatever batch", () => {
    const draws = (seed: number) =>
      mapDataset(
        indices(100),
        (_, { generators }) => generators.map((each) => [each.uniform(), each.uniform()]),
        { seed },
      );
    const whole = all(draws(1));
    expect(new Set(whole.flat()).size).toBe(200);
    expect(draws(1).batch(Int32Array.of(70, 3, 70))).toEqual([whole[70], whole[3], whole[70]]);
    expect(draws(1).batch(Int32Array.of(3), 1)).not.toEqual([whole[3]]);
    expect(draws(2).batch(Int32Array.of(3))).not.toEqual([whole[3]]);
  });

  it("draws anew in each epoch of a loader, and the same after a restore", () => {
    const make = () =>
      new DataLoader(
        mapDataset(indices(6), (batch, { epoch, generators }) =>
          batch.map((i, at) => [epoch, i, generators[at].uniform()]),
        ),
        { batchSize: 2, shuffle: true },
      );
    const whole = make();
    const [first, second] = [[...whole], [...whole]];
    expect(first.flat().map(([epoch]) => epoch)).toEqual(Array(6).fill(0));
    expect(second.flat().map(([epoch]) => epoch)).toEqual(Array(6).fill(1));
    expect(sorted(first.flat().map(([, , draw]) => draw))).not.toEqual(
      sorted(second.flat().map(([, , draw]) => draw)),
    );
    const resumed = make();
    resumed.restore({ ...resumed.state(), epoch: 1, position: 1 });
    expect([...resumed]).toEqual(second.slice(1));
  });

  it("hands the epoch of a loader through other views", () => {
    const epochs = mapDataset(indices(4), (batch, { epoch }) => batch.map(() => epoch));
    const loader = new DataLoader(subset(concatDatasets([epochs, epochs]), [0, 5]), { batchSize: 2 });
    expect([...loader, ...loader]).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe("subset", () => {
  it("has the given items in their order, also twice", () => {
    const some = subset(indices(9), [8, 0, 8]);
    expect([some.length, all(some)]).toEqual([3, [8, 0, 8]]);
    expect(some.batch(Int32Array.of(2, 1))).toEqual([8, 0]);
    expect([...new DataLoader(subset(indices(3), []))]).toEqual([]);
  });

  it("refuses an index out of range, when it is made and when it is read", () => {
    for (const wrong of [3, -1, 0.5, NaN]) {
      expect(() => subset(indices(3), [0, wrong])).toThrow(`subset: got index ${wrong} into 3 items`);
    }
    expect(() => subset(indices(9), [8]).batch(Int32Array.of(1))).toThrow("got index 1 into 1 items");
    expect(() => subset(indices(9), 3 as never)).toThrow("subset: got 3; expected a list of indices");
  });

  it("does not change with the list that it got", () => {
    const list = Int32Array.of(1, 2);
    const some = subset(indices(5), list);
    list.fill(0);
    expect(all(some)).toEqual([1, 2]);
  });
});

describe("filterDataset", () => {
  it("keeps what a tensor or a list says", async () => {
    const kept = await filterDataset(points(600), ({ y }) => y.greater(597));
    expect(plain(all(kept))).toEqual({
      x: [
        [1196, 1197],
        [1198, 1199],
      ],
      y: [598, 599],
    });
    expect(all(await filterDataset(indices(6), (batch) => batch.map((i) => i % 2 === 0)))).toEqual([0, 2, 4]);
    expect(await all(await filterDataset(later(3), (batch) => batch.map((i) => i > 0)))).toEqual([1, 2]);
    expect((await filterDataset(indices(0), () => [])).length).toBe(0);
    expect((await filterDataset(points(3), ({ y }) => y.less(0))).length).toBe(0);
  });

  it.each<[string, unknown, string]>([
    ["one value", true, "keep returned true for 3 items"],
    ["too few values", [true], "keep returned [true] for 3 items"],
    ["a text", "abc", 'keep returned "abc" for 3 items'],
    ["nothing", undefined, "keep returned undefined for 3 items"],
    ["a tensor of two axes", tensor([[1, 0, 1]]), "keep returned a tensor of shape [1, 3] for 3 items"],
  ])("refuses %s", async (_, mask, message) => {
    await expect(filterDataset(indices(3), () => mask as never)).rejects.toThrow(`filterDataset: ${message}`);
  });
});

describe("splitDataset", () => {
  it("gives each item to one part", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), fc.nat(99), (lengths, seed) => {
        const length = lengths.reduce((sum, each) => sum + each, 0);
        const parts = splitDataset(indices(length), lengths, { seed });
        expect(parts.map((part) => part.length)).toEqual(lengths);
        expect(sorted(parts.flatMap(all))).toEqual(all(indices(length)));
      }),
      { numRuns: 50 },
    );
  });

  it("depends on the seed, and takes fractions that floats round", () => {
    const split = (seed: number) => splitDataset(indices(50), [0.7, 0.2, 0.1], { seed }).map(all);
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
    expect(split(0).map((part) => part.length)).toEqual([35, 10, 5]);
    expectTypeOf(splitDataset(indices(5), [0.5, 0.5])).toEqualTypeOf<
      readonly [Dataset<number[]>, Dataset<number[]>]
    >();
    const [one, none] = splitDataset(indices(1), [0.5, 0.5]);
    expect([all(one), all(none)]).toEqual([[0], []]);
  });

  it.each<[unknown, string]>([
    [
      [4, 5],
      "splitDataset: got lengths [4, 5], which add up to 9; expected whole numbers that add up to 10, or fractions that add up to 1",
    ],
    [[0.5, 0.4], "which add up to 0.9"],
    [[], "which add up to 0"],
    [[-1, 11], "got lengths [-1, 11]; expected a list, each element a finite number of at least 0"],
    [0.8, "got lengths 0.8; expected a list"],
  ])("refuses the lengths %j", (lengths, message) => {
    expect(() => splitDataset(indices(10), lengths as never)).toThrow(message);
  });
});

describe("stratifiedSplit", () => {
  it("gives each part its share of every class, and each item to one part", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(4), { maxLength: 80 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(9),
        (labels, fraction, seed) => {
          const parts = stratifiedSplit(indices(labels.length), labels, [fraction, 1 - fraction], {
            seed,
          }).map(all);
          expect(sorted(parts.flat())).toEqual(labels.map((_, i) => i));
          const share = parts[0].length / Math.max(1, labels.length);
          for (const label of labels) {
            const got = parts[0].filter((i) => labels[i] === label).length;
            const members = labels.filter((each) => each === label).length;
            expect(Math.abs(got - share * members)).toBeLessThanOrEqual(1 + 1e-9);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("takes texts and tensors, and lengths as splitDataset does", () => {
    const [training, test] = stratifiedSplit(indices(6), ["a", "b", "a", "b", "a", "b"], [4, 2]);
    expect([all(training).filter((i) => i % 2 === 0).length, all(test).length]).toEqual([2, 2]);
    const data = points(10);
    const [half] = stratifiedSplit(data, data.field("y").div(5).floor(), [0.5, 0.5], { seed: 3 });
    const { y } = plain(all(half));
    expect((y as number[]).filter((value) => value < 5).length).toBeGreaterThanOrEqual(2);
    expect(() => stratifiedSplit(indices(3), [1, 2], [3])).toThrow(
      "stratifiedSplit: got 2 labels for 3 items",
    );
    expect(() => stratifiedSplit(indices(2), tensor([[1], [2]]), [2])).toThrow("got labels of shape [2, 1]");
    expect(() => stratifiedSplit(indices(2), [1, NaN], [2])).toThrow("got the label NaN of item 1");
  });
});

describe("concatDatasets", () => {
  it("has the items of all, in any order", () => {
    const joined = concatDatasets([points(2), points(0), points(3, 10)]);
    expect(joined.length).toBe(5);
    expect(plain(joined.batch(Int32Array.of(4, 0, 2, 1)))).toEqual({
      x: [
        [14, 15],
        [0, 1],
        [10, 11],
        [2, 3],
      ],
      y: [12, 0, 10, 1],
    });
    expect(plain(joined.batch(Int32Array.of(3)))).toEqual({ x: [[12, 13]], y: [11] });
    expect(plain(joined.batch(Int32Array.of()))).toEqual({ x: [], y: [] });
    expect(all(concatDatasets([indices(2), indices(1)]))).toEqual([0, 1, 0]);
    const typed: Dataset<Int32Array> = { length: 2, batch: (picked) => picked };
    expect(all(concatDatasets([typed, typed]))).toEqual(Int32Array.of(0, 1, 0, 1));
  });

  it("awaits asynchronous datasets", async () => {
    expect(await all(concatDatasets([later(2), later(1)]))).toEqual([0, 1, 0]);
  });

  it("refuses an index out of range, no datasets, and items that differ", () => {
    const joined = concatDatasets([indices(1), indices(2)]);
    expect(() => joined.batch(Int32Array.of(3))).toThrow("got index 3 into 3 items");
    expect(() => concatDatasets([])).toThrow("concatDatasets: got no datasets");
    expect(() => concatDatasets([indices(1), 3 as never])).toThrow(
      "concatDatasets: got something that is no dataset",
    );
    const wide = arrays({ x: tensor([[1, 2, 3]]), y: Int32Array.of(1) });
    expect(() => all(concatDatasets([points(1), wide]))).toThrow(
      "concatDatasets: got items that are Float32Array of shape [2] and Float32Array of shape [3]; expected equal ones",
    );
    const other = arrays({ x: tensor([[1, 2]]) });
    expect(() => all(concatDatasets<unknown>([points(1), other]))).toThrow(
      "got items with the fields x, y and x",
    );
    const pairs: Dataset<unknown> = { length: 1, batch: () => [tensor([1]), tensor([2])] };
    expect(() => all(concatDatasets([pairs, pairs]))).toThrow("got a batch that is a list of tensors");
    const short: Dataset<unknown> = { length: 2, batch: () => [1] };
    expect(() => all(concatDatasets([short, short]))).toThrow("got a batch with 1 rows for 2 items");
  });
});

describe("cacheDataset", () => {
  it("reads each item once, whatever the batches are", () => {
    const data = points(10);
    const batch = vi.fn((picked: Int32Array) => data.batch(picked));
    const cached = cacheDataset({ length: 10, batch });
    expect(plain(cached.batch(Int32Array.of(3, 1, 3)))).toEqual(plain(data.batch(Int32Array.of(3, 1, 3))));
    expect(plain(cached.batch(Int32Array.of(1, 4)))).toEqual(plain(data.batch(Int32Array.of(1, 4))));
    expect(plain(cached.batch(Int32Array.of(4, 3)))).toEqual(plain(data.batch(Int32Array.of(4, 3))));
    expect(batch.mock.calls.map(([picked]) => [...picked])).toEqual([[3, 1], [4]]);
    expect(plain(cached.batch(Int32Array.of()))).toEqual({ x: [], y: [] });
    expect(() => cached.batch(Int32Array.of(10))).toThrow("got index 10 into 10 items");
  });

  it("stays asynchronous, and reads an item again after an error", async () => {
    let failures = 1;
    const flaky: Dataset<Promise<number[]>> = {
      length: 3,
      batch: (picked) =>
        failures-- > 0 ? Promise.reject(new Error("torn page")) : Promise.resolve([...picked]),
    };
    const cached = cacheDataset(flaky);
    await expect(cached.batch(Int32Array.of(2))).rejects.toThrow("torn page");
    expect(await cached.batch(Int32Array.of(2))).toEqual([2]);
    const again = cached.batch(Int32Array.of(2));
    expect(again).toBeInstanceOf(Promise);
    expect(await again).toEqual([2]);
  });
});

it.each([
  ["mapDataset", () => mapDataset({} as never, () => 0)],
  ["subset", () => subset([1] as never, [])],
  ["splitDataset", () => splitDataset(null as never, [1])],
  ["stratifiedSplit", () => stratifiedSplit(undefined as never, [], [1])],
  ["cacheDataset", () => cacheDataset(3 as never)],
])("%s names itself for what is no dataset", (name, call) => {
  expect(call).toThrow(
    `${name}: got something that is no dataset; expected an object with \`length\` and \`batch\``,
  );
});

it("a field of arrays can be read without its batches", () => {
  expect(points(3).field("y").toArraySync()).toEqual([0, 1, 2]);
  expect(() => points(3).field("z" as never)).toThrow('field: got "z"; expected one of "x", "y"');
});
