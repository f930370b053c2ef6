import { assignAll, backward } from "@stargrad/autograd";
import { Generator, tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { binaryCrossEntropyWithLogits, Flatten, Linear, ReLU, Sequential, Sigmoid, Tanh } from "../index.js";

describe("Sequential", () => {
  it("applies its layers in order", () => {
    const model = new Sequential(new ReLU(), new Sigmoid());
    expect(model.forward(tensor([-5, 0])).toArraySync()).toEqual([0.5, 0.5]);
    const x = tensor([1]);
    expect(new Sequential().forward(x)).toBe(x);
  });

  it("keeps the class of each layer, and names each by its index", () => {
    const model = new Sequential(new Flatten(), new Sequential(new Linear(4, 2)));
    expect(model.layers[1].layers[0].weight.shape).toEqual([2, 4]);
    expect([...model.namedParameters().keys()]).toEqual(["1.0.weight", "1.0.bias"]);
  });

  it("learns XOR", () => {
    const generator = new Generator(1);
    const model = new Sequential(
      new Linear(2, 8, { generator }),
      new Tanh(),
      new Linear(8, 1, { generator }),
    );
    const x = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    const y = tensor([[0], [1], [1], [0]]);
    for (let step = 0; step < 200; step++) {
      for (const parameter of model.parameters()) parameter.grad = null;
      backward(binaryCrossEntropyWithLogits(model.forward(x), y));
      assignAll(model.parameters().map((p) => [p, p.detach().sub(p.grad!)]));
    }
    expect(model.forward(x).sigmoid().round().toArraySync()).toEqual(y.toArraySync());
  });
});
