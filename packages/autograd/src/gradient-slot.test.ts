import { HostStorage } from "@stargrad/graph";
import { getEngine, setEngine, tensor } from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/tensor/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assignAll, backward, Parameter } from "./index.js";

const before = getEngine();
let engine: WasmEngine;

beforeEach(() => {
  engine = new WasmEngine({ threads: 1 });
  setEngine(engine);
});

afterEach(() => {
  setEngine(before);
});

const x = tensor([1, 2, 3]);

/** A parameter with the gradient 2 · factor · x · p of a loss; nothing has been read. */
function withGradient(parameter: Parameter, factor = 1): void {
  backward(parameter.mul(parameter).mul(x).mul(factor).sum());
}

function newParameter(): Parameter {
  return new Parameter(tensor([1, 1, 2]));
}

/** Reads the gradient as user code does. */
function elementsOf({ grad }: Parameter): number[] {
  return [...(grad?.dataSync() ?? [])];
}

/** Uses the gradient as an optimizer does. */
function descend(parameter: Parameter): void {
  const gradient = parameter.peekGradient();
  if (gradient === null) throw new Error("there is no gradient");
  assignAll([[parameter, parameter.detach().sub(gradient.mul(0.1))]]);
}

describe("the gradient of a parameter", () => {
  it("stays in the engine until `grad` is read", () => {
    const parameter = newParameter();
    withGradient(parameter);
    descend(parameter);
    expect(parameter.peekGradient()?.node.storage).not.toBeInstanceOf(HostStorage);
    expect(elementsOf(parameter)).toEqual([2, 4, 12]);
    expect(parameter.grad?.node.storage).toBeInstanceOf(HostStorage);
  });

  it.each(["before it is computed", "afterwards"])("never changes once it has been asked for %s", (when) => {
    const parameter = newParameter();
    withGradient(parameter);
    let gradient = when === "afterwards" ? null : parameter.grad;
    descend(parameter);
    gradient ??= parameter.grad;
    for (let step = 0; step < 3; step++) {
      parameter.grad = null;
      withGradient(parameter, 10);
      descend(parameter);
    }
    expect([...(gradient?.dataSync() ?? [])]).toEqual([2, 4, 12]);
  });

  it("accumulates over several losses, whether it has been computed in between or not", () => {
    for (const isComputed of [false, true]) {
      const parameter = newParameter();
      withGradient(parameter);
      if (isComputed) parameter.peekGradient()?.dataSync();
      withGradient(parameter, 10);
      descend(parameter);
      expect(elementsOf(parameter)).toEqual([22, 44, 132]);
    }
  });

  it("is that of its own loss, if an earlier loss is read after its gradient has been dropped", () => {
    const parameter = newParameter();
    const loss = parameter.mul(x).sum();
    backward(loss);
    parameter.grad = null;
    withGradient(parameter);
    expect(loss.itemSync()).toBe(9);
    expect(elementsOf(parameter)).toEqual([2, 4, 12]);
  });

  it("uses the same engine storage at every step, and frees it with the parameter", () => {
    const train = (): number[] => {
      const parameter = newParameter();
      const room = Array.from({ length: 5 }, () => {
        withGradient(parameter);
        descend(parameter);
        parameter.grad = null;
        return engine.memory().used;
      });
      parameter.dispose();
      return [...room, engine.memory().used];
    };
    const [, , ...later] = train();
    const afterwards = later.pop();
    expect(new Set(later).size).toBe(1);
    expect(train().at(-1)).toBe(afterwards);
  });

  it("is correct if another engine computes it", () => {
    const parameter = newParameter();
    withGradient(parameter);
    descend(parameter);
    setEngine(new WasmEngine({ threads: 1 }));
    parameter.grad = null;
    withGradient(parameter, 0);
    descend(parameter);
    expect(elementsOf(parameter)).toEqual([0, 0, 0]);
  });
});

it("a gradient of another shape is refused when it is assigned", () => {
  const parameter = newParameter();
  expect(() => {
    parameter.grad = tensor([1]);
  }).toThrow("grad: got the shape [1] for a parameter of shape [3]");
  expect(parameter.grad).toBeNull();
});
