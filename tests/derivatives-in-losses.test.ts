import { grad, hvp, jvp } from "@stargrad/autograd";
import * as nn from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { Generator, normal, scan, tensor, type Tensor } from "@stargrad/tensor";
import { describe, it } from "vitest";
import { Outputs } from "./deep-models.js";
import { expectSameRecorded } from "./trainings.js";

// Losses that contain derivatives: their recorded steps equal a plain loop, too.

type Model = (x: Tensor) => Tensor;

const losses: Readonly<Record<string, (model: Model, x: Tensor) => Tensor>> = {
  "a penalty on the gradient": (model, x) => {
    const gradient = grad((z: Tensor) => model(z).sum())(x);
    return gradient.square().sum().sqrt().sub(1).square().add(model(x).mean());
  },
  "a product with the Hessian": (model, x) =>
    hvp((z: Tensor) => model(z).square().sum(), [x], [x.mul(0.1)])
      .product[0].square()
      .sum(),
  "a tangent": (model, x) => jvp(model, [x], [x.cos()]).tangent.square().sum(),
  "steps along gradients, in a loop": (model, x) => {
    const gradient = grad((z: Tensor) => model(z).square().sum());
    const { carry } = scan((h: Tensor) => ({ carry: h.sub(gradient(h).mul(0.1)) }), x, null, { length: 3 });
    return carry.square().mean();
  },
  "steps of a learned number": (model, x) => {
    const gradient = grad((w: Tensor) => w.sub(model(x).mean()).square());
    let w: Tensor = tensor(0.5);
    for (let i = 0; i < 3; i++) w = w.sub(gradient(w).mul(0.1));
    return w.square();
  },
};

/** Layers for x [4, 1, 3] that keep its shape. */
const layers: Readonly<Record<string, (generator: Generator) => nn.Layer>> = {
  "a norm and dropout": (generator) =>
    new nn.Sequential(
      new nn.Linear(3, 3, { generator }),
      new nn.Flatten(),
      new nn.BatchNorm1d(3),
      new nn.Unflatten(1, [1, 3]),
      new nn.Tanh(),
      new nn.Dropout(0.2),
    ),
  "an encoder layer": (generator) => new nn.TransformerEncoderLayer(3, 1, { dimFeedforward: 4, generator }),
  "an LSTM": (generator) => new Outputs(new nn.LSTM(3, 3, { generator })),
};

const cases = Object.keys(losses).flatMap((loss) =>
  Object.keys(layers).map((layer) => [loss, layer] as const),
);

describe("trainStep equals a plain loop, and learns, for a loss with", () => {
  it.each(cases)("%s of %s", (loss, layer) => {
    expectSameRecorded(() => {
      const generator = new Generator(1);
      const model = new nn.Sequential<readonly nn.Layer[]>(
        layers[layer](generator),
        new nn.Linear(3, 3, { generator }),
      );
      return {
        model,
        optimizer: new SGD(model.parameters(), { learningRate: 0.05, momentum: 0.9 }),
        lossOf: ({ x }) => losses[loss]((z) => model.forward(z), x),
        inputsOf: (step) => ({ x: normal([4, 1, 3], { generator: new Generator(50 + step) }) }),
      };
    }, 4);
  });
});
