import { StargradError, tensor, Tensor } from "@stargrad/tensor";
import { describe, expect, expectTypeOf, it, vi } from "vitest";

import { collate, DataLoader, itemDataset, padSequences, streamBatches } from "../index.js";

const plain = (x: Tensor) => [x.dtype, x.shape, x.toArraySync()];

describe("collate", () => {
  it("makes tensors of what is numeric, in nested records and lists, and keeps texts", () => {
    const batch = collate([
      {
        x: Float64Array.of(1, 2),
        at: { y: 3, ok: true },
        name: "a",
        pair: [tensor([1]), { z: 1 }],
        tags: ["p", "q"],
      },
      {
        x: Float64Array.of(3, 4),
        at: { y: 5, ok: false },
        name: "b",
        pair: [tensor([2]), { z: 2 }],
        tags: [],
      },
    ]);
    expect(plain(batch.x)).toEqual([
      "float64",
      [2, 2],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(plain(batch.at.y)).toEqual(["float32", [2], [3, 5]]);
    expect(plain(batch.at.ok)).toEqual(["bool", [2], [true, false]]);
    expect([batch.name, batch.tags]).toEqual([
      ["a", "b"],
      [["p", "q"], []],
    ]);
    const [first, second] = batch.pair as unknown as [Tensor, { z: Tensor }];
    expect([first.toArraySync(), second.z.toArraySync()]).toEqual([
      [[1], [2]],
      [1, 2],
    ]);
    expect(plain(collate([[[1, 2]], [[3, 4]]]))).toEqual(["float32", [2, 1, 2], [[[1, 2]], [[3, 4]]]]);
    expect(plain(collate([tensor(3, { dtype: "int32" }), tensor(4, { dtype: "int32" })]))).toEqual([
      "int32",
      [2],
      [3, 4],
    ]);
    expect(collate([null, new Date(0)])).toEqual([null, new Date(0)]);
  });

  it("has the types of what it makes", () => {
    expectTypeOf(collate([1, 2])).toEqualTypeOf<Tensor>();
    expectTypeOf(collate(["a", "b"])).toEqualTypeOf<string[]>();
    interface Item {
      readonly x: number[][];
      readonly y: { readonly z: boolean };
      readonly name: "a" | "b";
      readonly words: string[];
    }
    expectTypeOf(collate<Item>).returns.toEqualTypeOf<{
      x: Tensor;
      y: { z: Tensor };
      name: ("a" | "b")[];
      words: string[][];
    }>();
  });

  it.each<[unknown, string]>([
    [[], "collate: got []; expected a list of at least one item"],
    [[{ x: 1 }, { y: 1 }], "collate: got the fields x in item 0, and the fields y in item 1"],
    [
      [{ x: { y: 1 } }, { x: { y: "a" } }],
      'collate: got 1 in item 0.x.y, and "a" in item 1.x.y; expected items that are alike',
    ],
    [[1, null], "got 1 in item 0, and null in item 1"],
    [[[1, 2], [3]], "collate: got item 0 of float32 [2] and item 1 of float32 [1]; expected equal shapes"],
    [[{ x: [1, [2]] }], "collate: item 0.x: "],
    [[Int32Array.of(1), Float32Array.of(1)], "item 0 of int32 [1] and item 1 of float32 [1]"],
    [[[tensor(1)], [tensor(1), tensor(2)]], "got [a tensor] in item 0, and [a tensor, a tensor] in item 1"],
  ])("refuses %j", (items, message) => {
    expect(() => collate(items as unknown[])).toThrow(message);
  });
});

describe("padSequences", () => {
  it("pads to the longest sequence or to a length", () => {
    const sequences = [Int32Array.of(5, 6, 7), Int32Array.of(), Int32Array.of(8)];
    const { values, lengths } = padSequences(sequences, { value: -1 });
    expect(plain(values)).toEqual([
      "int32",
      [3, 3],
      [
        [5, 6, 7],
        [-1, -1, -1],
        [8, -1, -1],
      ],
    ]);
    expect(plain(lengths)).toEqual(["int32", [3], [3, 0, 1]]);
    expect(padSequences([tensor([[1, 2]])], { length: 3 }).values.toArraySync()).toEqual([
      [
        [1, 2],
        [0, 0],
        [0, 0],
      ],
    ]);
  });

  it.each<[unknown, object, string]>([
    [[], {}, "padSequences: got no sequences"],
    [[[1, 2]], { length: 1 }, "got a sequence of 2 for a length of 1"],
    [[[[1]], [[1, 2]]], {}, "got float32 [1, 1] and, as sequence 1, float32 [1, 2]; expected [length, ...]"],
    [[tensor(1)], {}, "expected [length, ...]"],
    [
      [Int32Array.of(1)],
      { value: 0.5 },
      "got value 0.5, which the element type of the sequences cannot hold",
    ],
    [3, {}, "padSequences: got 3; expected a list of sequences"],
  ])("refuses %j with %o", (sequences, options, message) => {
    expect(() => padSequences(sequences as number[][], options)).toThrow(message);
  });
});

describe("itemDataset", () => {
  it("makes batches of a list, and of items that are read by their index", () => {
    const list = itemDataset([
      { x: [1, 2], name: "a" },
      { x: [3, 4], name: "b" },
    ]);
    expect(list.length).toBe(2);
    const { x, name } = list.batch(Int32Array.of(1, 0, 1));
    expect([x.toArraySync(), name]).toEqual([
      [
        [3, 4],
        [1, 2],
        [3, 4],
      ],
      ["b", "a", "b"],
    ]);
    const squares = itemDataset({ length: 4, get: (i) => i * i }, { collate: (items) => items.join("+") });
    expectTypeOf(squares.batch(Int32Array.of())).toEqualTypeOf<string>();
    expect([...new DataLoader(squares, { batchSize: 3 })]).toEqual(["0+1+4", "9"]);
    expect([...new DataLoader(itemDataset([]))]).toEqual([]);
  });

  it("gives `get` the epoch, and its own object as `this`", () => {
    class Counting {
      readonly length = 2;
      readonly factor = 10;
      get(index: number, epoch: number) {
        return `${this.factor * index}:${epoch}`;
      }
    }
    const loader = new DataLoader(itemDataset(new Counting()), { batchSize: 2 });
    expect([...loader, ...loader]).toEqual([
      ["0:0", "10:0"],
      ["0:1", "10:1"],
    ]);
  });

  it("reads asynchronous items of a batch side by side", async () => {
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const later = itemDataset({
      length: 3,
      get: async (i) => {
        begun.push(i);
        await new Promise<void>((resolve) => finish.push(resolve));
        return i;
      },
    });
    const batch = later.batch(Int32Array.of(2, 0));
    expectTypeOf(batch).toEqualTypeOf<Promise<Tensor>>();
    expect(begun).toEqual([2, 0]);
    finish.reverse().forEach((resolve) => {
      resolve();
    });
    expect((await batch).toArraySync()).toEqual([2, 0]);
  });

  it("names the index of an item that fails, and keeps the error with its stack", async () => {
    function tearThePage(): never {
      throw new TypeError("torn page");
    }
    const asked = (dataset: { batch(indices: Int32Array): unknown }) => async () =>
      await dataset.batch(Int32Array.of(0, 2, 1));
    const error = async (call: () => Promise<unknown>): Promise<StargradError> => {
      const thrown: unknown = await call().then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(thrown).toBeInstanceOf(StargradError);
      return thrown as StargradError;
    };
    const sources: readonly ((i: number) => number | Promise<number>)[] = [
      (i: number) => (i === 2 ? tearThePage() : i),
      async (i: number) => (i === 2 ? tearThePage() : await Promise.resolve(i)),
    ];
    for (const get of sources) {
      const { message, cause } = await error(asked(itemDataset({ length: 3, get })));
      expect(message).toBe("itemDataset: item 2: torn page");
      expect(cause).toBeInstanceOf(TypeError);
      expect((cause as Error).stack).toContain("tearThePage");
    }
    const uneven = itemDataset([[1], [2], [3, 4]]);
    expect((await error(asked(uneven))).message).toContain(
      "got item 0 of float32 [1] and item 2 of float32 [2]",
    );
  });

  it("refuses what has no items", () => {
    expect(() => itemDataset({ length: 2 } as never)).toThrow(
      "itemDataset: got an object; expected a list of items, or an object",
    );
    expect(() => itemDataset([1]).batch(Int32Array.of(1))).toThrow("got index 1 into 1 items");
    expect(() => itemDataset([1]).batch(Int32Array.of())).toThrow("itemDataset: got a batch of no items");
  });
});

describe("streamBatches", () => {
  function* numbers(ended: () => void) {
    try {
      for (let i = 0; i < 5; i++) yield i;
    } finally {
      ended();
    }
  }
  const read = async (options: object) => {
    const batches: unknown[] = [];
    for await (const batch of streamBatches([0, 1, 2, 3, 4], options)) batches.push(batch.toArraySync());
    return batches;
  };

  it("makes batches of items whose number is not known", async () => {
    expect(await read({ batchSize: 2 })).toEqual([[0, 1], [2, 3], [4]]);
    expect(await read({ batchSize: 2, dropLast: true })).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const texts: string[] = [];
    for await (const batch of streamBatches(
      new Blob(["ab"]).stream() as unknown as AsyncIterable<Uint8Array>,
      {
        collate: ([piece]) => new TextDecoder().decode(piece),
      },
    ))
      texts.push(batch);
    expect(texts).toEqual(["ab"]);
  });

  it("ends the source when the loop is left, and names the item that does not fit", async () => {
    const ended = vi.fn();
    for await (const batch of streamBatches(numbers(ended), { batchSize: 2 })) {
      expect(batch.toArraySync()).toEqual([0, 1]);
      break;
    }
    expect(ended).toHaveBeenCalledOnce();
    const loop = async () => {
      for await (const batch of streamBatches([1, 2, 3, "a"], { batchSize: 2 })) expect(batch).toBeDefined();
    };
    await expect(loop()).rejects.toThrow('got 3 in item 2, and "a" in item 3');
    expect(() => streamBatches(3 as never)).toThrow("streamBatches: got 3; expected items to iterate over");
  });
});

describe("prefetch", () => {
  /** A dataset that notes which batches were begun, and finishes them when it is told to. */
  function gated() {
    const begun: number[] = [];
    return {
      begun,
      length: 6,
      batch: (picked: Int32Array) => {
        begun.push(picked[0]);
        return Promise.resolve(picked[0]);
      },
    };
  }

  it("begins the given number of batches ahead, and none after the loop was left", async () => {
    for (const [prefetch, expected] of [
      [0, [[0], [0, 1], [0, 1, 2]]],
      [
        2,
        [
          [0, 1, 2],
          [0, 1, 2, 3],
          [0, 1, 2, 3, 4],
        ],
      ],
      [
        9,
        [
          [0, 1, 2, 3, 4, 5],
          [0, 1, 2, 3, 4, 5],
          [0, 1, 2, 3, 4, 5],
        ],
      ],
    ] as const) {
      const dataset = gated();
      const seen: number[][] = [];
      for await (const batch of new DataLoader(dataset, { prefetch })) {
        seen.push([...dataset.begun]);
        if (batch === 2) break;
      }
      expect(seen).toEqual(expected);
      const begun = dataset.begun.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(dataset.begun.length).toBe(begun);
    }
  });

  it("gives the same batches and positions for any number, also after a restore in the middle", async () => {
    const read = async (prefetch: number, stopAt: number) => {
      const make = () => new DataLoader(gated(), { prefetch, shuffle: true, seed: 4, batchSize: 2 });
      const seen: unknown[] = [];
      const first = make();
      for await (const batch of first) {
        seen.push([batch, first.state()]);
        if (first.state().position === stopAt) break;
      }
      const second = make();
      second.restore(JSON.parse(JSON.stringify(first.state())) as ReturnType<typeof first.state>);
      for await (const batch of second) seen.push([batch, second.state()]);
      for await (const batch of second) seen.push([batch, second.state()]);
      return seen;
    };
    for (const stopAt of [1, 2]) {
      const expected = await read(0, stopAt);
      expect(expected).toHaveLength(6);
      expect(await read(1, stopAt)).toEqual(expected);
      expect(await read(5, stopAt)).toEqual(expected);
    }
  });

  it("throws the error of a batch in its turn, and leaves no rejection unhandled", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    try {
      for (const make of [() => Promise.reject(new Error("torn page")), () => expect.fail("torn page")]) {
        const dataset = {
          length: 4,
          batch: (picked: Int32Array) => (picked[0] < 2 ? Promise.resolve(picked[0]) : make()),
        };
        const seen: number[] = [];
        const loop = async (end: number) => {
          for await (const batch of new DataLoader<Promise<number>>(dataset, { prefetch: 3 })) {
            seen.push(batch);
            await new Promise((resolve) => setTimeout(resolve, 2));
            if (seen.length === end) break;
          }
        };
        await loop(1);
        await expect(loop(9)).rejects.toThrow("torn page");
        expect(seen).toEqual([0, 0, 1]);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off("unhandledRejection", unhandled);
    }
  });

  it("also reads ahead for an evaluation, and checks its number", async () => {
    const dataset = gated();
    for await (const batch of new DataLoader(dataset, { prefetch: 2 }).batches()) {
      expect(batch).toBe(0);
      break;
    }
    expect(dataset.begun).toEqual([0, 1, 2]);
    expect(() => new DataLoader(dataset, { prefetch: -1 })).toThrow(
      "DataLoader: got prefetch -1; expected a whole number of at least 0",
    );
  });
});
