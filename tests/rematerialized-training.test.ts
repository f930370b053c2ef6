import { rematerialize } from "@stargrad/autograd";
import * as nn from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { Generator, normal, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { Outputs } from "./deep-models.js";
import { expectLearning, plainStep, recordedStep, train, type Subject } from "./trainings.js";

const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed) });

/** A layer that keeps only its inputs and its output for the gradient. */
class Rematerialized extends nn.Module {
  constructor(readonly layer: nn.Layer) {
    super();
  }

  forward(x: Tensor): Tensor {
    return rematerialize((h: Tensor) => this.layer.forward(h))(x);
  }
}

describe("a rematerialized layer", () => {
  const layers: Readonly<Record<string, (generator: Generator) => nn.Layer>> = {
    "encoder layers": (generator) =>
      new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 8, dropout: 0.2, generator }),
    "norms and dropout": (generator) =>
      new nn.Sequential(
        new nn.Linear(8, 8, { generator }),
        new nn.Unflatten(0, [-1, 2]),
        new nn.Flatten({ startAxis: 0, endAxis: 1 }),
        new nn.Dropout(0.2),
        new nn.LayerNorm(8),
      ),
    "loops that drop": (generator) =>
      new Outputs(new nn.LSTM(8, 8, { numLayers: 2, dropout: 0.3, generator })),
  };

  it.each(Object.entries(layers))("trains %s like the ordinary layer, plain and recorded", (_, layerOf) => {
    const makeWith = (isKept: boolean) => (): Subject => {
      const generator = new Generator(10);
      const model = new nn.Sequential<readonly nn.Layer[]>(
        ...Array.from({ length: 3 }, () => layerOf(generator)).map((layer) =>
          isKept ? layer : new Rematerialized(layer),
        ),
      );
      return {
        model,
        optimizer: new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.9 }),
        lossOf: ({ x }) => model.forward(x).sub(1).square().mean(),
        inputsOf: (step) => ({ x: random(step, 4, 2, 8) }),
      };
    };
    const [kept, again] = [makeWith(true), makeWith(false)];
    const expected = train(kept, plainStep, 4);
    for (const outcome of [train(again, plainStep, 4), train(again, recordedStep, 4)]) {
      expect(outcome.losses).toEqual(expected.losses);
      expect([...outcome.state.values()]).toEqual([...expected.state.values()]);
      expect(outcome.drawn).toEqual(expected.drawn);
    }
    expectLearning(expected);
  });
});
