import {
  createLeaf,
  createNode,
  HostStorage,
  LoopBody,
  Placeholder,
  referenceEngine,
  runProgram,
  type Node,
} from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "./wasm-engine.js";

const leaf = (shape: number[], seed = 1): Node => {
  const size = shape.reduce((total, length) => total * length, 1);
  const data = Float64Array.from({ length: size }, (_, i) => Math.sin(seed * 7 + i * 1.3));
  return createLeaf(shape, "float64", new HostStorage(data));
};

describe("WasmEngine", () => {
  it("is supported on this machine", () => {
    expect(WasmEngine.isSupported()).toBe(true);
  });

  it("grows its memory, and reports a program that is too large", () => {
    const engine = new WasmEngine();
    const large = createNode("add", [leaf([1000, 1000]), leaf([1000, 1000], 2)], {});
    expect(runProgram(engine, [large])[0].readSync()).toHaveLength(1e6);
    const vast = createNode("expand", [leaf([1, 1])], { shape: [30000, 30000] });
    expect(() => runProgram(engine, [vast])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: WasmEngine: the program needs 6.7 GiB of contiguous memory, and WebAssembly can address only 4 GiB; its largest buffer is expand [30000, 30000], 6.7 GiB. Use a smaller batch, or read parts of the result one at a time]`,
    );
    expect(runProgram(engine, [large])[0].readSync()).toHaveLength(1e6);
  });

  it("rounds twice if relaxed is false, which gives the same bits on every machine", () => {
    const float32 = (...values: number[]): HostStorage => new HostStorage(Float32Array.from(values));
    const a = createLeaf([1, 2], "float32", float32(-1, 1 + 2 ** -12));
    const b = createLeaf([2, 1], "float32", float32(1 + 2 ** -11, 1 + 2 ** -12));
    const [sum] = runProgram(new WasmEngine({ relaxed: false }), [createNode("matmul", [a, b], {})]);
    // The square of 1 + 2^-12 is 1 + 2^-11 + 2^-24; rounding it to float32 loses the last term.
    expect(sum.readSync()).toEqual(Float32Array.of(0));
  });

  it("counts what V8 keeps for each module, so that many small programs stay within programMemory", () => {
    const programMemory = 2 ** 20;
    const engine = new WasmEngine({ threads: 1, programMemory });
    const tanh = (size: number): Node => createNode("tanh", [leaf([size])], {});
    expect(engine.prepare([tanh(1)]).cost).toBeGreaterThan(40 * 2 ** 10);
    for (let size = 2; size <= 60; size++) engine.prepare([tanh(size)]);
    expect(engine.memory().programs).toBeGreaterThan(1);
    expect(engine.memory().programs * 40 * 2 ** 10).toBeLessThan(programMemory);
  });

  it("computes several outputs as one program, in the requested order", () => {
    const x = leaf([3]);
    const [square, cube] = [
      createNode("mul", [x, x], {}),
      createNode("mul", [createNode("mul", [x, x], {}), x], {}),
    ];
    const results = runProgram(new WasmEngine(), [cube, square]).map((storage) => [...storage.readSync()]);
    const values = [...(x.storage?.readSync() ?? [])];
    expect(results).toEqual([values.map((v) => v * v * v), values.map((v) => v * v)]);
  });

  it("computes with a product that is read transposed, sliced or reshaped", () => {
    const engine = new WasmEngine();
    const size = fc.integer({ min: 2, max: 13 });
    fc.assert(
      fc.property(size, size, size, (m, n, k) => {
        const product = createNode("matmul", [leaf([m, k]), leaf([k, n], 2)], {});
        const transposed = createNode("permute", [product], { axes: [1, 0] });
        const inner = createNode("slice", [transposed], {
          starts: [1, 0],
          lengths: [n - 1, m - 1],
          steps: [1, 1],
        });
        const outputs = [
          createNode("sub", [leaf([n, m], 3), transposed], {}),
          createNode("mul", [inner, leaf([n - 1, m - 1], 4)], {}),
          createNode("sum", [createNode("mul", [inner, inner], {})], { axes: [1] }),
        ];
        for (const nodes of [outputs, ...outputs.map((output) => [output])]) {
          const [expected, got] = [referenceEngine, engine].map((each) =>
            runProgram(each, nodes).map((storage) => [...storage.readSync()]),
          );
          got.forEach((values, i) => {
            values.forEach((value, j) => {
              expect(value).toBeCloseTo(expected[i][j], 3);
            });
          });
        }
      }),
      { numRuns: sized({ short: 10, long: 100 }) },
    );
  });

  it("reports an index out of range as the reference engine does", () => {
    const index = createLeaf([1], "int32", new HostStorage(Int32Array.of(5)));
    const picked = createNode("gather", [leaf([3]), index], { axis: 0 });
    expect(() => runProgram(new WasmEngine(), [picked])).toThrow(
      "gather: got the index 5 at position 0; expected 0 to 2",
    );
  });

  it("throws the error of an index inside a loop, on one thread and on three, and continues to work", async () => {
    for (const threads of [1, 3]) {
      const engine = new WasmEngine({ threads, leastWork: 0, waitForThreads: true });
      await engine.startThreads();
      const loop = (...indices: number[]): Node => {
        const index = new Placeholder({ shape: [1], dtype: "int32" });
        const total = new Placeholder({ shape: [1], dtype: "float64" });
        const table = leaf([3]);
        const next = createNode("add", [total, createNode("gather", [table, index], { axis: 0 })], {});
        const body = new LoopBody({
          constants: [table],
          carries: [total],
          sequences: [index],
          next: [next],
          results: [],
          inside: new Set([index, total, next]),
        });
        const rows = createLeaf([indices.length, 1], "int32", new HostStorage(Int32Array.from(indices)));
        const attributes = { body, length: indices.length, reverse: false };
        const scan = createNode("scan", [table, leaf([1], 2), rows], attributes);
        return createNode("scanOutput", [scan], { index: 0 });
      };
      for (let i = 0; i < 20; i++) {
        expect(() => runProgram(engine, [loop(0, 1, 2, 7, 1)])).toThrow(
          "gather: got the index 7 at position 0; expected 0 to 2",
        );
        const [expected, got] = [referenceEngine, engine].map((each) =>
          runProgram(each, [loop(0, 1, 2, 2, 1)]),
        );
        expect(got[0].readSync()).toEqual(expected[0].readSync());
      }
    }
  });

  it("agrees with the reference engine on random graphs", () => {
    const engine = new WasmEngine();
    const step = fc.tuple(fc.nat(11), fc.nat(), fc.nat());
    fc.assert(
      fc.property(fc.array(step, { minLength: 3, maxLength: 25 }), (steps) => {
        const nodes = grow(steps);
        const outputs = nodes.slice(-2);
        const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
        const got = runProgram(engine, outputs).map((storage) => storage.readSync());
        got.forEach((data, i) => {
          for (let k = 0; k < data.length; k++) {
            const error = Math.abs(data[k] - expected[i][k]);
            expect(
              error <= 1e-9 * Math.max(1, Math.abs(expected[i][k])) || Object.is(data[k], expected[i][k]),
            ).toBe(true);
          }
        });
      }),
      { numRuns: sized({ short: 20, long: 150 }) },
    );
  });
});

/** Builds a graph of matrices of 4 × 6 and 6 × 4: each step applies an operation to existing nodes. */
function grow(steps: readonly (readonly [number, number, number])[]): Node[] {
  const nodes = [leaf([4, 6], 1), leaf([4, 6], 2), leaf([6, 4], 3)];
  for (const [kind, first, second] of steps) {
    const a = nodes[first % nodes.length];
    const alike = nodes.filter(({ shape }) => shape[0] === a.shape[0]);
    const b = alike[second % alike.length];
    const [rows, columns] = a.shape;
    const sum = (axis: number) => createNode("sum", [a], { axes: [axis] });
    const build: (() => Node)[] = [
      () => createNode("add", [a, b], {}),
      () => createNode("mul", [createNode("tanh", [a], {}), b], {}),
      () => createNode("permute", [a], { axes: [1, 0] }),
      () => createNode("flip", [a], { axes: [second % 2] }),
      () => createNode("reshape", [a], { shape: [columns, rows] }),
      () =>
        createNode("expand", [createNode("reshape", [sum(0)], { shape: [1, columns] })], {
          shape: [rows, columns],
        }),
      () =>
        createNode("expand", [createNode("reshape", [sum(1)], { shape: [rows, 1] })], {
          shape: [rows, columns],
        }),
      () => createNode("where", [createNode("less", [a, b], {}), a, b], {}),
      () => {
        const part = { starts: [1, 0], lengths: [rows - 1, columns], steps: [1, 1] };
        const cut = createNode("slice", [a], part);
        return createNode("pad", [cut], { before: [0, 0], after: [1, 0], between: [0, 0], value: 0.5 });
      },
      () =>
        createNode(
          "matmul",
          [
            createNode("matmul", [a, createNode("permute", [b], { axes: [1, 0] })], {}),
            createNode("tanh", [a], {}),
          ],
          {},
        ),
      () => createNode("cumsum", [createNode("tanh", [a], {})], { axis: second % 2 }),
      () => createNode("maximum", [createNode("sigmoid", [a], {}), createNode("neg", [b], {})], {}),
    ];
    nodes.push(createNode("tanh", [build[kind]()], {}));
  }
  return nodes;
}
