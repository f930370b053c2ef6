/* eslint-disable @typescript-eslint/restrict-template-expressions, @typescript-eslint/restrict-plus-operands -- what these rules forbid is tested here */
import assert from "node:assert";
import { isDeepStrictEqual } from "node:util";

import {
  Adam,
  allClose,
  fromData,
  Generator,
  LBFGS,
  Linear,
  Parameter,
  Sequential,
  setEngine,
  getEngine,
  tensor,
  Tensor,
  WasmEngine,
} from "stargrad";
import { afterEach, describe, expect, it } from "vitest";

// What JavaScript does with objects by itself: deep equality in tests, copies for other threads, JSON, operators. Each either sees the
// numbers or throws an error that says what to call. Three things stay as they
// are: `if (x)` is always true, as for every object; `x[0]` is undefined, because jest reads every property of the prototype when it writes a
// message; a tensor is not iterable, because jest and vitest would compare elements by iterating, and find scalars that are not equal.

const layer = (seed: number) => new Linear(2, 2, { generator: new Generator(seed) });
const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

describe("deep equality", () => {
  const pairs: Record<string, (which: number) => unknown> = {
    "tensors with other elements": (which) => tensor([1, which]),
    "tensors of other types": (which) => tensor([1, 2], { dtype: which === 0 ? "int32" : "float32" }),
    "pending tensors": (which) => tensor([1, 2]).add(which),
    parameters: (which) => new Parameter(tensor([1, which])),
    modules: (which) => new Sequential(layer(which)),
    generators: (which) => new Generator(which),
    "objects with tensors": (which) => ({ list: [tensor([which])] }),
    optimizers: (which) => new Adam(layer(which).parameters()),
  };

  it.each(Object.entries(pairs))("tells %s apart", (_, make) => {
    const [first, second] = [make(0), make(1)];
    expect(first).not.toEqual(second);
    expect(first).not.toStrictEqual(second);
    expect(isDeepStrictEqual(first, second)).toBe(false);
    assert.notDeepEqual(first, second);
    assert.notDeepStrictEqual(first, second);
  });

  it.each(Object.entries(pairs))("holds for the same object: %s", (_, make) => {
    const one = make(0);
    expect({ one }).toEqual({ one });
    expect({ one }).toStrictEqual({ one });
    assert.deepEqual({ one }, { one });
    assert.deepStrictEqual({ one }, { one });
  });

  it("shows the elements in the message of a failed test, also those that JSON lacks", () => {
    expect(() => {
      expect(tensor([1, 2])).toEqual(tensor([1, 3]));
    }).toThrow(
      "expected tensor([1, 2], shape [2], float32) to deeply equal tensor([1, 3], shape [2], float32)",
    );
    expect(() => {
      expect(tensor([NaN])).toEqual(tensor([1]));
    }).toThrow("to deeply equal");
  });

  it("is not needed to compare elements", async () => {
    expect(await tensor([1, 2]).toArray()).toEqual(await tensor([1, 2]).toArray());
    expect(await allClose(tensor([1, 2]), tensor([1, 2 + 1e-6])).item()).toBe(1);
    expect(
      await tensor([1, 2])
        .allClose(tensor([1, 3]))
        .item(),
    ).toBe(0);
  });
});

describe("allClose", () => {
  it("takes numbers, and broadcasts", async () => {
    expect(await tensor([1, 1]).allClose(1).item()).toBe(1);
    expect(
      await tensor([[1], [2]])
        .allClose(tensor([1, 2]))
        .item(),
    ).toBe(0);
  });

  it("refuses what it cannot mean", () => {
    const x = tensor([1]);
    expect(() => x.allClose(x, { relativeTolerance: -1 })).toThrow(
      "allClose: got relativeTolerance -1; expected a finite number of at least 0",
    );
    expect(() => x.allClose(x, { absoluteTolerance: NaN })).toThrow("got absoluteTolerance NaN");
    const misspelt = { rtol: 1 } as object;
    expect(() => x.allClose(x, misspelt)).toThrow("allClose: got the unknown option rtol");
    const other: Tensor = tensor([1, 2, 3]);
    expect(() => tensor([1, 2]).allClose(other)).toThrow("allClose");
  });
});

