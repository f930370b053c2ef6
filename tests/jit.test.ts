import * as nn from "@stargrad/nn";
import { Generator, manualSeed, normal, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { jit } from "stargrad";
import { chainedLayer, layerNames } from "./random-layers.js";

// A recorded function returns the same numbers as the function itself, bit for bit, for all layers.

const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed) });

describe("a recorded forward pass", () => {
  it.each(layerNames)("of %s equals the forward pass, in training and evaluation mode", (name) => {
    const [plain, recorded] = [1, 2].map(() => {
      manualSeed(3);
      return chainedLayer(name, { channels: 2, generator: new Generator(1) });
    });
    const forward = jit((x: Tensor) => recorded.forward(x));
    for (let i = 0; i < 6; i++) {
      if (i === 3) for (const model of [plain, recorded]) model.eval();
      const x = random(i, i % 2 === 0 ? 4 : 7, 8);
      manualSeed(10 + i);
      const expected = plain.forward(x).dataSync();
      manualSeed(10 + i);
      expect(forward(x).dataSync()).toEqual(expected);
      const states = [plain, recorded].map((model) =>
        [...model.stateDict()].map(([key, value]) => [key, value.dataSync()]),
      );
      expect(states[1]).toEqual(states[0]);
    }
  });

  it("notices a replaced layer and a changed number", () => {
    class Scaled extends nn.Module {
      inner: nn.Layer = new nn.Linear(2, 2, { generator: new Generator(1) });
      by = 1;
      forward(x: Tensor): Tensor {
        return this.inner.forward(x).mul(this.by);
      }
    }
    const model = new Scaled();
    const forward = jit((x: Tensor) => model.forward(x));
    const x = random(1, 3, 2);
    const changes = [
      () => undefined,
      () => void (model.by = 3),
      () => void (model.inner = new nn.Linear(2, 5, { generator: new Generator(2) })),
    ];
    for (const change of changes) {
      change();
      expect(forward(x).dataSync()).toEqual(model.forward(x).dataSync());
    }
  });
});
