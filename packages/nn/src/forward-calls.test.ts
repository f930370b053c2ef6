import { tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { watchForward } from "./forward-calls.js";
import { Linear, Module, Sequential, Tanh } from "./index.js";
import { readModules } from "./internal.js";

class Doubles extends Module {
  forward(x: Tensor, times = 1): Tensor {
    return x.mul(2 * times);
  }
}

class DoublesAndAdds extends Doubles {
  override forward(x: Tensor): Tensor {
    return super.forward(x).add(1);
  }
}

describe("watchForward", () => {
  it("reports every call of every class, and none afterwards", () => {
    const [first, second] = [new Doubles(), new DoublesAndAdds()];
    const seen: Module[] = [];
    const watch = () =>
      watchForward(
        [],
        (module, run) => {
          seen.push(module);
          return run();
        },
        () => second.forward(first.forward(tensor([1]))),
      );
    expect(watch().toArraySync()).toEqual([5]);
    expect(seen).toEqual([first, second, second]);
    first.forward(tensor([1]));
    expect(seen).toHaveLength(3);
  });

  it("keeps the name and length of forward, and passes its errors to the caller", () => {
    const layer = new Doubles();
    expect([layer.forward.name, layer.forward.length]).toEqual(["forward", 1]);
    expect(Object.keys(layer)).toEqual(["training"]);
    expect(Object.hasOwn(layer, "forward")).toBe(false);
    expect(() =>
      watchForward(
        [],
        (_, run) => run(),
        () => new Linear(2, 3).forward(tensor([[1]])),
      ),
    ).toThrow("Linear(2, 3)");
  });
});

describe("readModules", () => {
  it("reads the called modules and the given modules, and no others", () => {
    const [called, given, other] = [new Doubles(), new Doubles(), new Doubles()];
    const { unchanged } = readModules([given], () => called.forward(tensor([1])));
    other.eval();
    expect(unchanged()).toBe(true);
    called.eval();
    expect(unchanged()).toBe(false);
    called.train();
    expect(unchanged()).toBe(true);
    given.eval();
    expect(unchanged()).toBe(false);
  });

  it("detects an added field, and one that is not a number", () => {
    const model = new Sequential(new Linear(1, 1), new Tanh());
    const { unchanged } = readModules(model.modules(), () => undefined);
    Object.assign(model.layers[1], { scale: NaN });
    expect(unchanged()).toBe(false);
    expect(readModules(model.modules(), () => undefined).unchanged()).toBe(true);
  });
});

describe("a forward without its module", () => {
  it.each<readonly [string, Module]>([
    ["Linear", new Linear(1, 1)],
    ["Doubles", new Doubles()],
  ])("names its class: %s", (name, module) => {
    const forward = Reflect.get(module, "forward") as (x: Tensor) => Tensor;
    const message = `${name}.forward: got no module as \`this\`. Call model.forward(x), or pass (x) => model.forward(x)`;
    expect(() => forward(tensor([1]))).toThrow(message);
    expect(() => [tensor([1])].map(forward)).toThrow(message);
    expect(() => ({ forward }).forward(tensor([1]))).toThrow(message);
  });
});
