import { createLeaf, createNode, HostStorage, Node, type Shape } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import type { Kernel, Program } from "./kernel.js";
import { lower } from "./lower.js";
import { vectorTarget } from "./testing/targets.js";

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
const compile = (...outputs: Node[]) => fuse(lower(outputs, vectorTarget), vectorTarget);

describe("lowering", () => {
  it("makes one loop of an elementwise chain with movements between", () => {
    const x = leaf(3, 4);
    const y = apply("add", transpose(apply("mul", x, x)), expand(reshape(leaf(3), [1, 3]), [4, 3]));
    expect(kinds(compile(y))).toEqual(["map"]);
  });

  it("computes the operand of a reduction inside the reduction", () => {
    const x = leaf(3, 4);
    expect(kinds(compile(sum(apply("exp", apply("mul", x, x)), 1)))).toEqual(["reduce"]);
  });

  it("computes softmax's exponentials once, for the sum and for the division", () => {
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

  it("lowers a convolution to a product without materializing its windows", () => {
    const x = leaf(2, 3, 8, 8);
    const seen = createNode("unfold", [x], { size: [3, 3], stride: [1, 1], dilation: [1, 1] }); // [2, 3, 6, 6, 3, 3]
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

  it("computes operands of a concatenation in one loop, unless their parts interleave", () => {
    const joined = (axis: number, ...operands: Node[]) => compile(createNode("concat", operands, { axis }));
    const rows = joined(0, leaf(2, 3), apply("exp", leaf(2, 3)), leaf(2, 3));
    expect(rows.kernels).toMatchObject([{ kind: "map", results: [{}, {}, {}] }]);
    expect(kinds(joined(0, leaf(2, 3), leaf(1, 3)))).toEqual(["map", "map"]);
    expect(kinds(joined(1, leaf(2, 3), leaf(2, 3)))).toEqual(["map", "map"]);
  });

  it("does not write results that are never read", () => {
    const shared = apply("exp", leaf(8));
    const program = compile(apply("mul", shared, shared));
    expect(program.kernels).toMatchObject([{ kind: "map", results: [{ buffer: program.outputs[0] }] }]);
  });

  it("reads a computed batched product as a leaf, also if it is summed along the batch", () => {
    const product = createNode("matmul", [leaf(3, 2, 4), leaf(3, 4, 5)], {});
    const computed = new Node(product, { operation: product.operation!, tracked: true });
    expect(kinds(compile(sum(computed, 0)))).toEqual(["product"]);
    computed.materialize(new HostStorage(new Float32Array(30)));
    expect(computed.operation?.primitive).toBe("matmul");
    const program = compile(sum(computed, 0));
    expect(program.kernels).toMatchObject([{ kind: "reduce", combine: "sum", axes: [0] }]);
    expect(program.inputs).toHaveLength(1);
  });

  it("fills the sum over no elements with 0", () => {
    expect(compile(sum(leaf(0, 2), 0)).kernels).toMatchObject([{ kind: "fill", value: 0 }]);
    const empty = createNode("matmul", [leaf(2, 0), leaf(0, 3)], {});
    expect(compile(empty).kernels).toMatchObject([{ kind: "fill", value: 0 }]);
  });
});
