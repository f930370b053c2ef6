import { inspect } from "node:util";

import { referenceEngine, type Engine } from "@stargrad/graph";
import { historyBound } from "@stargrad/graph/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { getEngine, setEngine } from "./engine.js";
import { arange, fromData, gather, ones, realize, tensor, Tensor, zeros } from "./index.js";

const engine = getEngine();

/** How many outputs each program had that ran during a test. */
let programs: number[];

beforeEach(() => {
  programs = [];
  setEngine({
    name: "counting",
    capabilities: engine.capabilities,
    prepare(outputs) {
      programs.push(outputs.length);
      return engine.prepare(outputs);
    },
  });
});

afterEach(() => {
  setEngine(engine);
});

describe("a tensor", () => {
  it("knows its shape, rank, size and type before anything is computed", () => {
    const x = zeros([2, 3]).add(ones([4, 1, 1], { dtype: "float64" }));
    expect(x.shape).toEqual([4, 2, 3]);
    expect(x.ndim).toBe(3);
    expect(x.size).toBe(24);
    expect(x.dtype).toBe("float64");
    expect(programs).toEqual([]);
  });

  it("is computed as one program when it is read, and only then", async () => {
    const x = tensor([1, 2, 3]);
    const y = x.mul(x).add(1).sum();
    expect(programs).toEqual([]);
    expect(await y.item()).toBe(17);
    expect(programs).toEqual([1]);
    expect(y.itemSync()).toBe(17);
    expect(programs).toEqual([1]);
  });

  it("is recomputed from its inputs if it was only an intermediate result", () => {
    const y = tensor([1, 2]).exp();
    const z = y.add(1);
    z.dataSync();
    expect(y.node.storage).toBeNull();
    y.dataSync();
    expect(programs).toEqual([1, 1]);
  });

  it("is not computed if it was created from its elements", () => {
    tensor([1, 2]).dataSync();
    realize(tensor([1, 2]));
    expect(programs).toEqual([]);
  });

  it("returns copies: writing to them does not change it", async () => {
    const x = tensor([1, 2, 3]);
    x.dataSync().fill(0);
    (await x.data()).fill(0);
    expect(x.toArraySync()).toEqual([1, 2, 3]);
  });

  it("copies its data, except with fromData", () => {
    const elements = Float32Array.of(1, 2);
    const [copied, owned] = [tensor(elements), fromData(elements, [2])];
    elements[0] = 9;
    expect(copied.toArraySync()).toEqual([1, 2]);
    expect(owned.toArraySync()).toEqual([9, 2]);
  });

  it("prints its elements, also in console.log", () => {
    expect(inspect(tensor([1, 2]))).toBe(tensor([1, 2]).toString());
    expect(inspect({ x: tensor(3) })).toBe("{ x: tensor(3, shape [], float32) }");
  });
});

describe("item", () => {
  it("is the only element, of any rank; a bool is 0 or 1", async () => {
    expect(await tensor([[[5]]]).item()).toBe(5);
    expect(tensor(true).itemSync()).toBe(1);
  });

  it("throws for no elements and for several", async () => {
    await expect(tensor([1, 2]).item()).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: item: got a tensor of shape [2] with 2 elements; expected exactly one. Reduce it first (x.mean()), or read x.data()]`,
    );
    expect(() => zeros([0]).itemSync()).toThrow("with 0 elements; expected exactly one");
  });
});

describe("realize", () => {
  it("computes several tensors as one program", () => {
    const x = tensor([1, 2, 3]);
    const [total, product, both] = [x.sum(), x.prod(), x.sum().add(x.prod())];
    realize(total, product, both);
    expect(programs).toEqual([3]);
    expect([total, product, both].map((each) => each.itemSync())).toEqual([6, 6, 12]);
    expect(programs).toEqual([3]);
  });

  it("runs nothing when nothing is pending", () => {
    const x = tensor([1]).exp();
    realize(x);
    realize(x, x);
    realize();
    expect(programs).toEqual([1]);
  });

  it("materializes a tensor's co-outputs, whether the tensor depends on them or not", () => {
    const hidden = tensor([1, 2]).exp();
    const logits = hidden.mul(2);
    const [loss, accuracy] = [logits.sum(), logits.amax()];
    for (const { node } of [logits, loss, accuracy])
      node.addCoOutputs([logits.node, loss.node, accuracy.node]);
    realize(loss);
    expect(programs).toEqual([3]);
    expect(hidden.node.storage).toBeNull();
    logits.dataSync();
    accuracy.dataSync();
    expect(programs).toEqual([3]);
  });
});

describe("a sum kept over 100,000 steps", () => {
  it("stays small, and is right", () => {
    setEngine(referenceEngine);
    let total: Tensor = zeros([], { dtype: "int32" });
    let most = 0;
    let computed = 0;
    for (let step = 1; step <= 100_000; step++) {
      const next = total.add(step);
      if (next.node.history < total.node.history) computed++;
      total = next;
      most = Math.max(most, total.node.history);
    }
    expect(most).toBeLessThanOrEqual(historyBound + 1);
    expect(computed).toBeLessThanOrEqual(Math.ceil(100_000 / historyBound));
    expect(total.dataSync()).toEqual(Int32Array.of((50_000 * 100_001) | 0));
  });
});

describe("an index that is computed", () => {
  it("is checked when it is read, and the tensor can be read again", async () => {
    const index = arange(3).add(1);
    const picked = gather(tensor([1, 2, 3]), index);
    const message = "gather: got the index 3 at position 2; expected 0 to 2";
    expect(() => picked.dataSync()).toThrow(message);
    await expect(picked.data()).rejects.toThrow(message);
  });
});

describe("setEngine", () => {
  it("sets the engine for later computations; materialized tensors stay as they are", () => {
    const done = tensor([1]).exp();
    realize(done);
    const failing: Engine = {
      name: "failing",
      capabilities: engine.capabilities,
      prepare() {
        throw new Error("no power");
      },
    };
    setEngine(failing);
    expect(getEngine().name).toBe("failing");
    expect(done.itemSync()).toBeCloseTo(Math.E);
    expect(() => done.add(1).dataSync()).toThrow("no power");
  });
});

describe("a tensor where a list belongs", () => {
  const x: unknown = tensor([1, 2]);
  it.each<[string, () => unknown]>([
    ["new Float32Array(x)", () => new Float32Array(x as number[])],
    ["Float32Array.from(x)", () => Float32Array.from(x as number[])],
    ["Array.from(x)", () => Array.from(x as number[])],
    ["x.length", () => (x as number[]).length],
  ])("%s is no empty list, but an error that says how to read it", (_, read) => {
    expect(read).toThrow("got a tensor where a list belongs. Read its elements with `await x.data()`");
  });
});

it.each(["grad", "data", "value"])("an assignment to %s is refused", (name) => {
  const x = tensor([1]);
  expect(() => Object.assign(x, { [name]: 1 })).toThrow(`Tensor: got an assignment to ${name}`);
  expect(x.dataSync()).toEqual(Float32Array.of(1));
});
