import {
  createLeaf,
  createNode,
  HostStorage,
  Node,
  type AttributesOf,
  type Operation,
  type Shape,
} from "@stargrad/graph";
import { writeSignature, type SignatureWriter } from "@stargrad/graph/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeGraph } from "./describe-graph.js";
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
const signatureOf = (...outputs: Node[]) => describeGraph(outputs).signature;

/** A node with arbitrary attributes, which no primitive has. */
function withAttributes(attributes: object): Node {
  const operation = { primitive: "exp", inputs: [leaf(2)], attributes } as unknown as Operation;
  return new Node({ shape: [2], dtype: "float32" }, { operation, tracked: false });
}

/** Whether two nodes that differ only in their attributes have the same signature. */
function areAlike(a: object, b: object): boolean {
  return signatureOf(withAttributes(a)) === signatureOf(withAttributes(b));
}

describe("the signature of a graph", () => {
  const graph = (length: number, share: boolean) => {
    const x = leaf(length);
    return apply("add", apply("exp", x), share ? x : leaf(length));
  };

  it("is the same for graphs of the same structure, whose leaves have the same order", () => {
    const [first, second] = [describeGraph([graph(3, true)]), describeGraph([graph(3, true)])];
    expect(first.signature).toBe(second.signature);
    expect(first.leaves).toHaveLength(1);
  });

  it("differs where shapes, types, connections, attributes or outputs do", () => {
    const x = leaf(2, 2);
    const y = apply("exp", x);
    const graphs = [
      [graph(3, true)],
      [graph(4, true)],
      [graph(3, false)],
      [sum(x, 0)],
      [sum(x, 1)],
      [apply("less", x, x)],
      [createNode("cast", [x], { dtype: "int32" })],
      [createNode("cast", [x], { dtype: "float64" })],
      [apply("exp", y)],
      [y, apply("exp", y)],
      [y],
      [y, y],
      [x, y],
      [x],
      [leaf(4)],
      [createLeaf([4], "float64", new HostStorage(new Float64Array(4)))],
    ];
    const signatures = new Map<string, number>();
    graphs.forEach((outputs, i) => {
      signatures.set(signatureOf(...outputs), i);
    });
    expect([...signatures].map(([, i]) => i)).toEqual([...graphs.keys()]);
  });

  it("distinguishes numbers like Object.is", () => {
    const values = [
      0,
      -0,
      1,
      -1,
      0.5,
      NaN,
      Infinity,
      -Infinity,
      2 ** 30,
      -(2 ** 30),
      2 ** 31,
      2 ** 53,
      1e-320,
    ];
    for (const [i, a] of values.entries()) {
      for (const [j, b] of values.entries()) expect(areAlike({ value: a }, { value: b })).toBe(i === j);
    }
    fc.assert(fc.property(fc.double(), fc.double(), (a, b) => areAlike({ a }, { a: b }) === Object.is(a, b)));
    const negative = new Float64Array(Float32Array.of(NaN).map((x) => -x))[0];
    expect(areAlike({ value: NaN }, { value: negative })).toBe(true);
  });

  it("distinguishes attributes of any structure", () => {
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom(undefined, null, true, false, "a", "b", -0, 0.5),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom("a", "b"), tie("value"), { noNullPrototype: true }),
      ),
    })).value;
    // Distinguished by their fields and the order of these.
    const text = (attribute: unknown): string =>
      Array.isArray(attribute)
        ? `[${attribute.map(text).join()}]`
        : typeof attribute === "object" && attribute !== null
          ? `{${Object.entries(attribute)
              .map(([name, each]) => `${name}:${text(each)}`)
              .join()}}`
          : typeof attribute === "string"
            ? `"${attribute}"`
            : Object.is(attribute, -0)
              ? "-0"
              : String(attribute);
    fc.assert(fc.property(value, value, (a, b) => areAlike({ a }, { a: b }) === (text(a) === text(b))));
  });

  it("uses the signature that an attribute writes", () => {
    const own = (...numbers: number[]) => ({
      [writeSignature](writer: SignatureWriter) {
        for (const number of numbers) writer.number(number);
      },
    });
    expect(areAlike({ body: own(1, 2.5) }, { body: own(1, 2.5) })).toBe(true);
    expect(areAlike({ body: own(1, 2.5) }, { body: own(1, 3.5) })).toBe(false);
    expect(areAlike({ body: own(1), length: 2 }, { body: own(1, 2) })).toBe(false);
    expect(areAlike({ body: [own(), own(1)] }, { body: [own(1), own()] })).toBe(false);
  });

  it("starts anew after a graph that cannot be described", () => {
    const x = leaf(2);
    const before = signatureOf(apply("exp", x));
    expect(() => signatureOf(withAttributes({ length: 2, f: () => 0 }))).toThrow("type function");
    expect(signatureOf(apply("exp", x))).toBe(before);
  });

  it("lists leaves in the order the program takes them", () => {
    const [a, b, c] = [leaf(1), leaf(2, 1), leaf(3, 1, 1)];
    const y = apply(
      "mul",
      expand(reshape(a, [1, 1, 1]), [3, 2, 1]),
      apply("add", expand(c, [3, 2, 1]), expand(reshape(b, [1, 2, 1]), [3, 2, 1])),
    );
    const { leaves } = describeGraph([y]);
    const program = lower([y], vectorTarget);
    expect(program.inputs.map((buffer) => program.buffers[buffer].size)).toEqual(
      leaves.map(({ shape }) => shape.reduce((s, l) => s * l, 1)),
    );
  });

  it("handles a graph of any depth; the signature grows linearly with the number of nodes", () => {
    const tower = (depth: number) => {
      let x = leaf(2);
      for (let i = 0; i < depth; i++) x = apply("exp", x);
      return signatureOf(x).length;
    };
    const [short, long, longer] = [tower(1), tower(10_001), tower(20_001)];
    expect(longer - long).toBe(long - short);
  });

  it("supports the attributes of every primitive", () => {
    const pad: AttributesOf<"pad"> = { before: [1], after: [0], between: [0], value: -Infinity };
    const padded = createNode("pad", [leaf(2)], pad);
    expect(signatureOf(padded)).toBe(signatureOf(createNode("pad", [leaf(2)], { ...pad })));
    const other = createNode("pad", [leaf(2)], { ...pad, value: Infinity });
    expect(signatureOf(padded)).not.toBe(signatureOf(other));
  });
});
