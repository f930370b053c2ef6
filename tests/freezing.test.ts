import { backward } from "@stargrad/autograd";
import { BatchNorm1d, Linear, mseLoss, Sequential, Tanh } from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import { Generator, normal, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

// Frozen parameters do not change under any optimizer, including those with weight decay or momentum.

const optimizers = {
  SGD: (model: Sequential) =>
    new optim.SGD(model.parameters(), { learningRate: 0.01, momentum: 0.9, weightDecay: 0.1 }),
  AdamW: (model: Sequential) => new optim.AdamW(model.parameters(), { learningRate: 0.01, weightDecay: 0.1 }),
  RMSprop: (model: Sequential) => new optim.RMSprop(model.parameters(), { learningRate: 0.01 }),
  Lion: (model: Sequential) => new optim.Lion(model.parameters(), { learningRate: 0.01 }),
};

describe.each(Object.entries(optimizers))("%s", (_, make) => {
  it("does not change frozen parameters, and continues with them later", () => {
    const generator = new Generator(1);
    const [first, last] = [new Linear(3, 4, { generator }), new Linear(4, 2, { generator })];
    const model = new Sequential(first, new BatchNorm1d(4), new Tanh(), last);
    const optimizer = make(model);
    const x = normal([8, 3], { generator });
    const step = () => {
      backward(mseLoss(model.forward(x), zeros([8, 2])));
      optimizer.step();
      optimizer.zeroGrad();
    };
    const values = (layer: Linear) => layer.parameters().map((parameter) => parameter.dataSync());

    step();
    // A gradient from before the freezing has no effect either.
    backward(mseLoss(model.forward(x), zeros([8, 2])));
    first.freeze();
    const frozen = values(first);
    optimizer.step();
    optimizer.zeroGrad();
    const learning = values(last);
    step();
    expect(values(first)).toEqual(frozen);
    expect(first.parameters().map(({ grad }) => grad)).toEqual([null, null]);
    expect(values(last)).not.toEqual(learning);

    first.unfreeze();
    step();
    expect(values(first)[0]).not.toEqual(frozen[0]);
  });
});
