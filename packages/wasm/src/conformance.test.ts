import {
  createLeaf,
  createNode,
  HostStorage,
  allocate,
  primitiveNames,
  primitives,
  referenceEngine,
  runProgram,
  sizeOf,
  type DType,
  type HostTensor,
  type Node,
  type Primitive,
} from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { WasmEngine } from "./wasm-engine.js";

const engine = new WasmEngine({ threads: 1 });
/** Divides even the smallest work, among more threads than there are elements at times. */
const threaded = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });

/** How an input can lie: as it is, or so that it is seen through a movement. */
const arrangements = {
  contiguous: (node: Node) => node,
  transposed: (node: Node) => through(node, reverse(node)),
  flipped: (node: Node) => through(node, createNode("flip", [node], { axes: allAxes(node) })),
  "every second of twice as many": (node: Node) => {
    const zeros = node.shape.map(() => 0);
    const padded = createNode("pad", [node], {
      before: zeros,
      after: node.shape.map(() => 1),
      between: node.shape.map(() => 1),
      value: 0,
    });
    return createNode("slice", [padded], {
      starts: zeros,
      lengths: node.shape,
      steps: node.shape.map(() => 2),
    });
  },
  computed: (node: Node) => createNode("where", [createNode("equal", [node, node], {}), node, node], {}),
};

// Every sample of the table, with its own attributes: TypeScript cannot pair them once the name is a variable.
describe("the WebAssembly engine agrees with the reference engine, and with itself on several threads to the bit", () => {
  for (const name of primitiveNames) {
    const primitive: Primitive = primitives[name];
    describe(name, () => {
      primitive.samples.forEach((sample, i) => {
        for (const dtype of ["float64", "float32"] as const) {
          for (const [arrangement, arrange] of Object.entries(arrangements)) {
            if (dtype === "float32" && !sample.inputs.some((input) => input.dtype === "float64")) continue;
            it(`sample ${i}, ${dtype}, ${arrangement}`, () => {
              compare(() => {
                const inputs = sample.inputs.map((input) => arrange(leaf(input, dtype)));
                return createNode(name, inputs, sample.attributes as never);
              }, dtype);
            });
          }
        }
      });
    });
  }
});

function compare(build: () => Node, dtype: DType): void {
  const [expected] = runProgram(referenceEngine, [build()]).map((storage) => storage.readSync());
  const [got] = runProgram(engine, [build()]).map((storage) => storage.readSync());
  const [shared] = runProgram(threaded, [build()]).map((storage) => storage.readSync());
  expect(shared).toEqual(got);
  expect(got.constructor).toBe(expected.constructor);
  expect(got.length).toBe(expected.length);
  const relative = dtype === "float32" ? 2e-6 : 1e-13;
  for (let k = 0; k < expected.length; k++) {
    const error = Math.abs(got[k] - expected[k]);
    const agrees = Object.is(got[k], expected[k]) || error <= relative * Math.max(1, Math.abs(expected[k]));
    if (!agrees) expect.fail(`element ${k} is ${got[k]}; expected ${expected[k]}`);
  }
}

function leaf({ shape, dtype, data }: HostTensor, floats: "float32" | "float64"): Node {
  const type = dtype === "float64" ? floats : dtype;
  const copy = allocate(type, sizeOf(shape));
  copy.set(data);
  return createLeaf(shape, type, new HostStorage(copy));
}

/** A tensor equal to `node` that is read through a movement: moved, computed, and moved back. */
function through(node: Node, moved: Node): Node {
  const contiguous = createLeaf(moved.shape, moved.dtype, runProgram(referenceEngine, [moved])[0]);
  return moved.shape.length === node.shape.length && moved.operation?.primitive === "flip"
    ? createNode("flip", [contiguous], { axes: allAxes(node) })
    : reverse(contiguous);
}

function reverse(node: Node): Node {
  return createNode("permute", [node], { axes: allAxes(node).reverse() });
}

function allAxes(node: Node): number[] {
  return node.shape.map((_, axis) => axis);
}
