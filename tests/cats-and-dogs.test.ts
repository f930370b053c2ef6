import { catsAndDogs, DataLoader } from "@stargrad/datasets";
import { Conv2d, crossEntropy, Flatten, Linear, MaxPool2d, ReLU, Sequential, type Layer } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { Generator } from "@stargrad/tensor";
import { sampled, sized } from "@stargrad/tensor/testing";
import { accuracy, evaluate, fit } from "@stargrad/train";
import { describe, expect, it } from "vitest";

// The drawings of cats and dogs: pixels alone do not tell them apart, shapes do.

const samples = sized({ short: 1500, long: 6000 });
const epochs = sized({ short: 3, long: 8 });

function linear(generator: Generator): Layer {
  return new Sequential(new Flatten(), new Linear(32 * 32, 2, { generator }));
}

/** A network with 6,914 weights. */
function convolutional(generator: Generator): Layer {
  return new Sequential(
    new Conv2d(1, 8, 3, { padding: 1, generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(8, 16, 3, { padding: 1, generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(16, 32, 3, { padding: 1, generator }),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(32 * 4 * 4, 2, { generator }),
  );
}

describe.each(sampled([1, 2, 3], 3))("trained on drawings of the seed %i", (seed) => {
  const training = new DataLoader(catsAndDogs({ samples, seed }), { batchSize: 64, shuffle: true, seed });
  const unseen = new DataLoader(catsAndDogs({ samples: samples / 3, seed: seed + 1000 }), { batchSize: 500 });

  /** The fraction of unseen drawings for which a trained model is right. */
  async function heldOut(model: Layer, learningRate: number): Promise<number> {
    const optimizer = new AdamW(model.parameters(), { learningRate });
    const events = fit({ model, optimizer, loss: crossEntropy, loader: training, epochs, startEpoch: 0 });
    for await (const event of events) expect(event.event).toBeDefined();
    return (await evaluate(model, unseen, { accuracy })).accuracy;
  }

  it("a linear model stays below 85 %", async () => {
    const right = await heldOut(linear(new Generator(seed)), 1e-3);
    expect(right).toBeLessThan(0.75);
    expect(right).toBeGreaterThan(0.5);
  });

  it("a small convolutional network learns them", async () => {
    const right = await heldOut(convolutional(new Generator(seed)), 2e-3);
    expect(right).toBeGreaterThan(sized({ short: 0.8, long: 0.95 }));
  });
});
