import {
  conformanceCases,
  createLeaf,
  createNode,
  disagreement,
  DTypeError,
  HostStorage,
  LoopBody,
  Placeholder,
  referenceEngine,
  runProgram,
  sizeOf,
  type Engine,
  type Node,
  type Shape,
} from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { sampled, sized } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { lower } from "./lower.js";
import { interpret } from "./testing/interpreter.js";
import { interpretedEngine } from "./testing/interpreted-engine.js";
import { kindsOf } from "./testing/kinds.js";
import { narrowTarget, vectorTarget } from "./testing/targets.js";

// The compiler depends on a machine only through its target: programs for a target unlike any engine's compute the same results.

const kinds = new Set<string>();
const narrow = interpretedEngine(narrowTarget, (program) => {
  for (const kind of kindsOf(program)) kinds.add(kind);
});

const floats = (...shape: number[]): Node =>
  createLeaf(
    shape,
    "float32",
    new HostStorage(Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + i) + 0.1)),
  );
const integers = (shape: Shape, ...values: number[]): Node =>
  createLeaf(shape, "int32", new HostStorage(Int32Array.from(values)));
const add = (a: Node, b: Node): Node => createNode("add", [a, b], {});
const mul = (a: Node, b: Node): Node => createNode("mul", [a, b], {});
const tanh = (x: Node): Node => createNode("tanh", [x], {});
const matmul = (a: Node, b: Node): Node => createNode("matmul", [a, b], {});
const sum = (x: Node, ...axes: number[]): Node => createNode("sum", [x], { axes });
const column = (x: Node): Node => createNode("reshape", [x], { shape: [...x.shape, 1] });
const reshaped = (x: Node, shape: Shape): Node => createNode("reshape", [x], { shape });
const transpose = (x: Node): Node => createNode("permute", [x], { axes: [1, 0] });
const gather = (x: Node, index: Node, axis = 0): Node => createNode("gather", [x, index], { axis });
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

function computed(engine: Engine, outputs: readonly Node[]) {
  return runProgram(engine, outputs).map((storage) => storage.readSync());
}

function expectAgreement(build: () => readonly Node[]): void {
  const expected = computed(referenceEngine, build());
  computed(narrow, build()).forEach((got, i) => {
    expect(disagreement(got, expected[i], 1e-5)).toBeNull();
  });
}

/** Fails unless both engines throw the same error. */
function expectSameError(build: () => readonly Node[]): void {
  const errorOf = (engine: Engine): unknown => {
    try {
      return computed(engine, build());
    } catch (error) {
      return error;
    }
  };
  const expected = errorOf(referenceEngine);
  expect(expected).toBeInstanceOf(Error);
  expect(errorOf(narrow)).toEqual(expected);
}

/** Cases that take a second each and test an engine's blocks more than programs. */
function isLarge(name: string): boolean {
  return [...name.matchAll(/\d+/g)].some(([number]) => Number(number) > 33) && /product|tanh/.test(name);
}

