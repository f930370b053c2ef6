import {
  createLeaf,
  createNode,
  elementsOf,
  FilledStorage,
  HostStorage,
  runProgram,
  type Destination,
  type Node,
  type Storage,
} from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { EngineStorage } from "./engine-storage.js";
import { WasmEngine } from "./wasm-engine.js";

/** An engine, and the number of bytes in use beyond those at the start. */
function setUp() {
  const engine = new WasmEngine({ threads: 1 });
  const resident = (...elements: number[]): Storage =>
    runProgram(engine, [add(hostLeaf(...elements), hostLeaf(0))], ["engine"])[0];
  return { engine, resident };
}

function hostLeaf(...elements: number[]): Node {
  return createLeaf([elements.length], "float32", new HostStorage(Float32Array.from(elements)));
}

function leafOf(storage: Storage): Node {
  return createLeaf([storage.byteLength / 4], "float32", storage);
}

const add = (a: Node, b: Node): Node => {
  const shape = [Math.max(a.shape[0], b.shape[0])];
  const expanded = b.shape[0] === shape[0] ? b : createNode("expand", [b], { shape });
  return createNode("add", [a, expanded], {});
};
const mul = (a: Node, b: Node): Node => createNode("mul", [a, b], {});
const read = (storage: Storage): number[] => [...storage.readSync()];