describe("structuredClone and postMessage", () => {
  const kinds: Record<string, readonly [make: () => unknown, says: string]> = {
    "a tensor": [() => tensor([1, 2]), "fromData(data, shape)"],
    "a tensor in an object": [() => ({ x: [tensor([1, 2])] }), "fromData(data, shape)"],
    "a parameter": [() => new Parameter(tensor([1])), "fromData(data, shape)"],
    "a module": [() => layer(1), "fromData(data, shape)"],
    "an optimizer": [() => new Adam(layer(1).parameters()), "fromData(data, shape)"],
    "L-BFGS": [() => new LBFGS(layer(1).parameters()), "fromData(data, shape)"],
    "an engine": [() => new WasmEngine({ threads: 1 }), "make one in each worker"],
  };

  it.each(Object.entries(kinds))("refuse %s", (_, [make, says]) => {
    expect(() => structuredClone(make())).toThrow(says);
    const { port1, port2 } = new MessageChannel();
    expect(() => {
      port1.postMessage(make());
    }).toThrow(says);
    port1.close();
    port2.close();
  });

  it("copy what the error says to send", async () => {
    const x = tensor([
      [true, false],
      [true, true],
    ]);
    const { data, shape } = structuredClone({ data: await x.data(), shape: x.shape });
    const received = fromData(data, shape);
    expect(received.dtype).toBe("bool");
    expect(await received.toArray()).toEqual(await x.toArray());
  });

  it("copy the state of a generator", () => {
    const generator = new Generator(7);
    generator.uniform();
    const received = new Generator(0);
    received.restore(structuredClone(generator) as unknown as ReturnType<Generator["state"]>);
    expect(received.uniform()).toBe(generator.uniform());
  });
});

describe("JSON.stringify", () => {
  it("writes elements, and state dicts", async () => {
    expect(JSON.stringify(tensor([[1, 2.5]]))).toBe("[[1,2.5]]");
    expect(JSON.stringify({ x: tensor(true) })).toBe('{"x":true}');
    expect(JSON.stringify(new Parameter(tensor([1])))).toBe("[1]");
    expect(JSON.stringify(new Generator(7))).toBe('{"seed":7,"block":0}');
    const [from, to] = [layer(1), layer(2)];
    const state = JSON.parse(JSON.stringify(from)) as Record<string, number[]>;
    to.loadStateDict(new Map(Object.entries(state).map(([name, value]) => [name, tensor(value)])));
    expect(await to.weight.toArray()).toEqual(await from.weight.toArray());
    expect(JSON.stringify(new Adam(from.parameters(), { learningRate: 0.5 }))).toContain(
      '"groups.0.learningRate":0.5',
    );
    expect(JSON.stringify(new LBFGS(from.parameters()))).toContain("groups.0");
  });

  it("refuses numbers that JSON lacks", () => {
    expect(() => JSON.stringify(tensor([[1], [NaN]]))).toThrow("toJSON: got an element that is NaN");
    expect(() => JSON.stringify(tensor(-Infinity))).toThrow("toJSON: got an element that is -Infinity");
  });
});

describe("operators", () => {
  // As in JavaScript, or in TypeScript with `any`.
  const x = tensor([1, 2]) as never;

  it("write the elements into texts", () => {
    expect(`${x as Tensor}`).toBe("tensor([1, 2], shape [2], float32)");
    expect(String(x)).toBe(`${x as Tensor}`);
    expect([x].join()).toBe(String(x));
  });

  it.each<[string, () => unknown]>([
    ["x + x", () => x + x],
    ['"" + x', () => "" + x],
    ["x == 1", () => x == 1],
    ["x * 2", () => x * 2],
    ["-x", () => -x],
    ["x < 1", () => x < 1],
    ["Number(x)", () => Number(x)],
    ["Math.max(x)", () => Math.max(x)],
    ["isNaN(x)", () => isNaN(x)],
  ])("refuse %s", (_, compute) => {
    expect(compute).toThrow("Compute with methods such as x.add(y)");
  });

  it("leave nothing to iterate over", () => {
    expect(() => [...(x as number[])]).toThrow(TypeError);
    expect(Object.keys(x)).toEqual(["current"]);
  });

  it("compare with null without an error", () => {
    expect((x as unknown) == null).toBe(false);
  });
});
