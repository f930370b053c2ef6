import { observeNodes } from "@stargrad/graph/internal";
import { afterEach, expect, it } from "vitest";

import { getEngine, ones, setEngine, tensor } from "./index.js";
import { trace } from "./internal.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

it("trace reports every operation of f, and computes nothing however deep the graph grows", () => {
  setEngine({
    name: "forbidden",
    capabilities: engine.capabilities,
    prepare() {
      throw new Error("something was computed");
    },
  });
  const seen: (string | undefined)[] = [];
  const y = trace(
    () => {
      let x = tensor([1, 2]).add(1);
      for (let i = 0; i < 3000; i++) x = x.mul(2);
      return x;
    },
    ({ operation }) => void seen.push(operation?.primitive),
  );
  expect(seen.filter((name) => name === "mul")).toHaveLength(3000);
  expect(y.node.storage).toBeNull();
  setEngine(engine);
  // What was built is computed when it is read.
  expect(y.dataSync()).toEqual(Float32Array.of(Infinity, Infinity));
});

it("trace lets f read values, and passes every node on to the earlier observer", () => {
  const before: number[] = [];
  const previous = observeNodes((node) => before.push(node.shape.length));
  try {
    const told: number[] = [];
    expect(
      trace(
        () => ones([3]).sum().itemSync(),
        ({ shape }) => void told.push(shape.length),
      ),
    ).toBe(3);
    expect(told.length).toBeGreaterThan(0);
    expect(before).toEqual(told);
    expect(() =>
      trace(
        // @ts-expect-error TypeScript sees it too
        () => ones([2]).reshape([3]),
        () => undefined,
      ),
    ).toThrow("reshape");
    const count = told.length;
    ones([2]).neg();
    expect(told).toHaveLength(count);
  } finally {
    observeNodes(previous);
  }
});
