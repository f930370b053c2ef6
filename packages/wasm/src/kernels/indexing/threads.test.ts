import { createNode, referenceEngine, runProgram, type Node } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "../../wasm-engine.js";
import { data, expand, indices, leaf } from "../../testing/arranged-nodes.js";

const engine = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });

describe("several threads", () => {
  it("give the same results as one thread", () => {
    const index = expand(indices([500, 1], 50), [500, 40]);
    const rows = createNode("gather", [data("float32", [50, 40]), index], { axis: 0 });
    const sums = createNode("scatterAdd", [index, createNode("mul", [rows, rows], {})], {
      axis: 0,
      size: 50,
    });
    const outputs: Node[] = [
      createNode("cumsum", [sums], { axis: 1 }),
      createNode("argsort", [rows], { axis: 1, descending: true }),
      createNode("argsort", [sums], { axis: 0, descending: false }),
      createNode("randomBits", [leaf("int32", [4], [1, 2, 3, 4])], { shape: [77, 13] }),
      createNode("mod", [rows, expand(leaf("float32", [1, 1], [0.3]), [500, 40])], {}),
    ];
    const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
    for (let run = 0; run < 10; run++) {
      runProgram(engine, outputs).forEach((storage, output) => {
        const got = storage.readSync();
        expect(got.findIndex((value, i) => !Object.is(value, expected[output][i]))).toBe(-1);
      });
    }
  });

  it("all stop when an index is out of range, and continue to work afterwards", () => {
    const x = createNode("mul", [data("float32", [300, 40]), data("float32", [300, 40], 2)], {});
    const pick = (last: number) =>
      createNode("gather", [x, leaf("int32", [300, 1], [...Array<number>(299).fill(39), last])], { axis: 1 });
    for (let run = 0; run < 10; run++) {
      expect(() => runProgram(engine, [pick(40)])).toThrow(
        "gather: got the index 40 at position 299; expected 0 to 39",
      );
      const [expected, got] = [referenceEngine, engine].map((e) => runProgram(e, [pick(0)])[0].readSync());
      expect([...got]).toEqual([...expected]);
    }
  });
});
