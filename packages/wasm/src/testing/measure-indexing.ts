// Compares the time of the kernels with that of the plain semantics, whose operands are made contiguous beforehand:
//     node --conditions=source --import tsx packages/wasm/src/testing/measure-indexing.ts [part of a name]

import {
  allocate,
  createLeaf,
  createNode,
  HostStorage,
  primitives,
  referenceEngine,
  runProgram,
  sizeOf,
  type DType,
  type HostTensor,
  type Node,
  type Primitive,
  type Shape,
} from "@stargrad/graph";
import { ProgramCase } from "./program-case.js";

const repeats = 15;

function leaf(dtype: DType, shape: Shape, value: (i: number) => number): Node {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return createLeaf(shape, dtype, new HostStorage(data));
}

const random = (i: number): number => {
  const bits = Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (i >> 7), 0x85ebca6b);
  return ((bits ^ (bits >>> 13)) >>> 0) / 2 ** 32;
};
const numbers = (...shape: number[]): Node => leaf("float32", shape, (i) => random(i) - 0.5);
const integers = (size: number, ...shape: number[]): Node =>
  leaf("int32", shape, (i) => Math.floor(random(i) * size));
const rows = (index: Node, length: number): Node =>
  createNode("expand", [index], { shape: [index.shape[0], length] });
const state = leaf("int32", [4], (i) => i + 1);
const argsort = (x: Node, axis: number): Node => createNode("argsort", [x], { axis, descending: false });

const cases: Readonly<Record<string, () => Node>> = {
  "embedding 1024 × 128 of 65": () =>
    createNode("gather", [numbers(65, 128), rows(integers(65, 1024, 1), 128)], { axis: 0 }),
  "embedding 1024 × 128 of 50,000": () =>
    createNode("gather", [numbers(50000, 128), rows(integers(50000, 1024, 1), 128)], { axis: 0 }),
  "its gradient, of 65": () =>
    createNode("scatterAdd", [rows(integers(65, 1024, 1), 128), numbers(1024, 128)], { axis: 0, size: 65 }),
  "its gradient, of 50,000": () =>
    createNode("scatterAdd", [rows(integers(50000, 1024, 1), 128), numbers(1024, 128)], {
      axis: 0,
      size: 50000,
    }),
  "one of 65 in each of 1024 rows": () =>
    createNode("gather", [numbers(1024, 65), integers(65, 1024, 1)], { axis: 1 }),
  "gather 1M of 1M": () => createNode("gather", [numbers(1e6), integers(1e6, 1e6)], { axis: 0 }),
  "scatterAdd 1M to 1000": () =>
    createNode("scatterAdd", [integers(1000, 1e6), numbers(1e6)], { axis: 0, size: 1000 }),
  "randomBits 1M": () => createNode("randomBits", [state], { shape: [1e6] }),
  "argsort 1M": () => argsort(numbers(1e6), 0),
  "argsort 1M int32 below 100": () => argsort(integers(100, 1e6), 0),
  "argsort 1000 × 1000": () => argsort(numbers(1000, 1000), 1),
  "argsort 1000 × 1000, axis 0": () => argsort(numbers(1000, 1000), 0),
  "argsort 20,000 × 50": () => argsort(numbers(20000, 50), 1),
  "argsort 100,000 × 10": () => argsort(numbers(100000, 10), 1),
  "cumsum 1M": () => createNode("cumsum", [numbers(1e6)], { axis: 0 }),
  "cumsum 1000 × 1000": () => createNode("cumsum", [numbers(1000, 1000)], { axis: 1 }),
  "cumsum 1000 × 1000, axis 0": () => createNode("cumsum", [numbers(1000, 1000)], { axis: 0 }),
  "mod 1M float32": () =>
    createNode("mod", [numbers(1e6), leaf("float32", [1e6], (i) => 0.01 + random(i))], {}),
  "mod 1M float64": () =>
    createNode(
      "mod",
      [leaf("float64", [1e6], random), leaf("float64", [1e6], (i) => 0.01 + random(2 * i))],
      {},
    ),
  "mod 1M int32": () =>
    createNode("mod", [integers(1e6, 1e6), leaf("int32", [1e6], (i) => 1 + (i % 97))], {}),
  "pow 1M int32": () => createNode("pow", [integers(100, 1e6), integers(8, 1e6)], {}),
};

function milliseconds(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

function hostTensor(node: Node): HostTensor {
  const [storage] = node.storage === null ? runProgram(referenceEngine, [node]) : [node.storage];
  return { shape: node.shape, dtype: node.dtype, data: storage.readSync() };
}

console.log("| | plain semantics, ms | WebAssembly, ms | ratio | in two shares |");
console.log("|---|---|---|---|---|");
const [, , part = ""] = process.argv;
for (const [name, build] of Object.entries(cases)) {
  if (!name.includes(part)) continue;
  const node = build();
  const { operation } = node;
  if (operation === null || operation.primitive === "scan" || operation.primitive === "scanOutput") {
    throw new Error("got a case that is not an operation; expected an operation with plain semantics");
  }
  const { primitive, inputs, attributes } = operation;
  const semantics: Primitive = primitives[primitive];
  const tensors = inputs.map(hostTensor);
  const data = allocate(node.dtype, sizeOf(node.shape));
  const [whole, divided] = [false, true].map((shares) => new ProgramCase([node], { divided: shares }));
  const ways = [
    () => {
      data.fill(0);
      semantics.reference(tensors, attributes, { shape: node.shape, dtype: node.dtype, data });
    },
    () => {
      whole.run();
    },
    () => {
      divided.run(2);
    },
  ];
  const times = ways.map((): number[] => []);
  for (let repeat = 0; repeat < repeats + 3; repeat++) {
    ways.forEach((run, way) => {
      const time = milliseconds(run);
      if (repeat >= 3) times[way].push(time);
    });
  }
  const [plain, once, twice] = times.map(median);
  console.log(
    `| ${name} | ${plain.toFixed(3)} | ${once.toFixed(3)} | ${(plain / once).toFixed(1)} | ${twice.toFixed(3)} |`,
  );
}
