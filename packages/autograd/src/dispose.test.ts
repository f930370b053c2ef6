import { StaleValueError } from "@stargrad/graph";
import { getEngine, ones, setEngine, tensor } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/tensor/testing";
import { record } from "@stargrad/tensor/internal";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assignAll, backward, Buffer, Parameter } from "./index.js";

const before = getEngine();
let engine: WasmEngine;

beforeEach(() => {
  engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
});

afterEach(() => {
  setEngine(before);
});

/** A parameter of 1000 elements after the given number of updates. */
function updated(times: number): Parameter {
  const parameter = new Parameter(ones([1000]));
  parameter.name = "fc.weight";
  for (let i = 0; i < times; i++) parameter.assign(parameter.add(1).detach());
  return parameter;
}

describe("a variable that is disposed of", () => {
  it.each([0, 1, 2, 5])("frees all memory after %d updates, and a second call has no effect", (times) => {
    updated(times).dispose();
    const { used } = engine.memory();
    const parameter = updated(times);
    parameter.grad = ones([1000]);
    parameter.dispose();
    parameter.dispose();
    expect(engine.memory().used).toBe(used);
    expect(parameter.grad).toBeNull();
    expect(parameter.isDisposed).toBe(true);
  });

  it("is disposed of at the end of a block with `using`", () => {
    let outside: Buffer;
    {
      using buffer = new Buffer(ones([2]));
      outside = buffer;
      expect(buffer.isDisposed).toBe(false);
    }
    expect(outside.isDisposed).toBe(true);
  });

  it.each([0, 3])("throws an error with its name when it is used, after %d updates", async (times) => {
    const parameter = updated(times);
    const pending = parameter.mul(2);
    parameter.dispose();
    const message =
      /^read: got the parameter fc\.weight \[1000\], which has been disposed of, or a tensor that/;
    for (const use of [
      () => parameter.dataSync(),
      () => parameter.sum().itemSync(),
      () => pending.dataSync(),
      () => new Parameter(parameter),
    ]) {
      expect(use).toThrow(message);
      expect(use).toThrow(StaleValueError);
    }
    await expect(parameter.data()).rejects.toThrow(message);
    expect(() => {
      parameter.assign(ones([1000]));
    }).toThrowErrorMatchingInlineSnapshot(
      `[StaleValueError: assign: got the parameter fc.weight [1000], which has been disposed of, or a tensor that is computed from it. Read what is still needed before \`dispose\`, or before the end of the block with \`using\`]`,
    );
  });

  it("does not affect materialized tensors", () => {
    const parameter = updated(2);
    const total = parameter.sum();
    const copy = parameter.detach();
    expect(total.itemSync()).toBe(3000);
    copy.dataSync();
    parameter.dispose();
    updated(4);
    expect(total.itemSync()).toBe(3000);
    expect(copy.dataSync()[7]).toBe(3);
  });

  it("makes gradients that still need it throw", () => {
    const parameter = updated(2);
    const loss = parameter.square().sum();
    expect(loss.itemSync()).toBe(9000);
    backward(loss);
    const { grad } = parameter;
    parameter.dispose();
    updated(3);
    expect(() => grad?.dataSync()).toThrow("fc.weight");
  });

  it("stops an assignment to several variables before any has changed", () => {
    const [one, other] = [updated(2), updated(2)];
    other.dispose();
    expect(() => {
      assignAll([
        [one, ones([1000])],
        [other, ones([1000])],
      ]);
    }).toThrow("disposed of");
    expect(one.dataSync()[0]).toBe(3);
  });

  it("cannot be disposed of while a function is recorded", () => {
    const parameter = updated(1);
    expect(() =>
      record(() => {
        parameter.dispose();
      }),
    ).toThrow("a variable is disposed of inside of a function that is recorded");
    expect(parameter.dataSync()[0]).toBe(2);
  });
});

it("frees the engine storage of a value that is replaced by one in host memory", () => {
  const parameter = updated(3);
  const { used } = engine.memory();
  const value = tensor(new Array<number>(1000).fill(5));
  for (let i = 0; i < 50; i++) {
    for (let j = 0; j < 2; j++) parameter.assign(value);
    for (let j = 0; j < 2; j++) parameter.assign(parameter.add(1).detach());
  }
  expect(engine.memory().used).toBeLessThan(used + 1000);
  expect(parameter.dataSync()[0]).toBe(7);
});
