import { backward } from "@stargrad/autograd";
import { ones, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import {
  Dropout,
  Identity,
  Linear,
  Module,
  ModuleDict,
  ModuleList,
  ReLU,
  Residual,
  Sequential,
} from "../index.js";

/** A model that holds its layers in containers. */
class Network extends Module {
  readonly blocks = new ModuleList([new Linear(2, 2), new Linear(2, 2, { bias: false })]);
  readonly heads = new ModuleDict({ digits: new Linear(2, 10), letters: new Linear(2, 26) });

  forward(x: Tensor, head: string): Tensor {
    return this.heads.get(head).forward([...this.blocks].reduce((y, block) => block.forward(y), x));
  }
}

describe("ModuleList and ModuleDict", () => {
  it("name their modules as PyTorch does, and print them", () => {
    const model = new Network();
    expect([...model.stateDict().keys()]).toEqual([
      "blocks.0.weight",
      "blocks.0.bias",
      "blocks.1.weight",
      "heads.digits.weight",
      "heads.digits.bias",
      "heads.letters.weight",
      "heads.letters.bias",
    ]);
    expect(`\n${model.toString()}`).toMatchInlineSnapshot(`
      "
      Network                                 118  parameters
      ├─ blocks: ModuleList                    10
      │  ├─ 0: Linear(2, 2)                     6  weight [2, 2], bias [2]
      │  └─ 1: Linear(2, 2, { bias: false })    4  weight [2, 2]
      └─ heads: ModuleDict                    108
         ├─ digits: Linear(2, 10)              30  weight [10, 2], bias [10]
         └─ letters: Linear(2, 26)             78  weight [26, 2], bias [26]"
    `);
  });

  it("give gradients only to modules that were used", () => {
    const model = new Network();
    backward(model.forward(ones([3, 2]), "digits").sum());
    expect(model.blocks.at(-1).weight.grad).not.toBeNull();
    expect(model.heads.get("digits").bias?.grad).not.toBeNull();
    expect(model.heads.get("letters").weight.grad).toBeNull();
  });

  it("can grow, and pass train and eval on", () => {
    const list = new ModuleList<Module>().append(new Linear(1, 1), new Dropout());
    const dict = new ModuleDict<Module>([["list", list]]).set("more", new Dropout()).set("list", list);
    expect([list.length, dict.size]).toEqual([2, 2]);
    expect([...dict].map(([name]) => name)).toEqual(["list", "more"]);
    expect([dict.has("list"), dict.has("none")]).toEqual([true, false]);
    dict.eval();
    expect([list.at(1).training, dict.get("more").training]).toEqual([false, false]);
  });

  it("throw for missing modules, and for forward", () => {
    const list = new ModuleList([new ReLU()]);
    const dict = new ModuleDict({ a: new ReLU(), b: new ReLU() });
    expect(() => list.at(1)).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: ModuleList: got the index 1 for 1 modules]`,
    );
    expect(() => list.at(0.5)).toThrow("got the index 0.5");
    expect(() => dict.get("c")).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ModuleDict: got the name c; expected one of: a, b]`,
    );
    expect(() => dict.get("__proto__")).toThrow("got the name __proto__");
    expect(() => dict.set("a.b", new ReLU())).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ModuleDict: got the name "a.b"; expected one that is not empty and has no dot]`,
    );
    expect(() => list.forward()).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ModuleList: has no forward pass of its own. Call its modules, or use Sequential]`,
    );
    expect(() => dict.forward()).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: ModuleDict: has no forward pass of its own. Call its modules]`,
    );
  });
});

describe("Residual", () => {
  it("adds the outputs of its layer and of its shortcut", () => {
    const x = tensor([[1, -2]]);
    expect(new Residual(new ReLU()).forward(x).toArraySync()).toEqual([[2, -2]]);
    const shortcut = new Linear(2, 3, { bias: false });
    const layer = new Linear(2, 3, { bias: false });
    const y = new Residual(layer, shortcut).forward(x);
    expect(y.dataSync()).toEqual(shortcut.forward(x).add(layer.forward(x)).dataSync());
  });

  it("names its parts, except Identity, which has no state", () => {
    const model = new Residual(new Sequential(new Linear(2, 2), new ReLU()));
    expect([...model.stateDict().keys()]).toEqual(["layer.0.weight", "layer.0.bias"]);
    expect(model.layer.layers[0].weight.shape).toEqual([2, 2]);
    expect(new Identity().forward(model.layer.layers[0].weight)).toBe(model.layer.layers[0].weight);
  });

  it("reports which shapes differ", () => {
    expect(() => new Residual(new Linear(2, 1)).forward(ones([4, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Residual: got [4, 1] from the layer and [4, 2] from the shortcut; expected one shape. Pass a shortcut that maps the input to the shape of the layer's output]`,
    );
  });
});
