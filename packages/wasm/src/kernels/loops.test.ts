import { fuse, lower } from "@stargrad/compiler";
import {
  allocate,
  createLeaf,
  createNode,
  HostStorage,
  referenceEngine,
  runProgram,
  sizeOf,
  type DType,
  type Node,
  type Shape,
  type TypedArray,
} from "@stargrad/graph";
import { sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LoopCase } from "../testing/loop-case.js";
import { wasmTarget } from "../target.js";
import { WasmEngine } from "../wasm-engine.js";

let seed = 0;
const leaf = (shape: Shape, dtype: DType = "float32"): Node => {
  const data = allocate(dtype, sizeOf(shape));
  seed++;
  for (let i = 0; i < data.length; i++) {
    const wave = Math.sin(i * 1.7 + seed);
    data[i] = dtype === "bool" ? Number(wave > 0) : dtype === "int32" ? Math.round(100 * wave) : wave;
  }
  return createLeaf(shape, dtype, new HostStorage(data));
};
const apply = (
  name: "add" | "sub" | "mul" | "div" | "exp" | "less" | "tanh" | "maximum",
  ...inputs: Node[]
) => createNode(name, inputs, {});
const reduce = (name: "sum" | "max" | "prod", x: Node, ...axes: number[]) => createNode(name, [x], { axes });
const spread = (x: Node, shape: Shape) =>
  createNode(
    "expand",
    [createNode("reshape", [x], { shape: shape.map((n, i) => (i === shape.length - 1 ? 1 : n)) })],
    {
      shape,
    },
  );
const flip = (x: Node) => createNode("flip", [x], { axes: x.shape.map((_, axis) => axis) });
const transpose = (x: Node) => createNode("permute", [x], { axes: x.shape.map((_, axis) => axis).reverse() });
const everySecond = (x: Node) =>
  createNode("slice", [x], {
    starts: x.shape.map(() => 0),
    lengths: x.shape.map((n) => Math.ceil(n / 2)),
    steps: x.shape.map(() => 2),
  });

function softmax(x: Node): Node {
  const last = x.shape.length - 1;
  const powers = apply("exp", apply("sub", x, spread(reduce("max", x, last), x.shape)));
  return apply("div", powers, spread(reduce("sum", powers, last), x.shape));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray) =>
  Buffer.from(buffer, byteOffset, byteLength);

const lengths = [1, 2, 3, 4, 5, 15, 16, 17, 33, 70, 131];
const cases: Record<string, () => Node[]> = {
  ...Object.fromEntries(
    lengths.map((n) => [
      `an elementwise chain and a reduction of ${n}`,
      () => {
        const x = leaf([n]);
        return [apply("mul", apply("add", x, x), leaf([n])), reduce("sum", x, 0), reduce("max", x, 0)];
      },
    ]),
  ),
  "loops over views": () => {
    const [x, y] = [leaf([13, 22]), leaf([22, 13])];
    return [
      apply("add", x, transpose(y)),
      apply("mul", flip(x), x),
      everySecond(apply("add", x, x)),
      apply("add", x, spread(leaf([13]), [13, 22])),
    ];
  },
  "large loops against the grain": () => [
    apply("add", transpose(leaf([96, 80])), leaf([80, 96])),
    apply("mul", transpose(leaf([67, 71])), leaf([71, 67])),
    apply("add", flip(transpose(leaf([24, 6, 40], "float64"))), leaf([40, 6, 24], "float64")),
    apply("exp", createNode("permute", [leaf([4, 32, 6, 24])], { axes: [0, 2, 3, 1] })),
  ],
  "every element type": () => [
    apply("less", leaf([9, 7], "int32"), leaf([9, 7], "int32")),
    apply("mul", leaf([9, 7], "float64"), leaf([9, 7], "float64")),
    createNode("cast", [leaf([9, 7], "bool")], { dtype: "float64" }),
    createNode("cast", [leaf([9, 7], "float64")], { dtype: "bool" }),
    reduce("sum", leaf([9, 7], "int32"), 1),
    reduce("sum", leaf([9, 7], "float64"), 0),
    reduce("max", leaf([9, 7], "bool"), 0),
    reduce("prod", leaf([9, 7], "float32"), 1),
    createNode("cast", [createNode("iota", [], { size: 63 })], { dtype: "float64" }),
  ],
  "reductions over each axis": () => {
    const x = leaf([6, 19, 21]);
    return [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]].flatMap((axes) => [
      reduce("sum", apply("mul", x, x), ...axes),
      reduce("max", transpose(x), ...axes),
    ]);
  },
  "reductions of short rows, and across them": () => {
    const [x, y] = [leaf([50, 10]), leaf([37, 3])];
    return [reduce("sum", x, 1), reduce("sum", x, 0), reduce("max", y, 0), reduce("sum", y, 1)];
  },
  "large reductions": () => {
    const [x, y] = [leaf([256, 300]), leaf([80_000])];
    return [reduce("sum", x, 0), reduce("sum", x, 0, 1), reduce("max", x, 0), reduce("sum", y, 0)];
  },
  "rows of a softmax": () => [softmax(leaf([150, 300]))],
  "short rows of a softmax": () => [softmax(leaf([40, 100, 10]))],
  "rows that are read again later": () => {
    const y = softmax(leaf([96, 400]));
    return [y, reduce("sum", y, 0)];
  },
  padding: () => [
    createNode("pad", [leaf([5, 9])], { before: [1, 2], after: [3, 0], between: [1, 0], value: 0.5 }),
  ],
};