describe.each([
  { target: narrowTarget, engine: narrow },
  { target: vectorTarget, engine: interpretedEngine(vectorTarget) },
])("programs for a target of $target.name", ({ target, engine }) => {
  it("compute the same as the reference engine, on every sample", () => {
    const wrong: string[] = [];
    let [agreed, refused] = [0, 0];
    const cases = sampled(
      conformanceCases().filter(({ name }) => !isLarge(name)),
      5,
    );
    for (const { name, build, tolerance } of cases) {
      const node = build();
      const lacks = topologicalOrder([node], () => true).some(({ dtype }) => !target.dtypes.includes(dtype));
      try {
        const [[got], [expected]] = [computed(engine, [node]), computed(referenceEngine, [build()])];
        const difference = disagreement(got, expected, tolerance);
        if (difference === null) agreed++;
        else wrong.push(`${name}: ${difference}`);
      } catch (error) {
        if (lacks && error instanceof DTypeError) refused++;
        else wrong.push(`${name}: ${String(error)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(agreed).toBeGreaterThan(sized({ short: 300, long: 1500 }));
    expect(refused > 0).toBe(target === narrowTarget);
  });
});

describe("programs for 8 buffers", () => {
  it("concatenate many tensors, and add many", () => {
    expectAgreement(() => [
      createNode(
        "concat",
        many(20, (i) => floats(2, 3 + (i % 2))),
        { axis: 1 },
      ),
    ]);
    expectAgreement(() => [
      createNode(
        "concat",
        many(20, () => tanh(floats(4))),
        { axis: 0 },
      ),
    ]);
    expectAgreement(() => [many(20, () => floats(3, 4)).reduce(add)]);
    expectAgreement(() => [sum(many(20, () => floats(3, 4)).reduce(mul), 1)]);
  });

  it("copy the many small parts of a tensor, and those that are cut out of one", () => {
    const slice = (x: Node, start: number, length: number): Node =>
      createNode("slice", [x], { starts: [start, 0], lengths: [length, 3], steps: [1, 1] });
    expectAgreement(() => [
      createNode(
        "concat",
        many(40, (i) => floats(1 + (i % 2), 3)),
        { axis: 0 },
      ),
    ]);
    expectAgreement(() => {
      const x = tanh(floats(64, 3));
      return [sum(x, 0), ...many(20, (i) => slice(x, 3 * i, 1 + (i % 3)))];
    });
    const inLoop = conformanceCases().filter(({ name }) => name.startsWith("a loop with many small parts"));
    const [first] = inLoop.filter(({ name }) => name.endsWith("output 1, float32"));
    expectAgreement(() => [first.build()]);
    // The elements of a column are not neighbours, so a loop writes them.
    const columns = many(20, () => floats(2, 1));
    expectAgreement(() => [createNode("concat", columns, { axis: 1 })]);
  });

  it("have many results", () => {
    expectAgreement(() => {
      const [x, others] = [floats(5), many(12, () => floats(5))];
      return others.map((other) => add(tanh(x), other));
    });
  });

  it("join loops over the same rows", () => {
    expectAgreement(() => {
      const x = tanh(floats(12, 10));
      const scaled = mul(x, column(createNode("max", [x], { axes: [1] })));
      const more = many(9, () => floats(12, 10)).reduce(add, scaled);
      return [mul(more, column(sum(more, 1))), sum(scaled, 0)];
    });
  });

  it("fuse epilogues into products, also with indices and with strides", () => {
    expectAgreement(() => [many(10, () => floats(6, 5)).reduce(add, matmul(floats(6, 4), floats(4, 5)))]);
    expectAgreement(() => {
      const row = createNode("reshape", [createNode("iota", [], { size: 5 })], { shape: [1, 5] });
      const places = createNode("expand", [row], { shape: [6, 5] });
      const columns = createNode("cast", [places], { dtype: "float32" });
      return [add(matmul(floats(6, 4), floats(4, 5)), columns)];
    });
    expectAgreement(() => [add(matmul(floats(6, 4), floats(4, 5)), transpose(floats(5, 6)))]);
  });

  it("split reductions", () => {
    expectAgreement(() => [
      sum(floats(64), 0),
      sum(floats(32, 9), 0),
      sum(mul(floats(8, 40), floats(40)), 0, 1),
    ]);
  });

  it("contain every kind of kernel except those that abort a program", () => {
    for (const kind of [
      ...["map", "reduce", "fill", "gather", "scatterAdd", "cumsum", "argsort", "randomBits", "findings"],
      ...["copy", "scan of copy"],
      ...["product", "product with an epilogue", "product with positions"],
      ...["rows", "rows with local buffers", "scan", "scan of map"],
    ]) {
      expect(kinds).toContain(kind);
    }
    expect(kinds).not.toContain("check");
  });
});

describe("programs without float64", () => {
  it("are rejected if they need it, with an error that names the operation and the target", () => {
    const wide = () => createNode("cast", [floats(3)], { dtype: "float64" });
    const refusal = /got float64; the engine narrow supports only bool, int32, float32/;
    expect(() => computed(narrow, [wide()])).toThrow(DTypeError);
    expect(() => computed(narrow, [wide()])).toThrow(refusal);
    const [leaf] = [createLeaf([1], "float64", new HostStorage(Float64Array.of(1)))];
    expect(() => computed(narrow, [createNode("cast", [leaf], { dtype: "float32" })])).toThrow(refusal);
  });
});

describe("programs that kernels cannot abort", () => {
  const x = () => floats(4, 3);

  it("report an index outside its axis", () => {
    expectSameError(() => [gather(x(), integers([2, 3], 0, 1, 2, 3, 4, 0))]);
    expectSameError(() => [gather(x(), integers([2, 3], 0, 1, 2, -1, 4, 0))]);
    const index = () => integers([2, 3], 1, 0, 3, 3, 0, 9);
    expectSameError(() => [createNode("scatterAdd", [index(), floats(2, 3)], { axis: 0, size: 5 })]);
  });

  it("report its position, also if the index is repeated", () => {
    const repeated = () => createNode("expand", [integers([3, 1], 0, 7, 8)], { shape: [3, 3] });
    expectSameError(() => [gather(x(), repeated())]);
    const flipped = () => createNode("flip", [integers([2, 3], 0, 1, 2, 3, 4, 0)], { axes: [0, 1] });
    expectSameError(() => [gather(x(), flipped())]);
    expectSameError(() => [gather(x(), createNode("expand", [integers([1, 1], 9)], { shape: [2, 3] }))]);
  });

  it("report it for one element per line, and for an empty tensor", () => {
    expectSameError(() => [gather(tanh(x()), integers([4, 1], 0, 1, 3, 2), 1)]);
    expectSameError(() => [gather(floats(0, 3), integers([1, 3], 0, 0, 0))]);
  });

  it("report a divisor of 0 and a negative exponent", () => {
    const numbers = () => integers([4], 7, -7, 9, 5);
    expectSameError(() => [createNode("mod", [numbers(), integers([4], 2, 1, 0, 0)], {})]);
    expectSameError(() => [createNode("pow", [numbers(), integers([4], 2, 1, -3, 0)], {})]);
    expectAgreement(() => [createNode("mod", [numbers(), integers([4], 2, 1, -4, 3)], {})]);
    expectAgreement(() => [createNode("pow", [numbers(), integers([], 3)], {})]);
  });

  it("report the first faulty number in a loop, and nothing without one", () => {
    const loop = (...indices: number[]) =>
      loopOverIndices(integers([indices.length, 2, 3], ...indices.flatMap(six)));
    const six = (index: number): number[] => [0, 1, 2, index, 0, index];
    expectSameError(() => loop(3, 0, 6, 2, 5));
    expectSameError(() => loop(3, 0, 1, 2, -5));
    expectAgreement(() => loop(3, 0, 1, 2));
  });
});

describe("constants of a loop", () => {
  /** Adds to the carry an element of a constant where the carry is not 0, else of another. */
  function loopOver(a: Node, b: Node): Node {
    const carry = new Placeholder(a);
    const isSet = createNode("cast", [carry], { dtype: "bool" });
    const chosen = createNode("where", [isSet, a, b], {});
    const next = add(carry, chosen);
    const body = new LoopBody({
      constants: [a, b],
      carries: [carry],
      sequences: [],
      next: [next],
      results: [],
      inside: new Set([isSet, chosen, next]),
    });
    const start = floats(...a.shape);
    return createNode(
      "scanOutput",
      [createNode("scan", [a, b, start], { body, length: 3, reverse: false })],
      {
        index: 0,
      },
    );
  }
  const folded = (rows: number): Node => reshaped(transpose(reshaped(floats(6), [rows, 6 / rows])), [6]);

  const kindsFor = (a: Node, b: Node): string[] =>
    lower([loopOver(a, b)], narrowTarget).kernels.map(({ kind }) => kind);

  it("are copied once, before the loop, if one loop over memory cannot read them together", () => {
    expectAgreement(() => [loopOver(folded(2), folded(3))]);
    expect(kindsFor(folded(2), folded(3))).toEqual(["map", "map", "map", "scan", "map"]);
  });

  it("are read where they are otherwise", () => {
    expectAgreement(() => [loopOver(folded(2), folded(2))]);
    expect(kindsFor(folded(2), folded(2))).toEqual(["map", "scan", "map"]);
  });
});

/** The sum of the elements that a loop gathers, one per iteration. */
function loopOverIndices(indices: Node): Node[] {
  const [length, ...shape] = indices.shape;
  const table = floats(4, 3);
  const carry = new Placeholder({ shape, dtype: "float32" });
  const index = new Placeholder({ shape, dtype: "int32" });
  const taken = gather(table, index);
  const next = add(carry, taken);
  const body = new LoopBody({
    constants: [table],
    carries: [carry],
    sequences: [index],
    next: [next],
    results: [],
    inside: new Set([taken, next]),
  });
  const loop = createNode("scan", [table, floats(...shape), indices], { body, length, reverse: false });
  return [createNode("scanOutput", [loop], { index: 0 })];
}

describe("the interpreter", () => {
  it("rejects a kernel with more buffers than the target allows", () => {
    const outputs = [many(12, () => floats(3)).reduce(add)];
    const program = fuse(lower(outputs, vectorTarget), vectorTarget);
    const inputs = many(12, () => new Float32Array(3));
    expect(interpret(program, vectorTarget, inputs)).toEqual([new Float32Array(3)]);
    expect(() => interpret(program, narrowTarget, inputs)).toThrow("13 buffers; the target allows 8");
  });

  it("rejects an access outside a buffer", () => {
    const program = lower([tanh(floats(3))], narrowTarget);
    const short = program.buffers.map((spec, i) =>
      program.inputs.includes(i) ? { ...spec, size: 2 } : spec,
    );
    const run = () => interpret({ ...program, buffers: short }, narrowTarget, [new Float32Array(2)]);
    expect(run).toThrow("element 2 of data [3], float32[2] is accessed; expected 0 to 1");
  });

  it("rejects element types that the target does not support", () => {
    const wide = createNode("cast", [floats(3)], { dtype: "float64" });
    const program = lower([wide], vectorTarget);
    expect(() => interpret(program, narrowTarget, [new Float32Array(3)])).toThrow("got float64");
  });
});
