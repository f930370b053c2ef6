import { createLeaf, createNode, HostStorage, type Node, type Shape } from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { tiled } from "./iteration.js";
import { buffersOf, type Program } from "./kernel.js";
import { lower } from "./lower.js";
import { planMemory } from "./memory-plan.js";
import { vectorTarget } from "./testing/targets.js";

const leaf = (...shape: number[]): Node =>
  createLeaf(
    shape,
    "float32",
    new HostStorage(new Float32Array(shape.reduce((size, length) => size * length, 1))),
  );
const apply = (name: "add" | "sub" | "mul" | "div" | "exp", ...inputs: Node[]) =>
  createNode(name, inputs, {});
const reduce = (name: "sum" | "max", x: Node, ...axes: number[]) => createNode(name, [x], { axes });
const column = (x: Node, shape: Shape) =>
  createNode("expand", [createNode("reshape", [x], { shape: [...shape.slice(0, -1), 1] })], { shape });
const kinds = ({ kernels }: Program) => kernels.map(({ kind }) => kind);
const compile = (...outputs: Node[]) => fuse(lower(outputs, vectorTarget), vectorTarget);

function softmax(x: Node): Node {
  const last = x.shape.length - 1;
  const powers = apply("exp", apply("sub", x, column(reduce("max", x, last), x.shape)));
  return apply("div", powers, column(reduce("sum", powers, last), x.shape));
}

describe("loops over the same rows", () => {
  it("become one loop over blocks of rows, and intermediate buffers shrink to one block", () => {
    const program = compile(softmax(leaf(512, 256)));
    expect(kinds(program)).toEqual(["rows"]);
    const [kernel] = program.kernels;
    if (kernel.kind !== "rows") throw new Error("no rows");
    expect(kernel.loops.map(({ kind }) => kind)).toEqual(["reduce", "map", "reduce", "map"]);
    expect(kernel.loops.every(({ shape }) => shape[0] === kernel.blocks)).toBe(true);
    expect(kernel.locals).toHaveLength(3);
    const rows = 512 / kernel.blocks;
    expect(kernel.locals.map((buffer) => program.buffers[buffer].size).sort((a, b) => a - b)).toEqual([
      rows,
      rows,
      rows * 256,
    ]);
    const { reads, writes } = buffersOf(kernel);
    expect(writes).toEqual(program.outputs);
    expect(reads.filter((buffer) => kernel.locals.includes(buffer))).toEqual([]);
    expect(planMemory(program, vectorTarget).bytes).toBe(0);
  });

  it("share blocks through several leading axes", () => {
    expect(kinds(compile(softmax(leaf(8, 4, 16, 128))))).toEqual(["rows"]);
  });

  it("keep the full size of buffers that other kernels read", () => {
    const y = softmax(leaf(512, 256));
    const program = compile(createNode("matmul", [createNode("permute", [y], { axes: [1, 0] }), y], {}));
    const [rows, product] = program.kernels;
    if (rows.kind !== "rows") throw new Error("no rows");
    expect(product.kind).toBe("product");
    for (const buffer of buffersOf(product).reads) {
      expect(rows.locals).not.toContain(buffer);
      expect(program.buffers[buffer].size).toBe(512 * 256);
    }
  });

  it("are joined past an independent kernel", () => {
    const [x, w] = [leaf(512, 256), leaf(16, 16)];
    const powers = apply("exp", x);
    const totals = reduce("sum", powers, 1);
    const product = createNode("matmul", [w, w], {});
    const shares = apply("div", powers, column(totals, powers.shape));
    expect(kinds(compile(totals, product, shares)).sort()).toEqual(["product", "rows"]);
  });

  it("stay separate if one of them reads rows of another block", () => {
    const powers = apply("exp", leaf(256, 256));
    const turned = createNode("permute", [powers], { axes: [1, 0] });
    const { kernels } = compile(powers, reduce("sum", apply("mul", powers, turned), 1));
    expect(kernels.map(({ kind }) => kind)).toEqual(["map", "reduce"]);
  });

  it("stay separate if they are small", () => {
    expect(kinds(compile(softmax(leaf(20, 12))))).not.toContain("rows");
  });
});

describe("large reductions", () => {
  it("are split into parts whose number depends only on the shape", () => {
    const program = compile(reduce("sum", leaf(1 << 20), 0));
    expect(program.kernels).toMatchObject([
      { kind: "reduce", shape: [32, 1 << 15], axes: [1] },
      { kind: "reduce", shape: [32], axes: [0], buffer: program.outputs[0] },
    ]);
  });

  it("are split over long rows too, but not if there are many results", () => {
    expect(compile(reduce("max", leaf(2048, 1024), 0)).kernels).toMatchObject([
      { shape: [64, 32, 1024], axes: [1] },
      { shape: [64, 1024], axes: [0] },
    ]);
    expect(compile(reduce("sum", leaf(2048, 1024), 1)).kernels).toHaveLength(1);
    expect(compile(reduce("sum", leaf(100, 100), 0, 1)).kernels).toHaveLength(1);
  });

  it("are not split if their length has no suitable divisor", () => {
    expect(compile(reduce("sum", leaf(1_000_003), 0)).kernels).toHaveLength(1);
  });
});

describe("tiles", () => {
  it("are used if the inner loop reads an operand with a large stride", () => {
    const against = {
      lengths: [128, 96],
      strides: [
        [96, 1],
        [1, 128],
      ],
      axes: [0, 1],
    };
    const tiles = tiled(against, vectorTarget.tiles);
    expect(tiles).toEqual({
      lengths: [8, 6, 16, 16],
      strides: [
        [96 * 16, 16, 96, 1],
        [16, 128 * 16, 1, 128],
      ],
      axes: [0, 1, 0, 1],
    });
  });

  it("are not used if all strides are small or the loop is short", () => {
    const along = {
      lengths: [128, 96],
      strides: [
        [96, 1],
        [200, 1],
      ],
      axes: [0, 1],
    };
    expect(tiled(along, vectorTarget.tiles)).toBe(along);
    const small = {
      lengths: [16, 16],
      strides: [
        [16, 1],
        [1, 16],
      ],
      axes: [0, 1],
    };
    expect(tiled(small, vectorTarget.tiles)).toBe(small);
  });
});
