import { createLeaf, createNode, HostStorage, type Node, type Shape } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { buffersOf, type Kernel, type Program } from "./kernel.js";
import { lower } from "./lower.js";
import { planMemory } from "./memory-plan.js";
import { describeGraph } from "./program-key.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(
    shape,
    "float32",
    new HostStorage(new Float32Array(shape.reduce((size, length) => size * length, 1))),
  );
const apply = (name: "add" | "mul" | "exp" | "less", ...inputs: Node[]) => createNode(name, inputs, {});
const sum = (x: Node, ...axes: number[]) => createNode("sum", [x], { axes });
const expand = (x: Node, shape: Shape) => createNode("expand", [x], { shape });
const reshape = (x: Node, shape: Shape) => createNode("reshape", [x], { shape });
const transpose = (x: Node) => createNode("permute", [x], { axes: [1, 0] });

const kinds = ({ kernels }: Program) => kernels.map(({ kind }: Kernel) => kind);
const compile = (...outputs: Node[]) => fuse(lower(outputs));

describe("lowering", () => {
  it("makes one loop of an elementwise chain, whatever moves between", () => {
    const x = leaf(3, 4);
    const y = apply("add", transpose(apply("mul", x, x)), expand(reshape(leaf(3), [1, 3]), [4, 3]));
    expect(kinds(compile(y))).toEqual(["map"]);
  });

  it("computes what is reduced inside the reduction", () => {
    const x = leaf(3, 4);
    expect(kinds(compile(sum(apply("exp", apply("mul", x, x)), 1)))).toEqual(["reduce"]);
  });

  it("computes softmax's powers once, for the sum and for the division", () => {
    const powers = apply("exp", leaf(3, 4));
    const shares = apply("mul", powers, expand(reshape(sum(powers, 1), [3, 1]), [3, 4]));
    expect(kinds(compile(shares))).toEqual(["map", "reduce", "map"]);
  });

  it("reads the operands of a product through any movement", () => {
    const y = createNode(
      "matmul",
      [transpose(leaf(5, 3)), createNode("flip", [leaf(5, 4)], { axes: [1] })],
      {},
    );
    const { kernels } = compile(y);
    expect(kernels).toMatchObject([
      { kind: "product", m: 3, n: 4, k: 5, a: { rows: [{ stride: 1 }], columns: [{ stride: 3 }] } },
    ]);
  });

  it("turns a convolution's windows into a product without laying them out", () => {
    const x = leaf(2, 3, 8, 8);
    const seen = createNode("windows", [x], { size: [3, 3], stride: [1, 1], dilation: [1, 1] }); // [2, 3, 6, 6, 3, 3]
    const columns = reshape(createNode("permute", [seen], { axes: [1, 4, 5, 0, 2, 3] }), [27, 72]);
    expect(kinds(compile(createNode("matmul", [leaf(4, 27), columns], {})))).toEqual(["product"]);
  });

  it("updates a parameter and its state in one pass", () => {
    const [parameter, gradient, velocity, rate] = [
      leaf(8),
      leaf(8),
      leaf(8),
      expand(reshape(leaf(), [1]), [8]),
    ];
    const next = apply("add", apply("mul", velocity, rate), gradient);
    const { kernels } = compile(next, apply("add", parameter, apply("mul", next, rate)));
    expect(kernels).toMatchObject([{ kind: "map", results: [{}, {}] }]);
  });

  it("does not write what nobody reads", () => {
    const shared = apply("exp", leaf(8));
    const program = compile(apply("mul", shared, shared));
    expect(program.kernels).toMatchObject([{ kind: "map", results: [{ buffer: program.outputs[0] }] }]);
  });

  it("knows the sum of nothing", () => {
    expect(compile(sum(leaf(0, 2), 0)).kernels).toMatchObject([{ kind: "fill", value: 0 }]);
    const empty = createNode("matmul", [leaf(2, 0), leaf(0, 3)], {});
    expect(compile(empty).kernels).toMatchObject([{ kind: "fill", value: 0 }]);
  });
});

describe("the key of a graph", () => {
  const graph = (length: number, share: boolean) => {
    const x = leaf(length);
    return apply("add", apply("exp", x), share ? x : leaf(length));
  };

  it("is the same for graphs of one structure, and finds their leaves in one order", () => {
    const [first, second] = [describeGraph([graph(3, true)]), describeGraph([graph(3, true)])];
    expect(first.key).toBe(second.key);
    expect(first.leaves).toHaveLength(1);
  });

  it("differs where shapes, connections, attributes or outputs do", () => {
    const x = leaf(2, 2);
    const keys = [
      graph(3, true),
      graph(4, true),
      graph(3, false),
      sum(x, 0),
      sum(x, 1),
      createNode("less", [x, x], {}),
    ].map((node) => describeGraph([node]).key);
    const y = apply("exp", x);
    keys.push(describeGraph([apply("exp", y)]).key, describeGraph([y, apply("exp", y)]).key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("lists leaves in the order the program takes them", () => {
    const [a, b, c] = [leaf(1), leaf(2, 1), leaf(3, 1, 1)];
    const y = apply(
      "mul",
      expand(reshape(a, [1, 1, 1]), [3, 2, 1]),
      apply("add", expand(c, [3, 2, 1]), expand(reshape(b, [1, 2, 1]), [3, 2, 1])),
    );
    const { leaves } = describeGraph([y]);
    const program = lower([y]);
    expect(program.inputs.map((buffer) => program.buffers[buffer].size)).toEqual(
      leaves.map(({ shape }) => shape.reduce((s, l) => s * l, 1)),
    );
  });
});

describe("the memory plan", () => {
  it("gives what is needed inside and at the same time room of its own, and reuses the rest", () => {
    let x = leaf(100, 100);
    for (let i = 0; i < 10; i++) x = createNode("matmul", [x, leaf(100, 100)], {});
    const program = compile(x);
    const { addresses, bytes } = planMemory(program);
    const outside = [...program.inputs, ...program.outputs];
    const lives = program.buffers.flatMap((_, buffer) => {
      const uses = program.kernels.flatMap((kernel, time) => {
        const { reads, writes } = buffersOf(kernel);
        return [...reads, ...writes].includes(buffer) ? [time] : [];
      });
      const address = addresses[buffer];
      expect(address === null).toBe(outside.includes(buffer));
      return address === null ? [] : [{ address, from: Math.min(...uses), to: Math.max(...uses) }];
    });
    const size = 4 * 100 * 100;
    for (const life of lives) {
      for (const other of lives) {
        const meet = life !== other && life.from <= other.to && other.from <= life.to;
        if (meet) expect(Math.abs(life.address - other.address)).toBeGreaterThanOrEqual(size);
      }
    }
    expect(lives).toHaveLength(9);
    // Results take turns in two places.
    expect(bytes).toBeLessThan(2.1 * size);
  });
});