describe("a result", () => {
  it("is written to ordinary memory, to the engine's memory, or over an existing storage", () => {
    const { engine, resident } = setUp();
    const target = resident(0, 0);
    const outputs = [1, 2, 3].map((by) => add(hostLeaf(10, 20), hostLeaf(by)));
    const [host, own, over] = runProgram(engine, outputs, ["host", "engine", target]);
    expect([host, own, over].map(read)).toEqual([
      [11, 21],
      [12, 22],
      [13, 23],
    ]);
    expect(host).toBeInstanceOf(HostStorage);
    expect(own).toBeInstanceOf(EngineStorage);
    expect(over).toBe(target);
  });

  it("may overwrite an input, whether or not that is read in the same order", () => {
    const { engine, resident } = setUp();
    const [x, y, z] = [resident(1, 2, 3), resident(1, 2, 3), resident(1, 2, 3)];
    runProgram(engine, [mul(leafOf(x), leafOf(x))], [x]);
    expect(read(x)).toEqual([1, 4, 9]);
    const reversed = createNode("flip", [leafOf(y)], { axes: [0] });
    runProgram(engine, [add(reversed, leafOf(y))], [y]);
    expect(read(y)).toEqual([4, 4, 4]);
    // Two results of one loop, each written over the input of the other.
    const [a, b] = [resident(1, 2, 3, 4, 5), resident(1, 1, 1, 1, 1)];
    runProgram(engine, [add(leafOf(a), leafOf(a)), add(leafOf(a), leafOf(b))], [a, b]);
    expect([read(a), read(b)]).toEqual([
      [2, 4, 6, 8, 10],
      [2, 3, 4, 5, 6],
    ]);
    // An input that two leaves read, one of them in a different order.
    const c = resident(1, 2, 3);
    runProgram(engine, [add(leafOf(c), createNode("flip", [leafOf(c)], { axes: [0] }))], [c]);
    expect(read(c)).toEqual([4, 4, 4]);
    // Two results that exchange their storages.
    const w = resident(7, 8, 9);
    const [one, other] = [leafOf(z), leafOf(w)];
    runProgram(engine, [add(other, hostLeaf(0)), add(one, hostLeaf(0))], [z, w]);
    expect([read(z), read(w)]).toEqual([
      [7, 8, 9],
      [1, 2, 3],
    ]);
  });

  it("is written over the copy of an input from ordinary memory, which needs no second place", () => {
    const size = 1 << 20;
    const engine = new WasmEngine({ threads: 1 });
    const ones = new Float32Array(size).fill(1);
    const [x, y] = [new HostStorage(ones), new FilledStorage("float32", size, 2)].map((storage) =>
      createLeaf([size], "float32", storage),
    );
    const outputs = [add(x, x), add(x, y)];
    const before = engine.memory();
    const results = runProgram(engine, outputs, ["engine", "engine"]);
    expect(results.map((result) => [result.readSync()[0], result.readSync()[size - 1]])).toEqual([
      [2, 2],
      [3, 3],
    ]);
    expect([ones[0], ones[size - 1]]).toEqual([1, 1]);
    expect(engine.memory().used - before.used).toBeLessThan(8.1 * size);
    expect(engine.memory().reserved - before.reserved).toBeLessThan(12 * size);
  });

  it("is a place of its own if a copy is read again, or in another order", () => {
    const { engine } = setUp();
    const x = hostLeaf(1, 2, 3);
    const reversed = createNode("flip", [x], { axes: [0] });
    const outputs = [add(x, x), mul(x, x), add(x, reversed), createNode("sum", [x], { axes: [0] })];
    const results = runProgram(engine, outputs, ["engine", "engine", "engine", "host"]);
    expect(results.map(read)).toEqual([[2, 4, 6], [1, 4, 9], [4, 4, 4], [6]]);
  });

  it("is correct when an input that is overwritten is also a result", () => {
    const { engine, resident } = setUp();
    const x = resident(1, 2);
    const leaf = leafOf(x);
    const [before, after] = runProgram(engine, [leaf, add(leaf, hostLeaf(1))], ["host", x]);
    expect([read(before), read(after)]).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  it("is returned as often as it is requested, each time in a separate storage", () => {
    const { engine } = setUp();
    const node = add(hostLeaf(1), hostLeaf(1));
    const storages = runProgram(engine, [node, node, node], ["engine", "host", "engine"]);
    runProgram(engine, [add(leafOf(storages[0]), hostLeaf(5))], [storages[0]]);
    expect(storages.map(read)).toEqual([[7], [2], [2]]);
  });

  it("of another engine is copied, and not overwritten", () => {
    const [a, b] = [setUp(), setUp()];
    const foreign = a.resident(1, 2);
    const [result] = runProgram(b.engine, [add(leafOf(foreign), hostLeaf(1))], [foreign]);
    expect(read(result)).toEqual([2, 3]);
    expect(read(foreign)).toEqual([1, 2]);
  });
});

describe("when a program throws", () => {
  it("no storage has changed, and no memory leaks", () => {
    const { engine, resident } = setUp();
    const [x, target] = [resident(1, 2), resident(5, 5)];
    const index = (...places: number[]): Node =>
      createLeaf([places.length], "int32", new HostStorage(Int32Array.from(places)));
    const program = (...places: number[]): [Node[], Destination[]] => {
      const leaf = leafOf(x);
      const next = mul(leaf, leaf);
      const picked = createNode("gather", [next, index(...places)], { axis: 0 });
      return [
        [next, add(leaf, leaf), picked],
        [x, target, "host"],
      ];
    };
    expect(() => runProgram(engine, ...program(0, 2))).toThrow("got the index 2 at position 1");
    const used = engine.memory().used;
    for (let i = 0; i < 20; i++) expect(() => runProgram(engine, ...program(0, 2))).toThrow("index 2");
    expect(engine.memory().used).toBe(used);
    expect([read(x), read(target)]).toEqual([
      [1, 2],
      [5, 5],
    ]);
    const [, , picked] = runProgram(engine, ...program(1, 0));
    expect([read(x), read(target), read(picked)]).toEqual([
      [1, 4],
      [2, 4],
      [4, 1],
    ]);
  });
});

describe("memory", () => {
  it("does not grow when a program repeatedly overwrites its own inputs", () => {
    const { engine, resident } = setUp();
    const x = resident(...Array.from({ length: 1000 }, (_, i) => i));
    const step = (): void => {
      runProgram(engine, [add(leafOf(x), hostLeaf(1))], [x]);
    };
    step();
    const { used, reserved } = engine.memory();
    for (let i = 0; i < 500; i++) step();
    expect(engine.memory()).toMatchObject({ used, reserved });
    expect(x.readSync()[1]).toBe(502);
  });

  it("keeps programs within a bound of memory, and recompiles evicted programs", () => {
    const count = sized({ short: 100, long: 400 });
    const engine = new WasmEngine({ threads: 1, programMemory: (2 ** 20 * count) / 400 });
    const program = (size: number): Node => add(hostLeaf(...new Array<number>(size).fill(1)), hostLeaf(1));
    const first = engine.prepare([program(1)]);
    for (let size = 1; size <= count; size++) runProgram(engine, [program(size)]);
    expect(engine.memory().programs).toBeLessThan(0.75 * count);
    const [result] = first.run(first.leaves.map(elementsOf), ["host"]);
    expect(read(result)).toEqual([2]);
  });
});
