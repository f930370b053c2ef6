import { describe, expect, it } from "vitest";

import { runProgram } from "./engine.js";
import { HostStorage } from "./storage.js";
import { LoopBody } from "./loop-body.js";
import { createLeaf, createNode, Placeholder, type Node } from "./node.js";
import { referenceEngine } from "./reference-engine.js";
import { writeSignature } from "./signature.js";

const leaf = (shape: readonly number[], ...elements: number[]): Node =>
  createLeaf(shape, "float64", new HostStorage(Float64Array.from(elements)));
const formal = (...shape: number[]): Node => new Placeholder({ shape, dtype: "float64" });
const add = (a: Node, b: Node): Node => createNode("add", [a, b], {});
const mul = (a: Node, b: Node): Node => createNode("mul", [a, b], {});

/** `carry = carry · factor + x`, with the previous carry as the only result. */
function geometric(factor: Node): LoopBody {
  const [carry, x] = [formal(), formal()];
  const product = mul(carry, factor);
  const next = add(product, x);
  return new LoopBody({
    constants: [factor],
    carries: [carry],
    sequences: [x],
    next: [next],
    results: [carry],
    inside: new Set([product, next]),
  });
}

const output = (bundle: Node, index: number): Node => createNode("scanOutput", [bundle], { index });

describe("a loop", () => {
  const [factor, start, xs] = [leaf([], 2), leaf([], 1), leaf([3], 10, 20, 30)];
  const attributes = { length: 3, reverse: false };

  it("returns the last carries and the results of all iterations", () => {
    const bundle = createNode("scan", [factor, start, xs], { body: geometric(factor), ...attributes });
    const [carry, results] = [output(bundle, 0), output(bundle, 1)];
    expect([carry.shape, results.shape]).toEqual([[], [3]]);
    const storages = runProgram(referenceEngine, [results, carry]);
    expect(storages.map((storage) => [...storage.readSync()])).toEqual([[1, 12, 44], [118]]);
  });

  it("accepts a constant other than the one with which the body was built", () => {
    const bundle = createNode("scan", [leaf([], 0), start, xs], { body: geometric(factor), ...attributes });
    const [storage] = runProgram(referenceEngine, [output(bundle, 1)]);
    expect([...storage.readSync()]).toEqual([1, 10, 20]);
  });

  it("names the input that does not fit, and the output that does not exist", () => {
    const body = geometric(factor);
    const make = (inputs: Node[]) => () => createNode("scan", inputs, { body, ...attributes });
    expect(make([factor, start])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scan: got 2 inputs; its body takes 3]`,
    );
    expect(make([factor, start, leaf([2], 1, 2)])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scan: input 2 has the shape [2]; expected [3]]`,
    );
    const single = createLeaf([], "float32", new HostStorage(Float32Array.of(1)));
    expect(make([factor, single, xs])).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: scan: input 1 is float32; expected float64]`,
    );
    const bundle = make([factor, start, xs])();
    expect(() => output(bundle, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scanOutput: got the index 2; the loop has 2 outputs]`,
    );
    expect(() => output(start, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: scanOutput: got a tensor; expected a scan]`,
    );
  });
});

describe("LoopBody", () => {
  it("orders the nodes between its formals and the wanted nodes", () => {
    const body = geometric(leaf([], 2));
    expect(body.order(body.next)).toEqual([...body.inside]);
    expect(body.order(body.results)).toEqual([]);
  });

  it("stores each result once, and keeps the indices of existing results", () => {
    const body = geometric(leaf([], 2));
    const [product] = body.inside;
    expect(body.addResult(body.carries[0])).toBe(0);
    expect(body.addResult(product)).toBe(1);
    expect(body.addResult(product)).toBe(1);
    expect(body.results).toEqual([body.carries[0], product]);
  });

  it("has a signature of its structure only, which changes when a result is added", () => {
    const [one, other] = [geometric(leaf([], 2)), geometric(leaf([], 3))];
    const signature = signed(one);
    expect(signed(other)).toEqual(signature);
    other.addResult([...other.inside][0]);
    expect(signed(other)).not.toEqual(signature);
  });
});

/** The words that a body writes as its signature. */
function signed(body: LoopBody): unknown[] {
  const words: unknown[] = [];
  body[writeSignature]({
    number: (value) => words.push(value),
    numbers: (values) => words.push(...values),
    name: (name) => words.push(name),
    fields: (object) => words.push(JSON.stringify(object)),
  });
  return words;
}
