import { getEngine, ones, setEngine, tensor, zeros } from "@stargrad/tensor";
import type { Engine } from "@stargrad/graph";
import { afterEach, describe, expect, it } from "vitest";
import { assignAll, backward, Buffer, Parameter } from "./index.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

describe("a parameter", () => {
  it("has the value of the tensor it was created from, without its history", () => {
    const value = tensor([1, 2]).mul(3);
    const x = new Parameter(value);
    expect(x.toArraySync()).toEqual([3, 6]);
    expect(x.node.operation).toBeNull();
    expect(x.grad).toBeNull();
  });

  it("created from another parameter is independent of it", () => {
    const x = new Parameter(tensor([1, 2]));
    const y = new Parameter(x);
    x.assign(zeros([2]));
    backward(y.sum());
    expect(y.toArraySync()).toEqual([1, 2]);
    expect(x.grad).toBeNull();
  });

  it("holds real numbers only", () => {
    expect(() => new Parameter(tensor([1, 2], { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: Parameter: got int32; expected float32 or float64]`,
    );
  });

  it("is used with its value at the time of use", () => {
    const x = new Parameter(tensor([1, 2]));
    const before = x.mul(10);
    x.assign(tensor([3, 4]));
    expect(x.mul(10).toArraySync()).toEqual([30, 40]);
    expect(before.toArraySync()).toEqual([10, 20]);
  });

  it("can be assigned a value that depends on itself", () => {
    const x = new Parameter(tensor([1, 2]));
    for (let i = 0; i < 10; i++) x.assign(x.add(x));
    expect(x.toArraySync()).toEqual([1024, 2048]);
  });

  it("frozen or unfrozen affects later uses only", () => {
    const x = new Parameter(tensor([1, 2]));
    const thawed = x.sum();
    x.requiresGradient = false;
    const frozen = x.mul(5).sum();
    backward(thawed.add(frozen));
    expect(x.grad!.toArraySync()).toEqual([1, 1]);
    x.requiresGradient = true;
    backward(x.mul(5).sum());
    expect(x.grad!.toArraySync()).toEqual([6, 6]);
  });
});

describe("a buffer", () => {
  it("changes like a parameter, and no gradient reaches it", () => {
    const mean = new Buffer(zeros([2]));
    const x = new Parameter(tensor([1, 2]));
    mean.assign(mean.mul(0.9).add(x.mul(0.1)));
    backward(x.sub(mean).square().sum());
    expect(mean.node.tracked).toBe(false);
    expect(mean.node.operation).toBeNull();
    expect(x.grad).not.toBeNull();
  });

  it("may hold integers", () => {
    const steps = new Buffer(tensor(0, { dtype: "int32" }));
    steps.assign(steps.add(1));
    expect(steps.itemSync()).toBe(1);
  });
});

describe("assignAll", () => {
  it("computes every new value from the old ones, so that two variables can be exchanged", () => {
    const [a, b] = [new Parameter(tensor([1, 2])), new Parameter(tensor([3, 4]))];
    assignAll([
      [a, b.add(0)],
      [b, a.add(0)],
    ]);
    expect([a, b].map((x) => x.toArraySync())).toEqual([
      [3, 4],
      [1, 2],
    ]);
  });

  it("computes all of them as one program", () => {
    let programs = 0;
    const counting: Engine = {
      name: "counting",
      capabilities: engine.capabilities,
      prepare(outputs) {
        programs++;
        return engine.prepare(outputs);
      },
    };
    const variables = [1, 2, 3].map((value) => new Parameter(tensor([value])));
    setEngine(counting);
    assignAll(variables.map((variable) => [variable, variable.mul(2)]));
    expect(programs).toBe(1);
    expect(variables.map((variable) => variable.dataSync()[0])).toEqual([2, 4, 6]);
  });

  it("changes nothing if one value does not fit", () => {
    const [a, b] = [new Parameter(tensor([1, 2])), new Parameter(tensor([3, 4]))];
    expect(() => {
      assignAll([
        [a, zeros([2])],
        [b, zeros([3])],
      ]);
    }).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: assign: got the shape [3] for a variable of shape [2]]`,
    );
    expect(() => {
      assignAll([
        [a, zeros([2])],
        [b, zeros([2], { dtype: "float64" })],
      ]);
    }).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: assign: got float64 for a variable of float32. Cast it first]`,
    );
    expect([a, b].map((x) => x.toArraySync())).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it("changes nothing if one value cannot be computed", () => {
    const [a, b] = [new Parameter(tensor([1, 2])), new Parameter(tensor([3, 4]))];
    const outOfRange = b.gather(ones([2]).mul(7).cast("int32"));
    expect(() => {
      assignAll([
        [a, zeros([2])],
        [b, outOfRange],
      ]);
    }).toThrow("got the index 7");
    expect([a, b].map((x) => x.toArraySync())).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});
