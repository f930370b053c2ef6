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

/** A parameter with the gradient 2 · factor · x · p of a loss, of which nothing has been read. */
function withGradient(parameter: Parameter, factor = 1): void {
  backward(parameter.mul(parameter).mul(x).mul(factor).sum());
}

function newParameter(): Parameter {
  return new Parameter(tensor([1, 1, 2]));
}

/** What anybody reads. */
function elementsOf({ grad }: Parameter): number[] {
  return [...(grad?.dataSync() ?? [])];
}

/** What an optimizer does. */
function descend(parameter: Parameter): void {
  const gradient = parameter.peekGradient();
  if (gradient === null) throw new Error("there is no gradient");
  assignAll([[parameter, parameter.stopGradient().sub(gradient.mul(0.1))]]);
}

describe("the gradient of a parameter", () => {
  it("stays in the engine until somebody asks for it", () => {
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

  it("adds up over several losses, whether it has been computed by then or not", () => {
    for (const isComputed of [false, true]) {
      const parameter = newParameter();
      withGradient(parameter);
      if (isComputed) parameter.peekGradient()?.dataSync();
      withGradient(parameter, 10);
      descend(parameter);
      expect(elementsOf(parameter)).toEqual([22, 44, 132]);
    }
  });

  it("is what its own loss says, if a loss is read after it has been dropped", () => {
    const parameter = newParameter();
    const loss = parameter.mul(x).sum();
    backward(loss);
    parameter.grad = null;
    withGradient(parameter);
    expect(loss.itemSync()).toBe(9);
    expect(elementsOf(parameter)).toEqual([2, 4, 12]);
  });

  it("takes the same room in the engine at every step, and gives it back with the parameter", () => {
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

  it("is right if another engine computes it", () => {
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