describe("fused loops", () => {
  for (const [name, build] of Object.entries(cases)) {
    it(`${name}: agree with the reference engine, and give the same bits in any number of shares`, () => {
      const outputs = build();
      const loops = new LoopCase(fuse(lower(outputs, wasmTarget), wasmTarget));
      loops.place(outputs);
      const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
      const results = (shares: number | null) => {
        for (const buffer of loops.program.outputs) loops.elements(buffer).fill(77);
        loops.run(shares);
        return loops.program.outputs.map((buffer) => loops.elements(buffer).slice());
      };
      const whole = results(null);
      whole.forEach((data, i) => {
        for (let k = 0; k < data.length; k++) {
          const error = Math.abs(data[k] - expected[i][k]);
          if (error > 3e-6 * Math.max(1, Math.abs(expected[i][k]))) {
            expect.fail(`output ${i}, element ${k} is ${data[k]}; expected ${expected[i][k]}`);
          }
        }
      });
      for (const shares of [1, 2, 3, 7]) {
        results(shares).forEach((data, i) => {
          expect(Buffer.compare(bytesOf(data), bytesOf(whole[i])), `output ${i} in ${shares} shares`).toBe(0);
        });
      }
    });
  }

  it("agree with the reference engine on random graphs with long rows", () => {
    const step = fc.tuple(fc.nat(7), fc.nat(), fc.nat(), fc.nat());
    const graph = fc.array(step, { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(graph, fc.constantFrom(null, 3), (steps, shares) => {
        const nodes = grow(leaf([48, 400], "float64"), leaf([48, 400], "float64"), steps);
        const outputs = [nodes[nodes.length - 1], nodes[Math.ceil(nodes.length / 2)]];
        const loops = new LoopCase(fuse(lower(outputs, wasmTarget), wasmTarget));
        loops.place(outputs);
        loops.run(shares);
        const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
        expected.forEach((data, i) => {
          const got = loops.elements(loops.program.outputs[i]);
          const differs = data.findIndex((value, k) => !(Math.abs(got[k] - value) <= 1e-9));
          expect(differs, `output ${i}`).toBe(-1);
        });
      }),
      { numRuns: sized({ short: 3, long: 20 }) },
    );
  });
});

describe("an index that names one element of each line", () => {
  const index = (...data: number[]) =>
    createLeaf([data.length, 1], "int32", new HostStorage(Int32Array.from(data)));
  const [x, values] = [leaf([4, 9]), leaf([4, 1])];
  const graphs = (named: Node): Node[] => [
    createNode("gather", [apply("exp", x), named], { axis: 1 }),
    apply("exp", createNode("scatterAdd", [named, values], { axis: 1, size: 9 })),
    createNode("gather", [apply("less", x, x), named], { axis: 1 }),
  ];

  it("gathers and scatters like the reference engine", () => {
    const outputs = graphs(index(3, 0, 8, 5));
    const expected = runProgram(referenceEngine, outputs).map((storage) => storage.readSync());
    runProgram(new WasmEngine(), outputs).forEach((storage, i) => {
      const got = storage.readSync();
      expect(got.constructor).toBe(expected[i].constructor);
      got.forEach((value, k) => {
        expect(value).toBeCloseTo(expected[i][k], 5);
      });
    });
  });

  it("fails if the index is out of range", () => {
    for (const output of graphs(index(3, 9, 8, -1))) {
      expect(() => runProgram(new WasmEngine(), [output])).toThrow("got the index 9 at position 1");
    }
  });
});

/** Builds a graph from two matrices: each step combines existing nodes, and often a row with its sum or maximum. */
function grow(a: Node, b: Node, steps: readonly (readonly [number, number, number, number])[]): Node[] {
  const nodes = [a, b];
  for (const [kind, first, second, axis] of steps) {
    const x = nodes[first % nodes.length];
    const alike = nodes.filter(({ shape }) => shape[0] === x.shape[0]);
    const y = alike[second % alike.length];
    const combined = (name: "sum" | "max", along: number): Node => {
      const total = apply("tanh", reduce(name, x, along));
      const kept = createNode("reshape", [total], { shape: x.shape.map((n, i) => (i === along ? 1 : n)) });
      return createNode("expand", [kept], { shape: x.shape });
    };
    const build: (() => Node)[] = [
      () => apply("add", x, y),
      () => apply("mul", x, y),
      () => apply("add", y, combined("sum", 1)),
      () => apply("sub", y, combined("max", 1)),
      () => apply("mul", y, combined("sum", axis % 2)),
      () => transpose(x),
      () => createNode("flip", [x], { axes: [axis % 2] }),
      () => createNode("where", [apply("less", x, y), x, y], {}),
    ];
    nodes.push(apply("tanh", build[kind]()));
  }
  return nodes;
}
