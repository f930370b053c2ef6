import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { describe, expect, it } from "vitest";

import { runProgram } from "./engine.js";
import { HostStorage, type Storage } from "./storage.js";
import { createLeaf, createNode, Node } from "./node.js";
import { referenceEngine } from "./reference-engine.js";

function leaf(...elements: number[]): Node {
  return createLeaf([elements.length], "float64", new HostStorage(Float64Array.from(elements)));
}

const add = (a: Node, b: Node) => createNode("add", [a, b], {});
const mul = (a: Node, b: Node) => createNode("mul", [a, b], {});
const read = (storages: readonly Storage[]) => storages.map((storage) => [...storage.readSync()]);

describe("run", () => {
  it("computes several outputs, one of which depends on another, in the order given", () => {
    const [x, y] = [leaf(1, 2), leaf(10, 20)];
    const total = add(x, y);
    const product = mul(total, y);
    expect(read(runProgram(referenceEngine, [product, total]))).toEqual([
      [110, 440],
      [11, 22],
    ]);
  });

  it("computes an output that is listed twice, and one that two others share", () => {
    const square = mul(leaf(3), leaf(3));
    const [first, second, sum] = runProgram(referenceEngine, [square, square, add(square, square)]);
    expect(read([first, second, sum])).toEqual([[9], [9], [18]]);
  });

  it("returns a leaf unchanged", () => {
    expect(read(runProgram(referenceEngine, [leaf(5)]))).toEqual([[5]]);
  });

  it("changes no state: nodes stay pending and inputs keep their elements", () => {
    const x = leaf(1, 2);
    const y = add(x, x);
    runProgram(referenceEngine, [y]);
    expect(y.storage).toBeNull();
    expect(x.storage?.readSync()).toEqual(Float64Array.of(1, 2));
  });

  it("reads elements asynchronously too, and reports their size", async () => {
    const [storage] = runProgram(referenceEngine, [add(leaf(1), leaf(2))]);
    expect(await storage.read()).toEqual(Float64Array.of(3));
    expect(storage.byteLength).toBe(8);
  });

  it("throws the error of a primitive, and can run again", () => {
    const index = createLeaf([1], "int32", new HostStorage(Int32Array.of(2)));
    const outside = createNode("gather", [leaf(1, 2), index], { axis: 0 });
    const run = () => runProgram(referenceEngine, [outside]);
    expect(run).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: gather: got the index 2 at position 0; expected 0 to 1]`,
    );
    expect(run).toThrow("gather: got the index 2");
  });

  it("throws if a node has neither elements nor an operation", () => {
    const nothing = new Node({ shape: [1], dtype: "float64" }, { tracked: false });
    expect(() => runProgram(referenceEngine, [nothing])).toThrow(
      "a pending node has neither elements nor an operation",
    );
  });
});

describe("memory", () => {
  const megabyte = 2 ** 20;

  /** The bytes of array buffers alive after a full collection. */
  function liveBytes(): number {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
    return process.memoryUsage().arrayBuffers;
  }

  it("of intermediates is released while the program still runs", () => {
    const size = megabyte / 8;
    const measured: number[] = [];
    const watchful: Storage = {
      byteLength: megabyte,
      location: "host",
      canReadSync: true,
      read: () => Promise.reject(new Error("not asked for")),
      readSync: () => {
        measured.push(liveBytes());
        return new Float64Array(size);
      },
    };
    let node = createLeaf([size], "float64", new HostStorage(new Float64Array(size)));
    for (let i = 0; i < 30; i++) node = add(node, createLeaf([size], "float64", watchful));
    runProgram(referenceEngine, [node]);
    expect(measured).toHaveLength(30);
    // Computes thirty results of one megabyte each, of which only a few are alive at a time.
    expect(Math.max(...measured) - measured[0]).toBeLessThan(8 * megabyte);
  });
});
