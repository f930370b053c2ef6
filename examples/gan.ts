// Adversarial networks: one forges points, the other learns to tell them from real ones (Goodfellow et al., 2014).
//
//     node --conditions=source --import tsx examples/gan.ts

import { Adam, binaryCrossEntropyWithLogits, DataLoader, LeakyReLU, Linear, manualSeed } from "stargrad";
import { moons, normal, onesLike, Sequential, trainStep, zerosLike, type Tensor } from "stargrad";

manualSeed(1);
const bend = new LeakyReLU({ negativeSlope: 0.2 });
const generator = new Sequential(new Linear(4, 64), bend, new Linear(64, 64), bend, new Linear(64, 2));
const discriminator = new Sequential(new Linear(2, 64), bend, new Linear(64, 64), bend, new Linear(64, 1));
const forge = (count: number) => generator.forward(normal([count, 4]));
const judge = (points: Tensor, answer: (logits: Tensor) => Tensor) => {
  const logits = discriminator.forward(points);
  return binaryCrossEntropyWithLogits(logits, answer(logits));
};
const discriminate = trainStep({
  model: discriminator,
  optimizer: new Adam(discriminator.parameters(), { learningRate: 2e-3, betas: [0.5, 0.999] }),
  loss: ({ x }) => ({ loss: judge(x, onesLike).add(judge(forge(100).detach(), zerosLike)) }),
});
const deceive = trainStep({
  model: generator,
  optimizer: new Adam(generator.parameters(), { learningRate: 1e-3, betas: [0.5, 0.999] }),
  loss: () => ({ loss: judge(forge(100), onesLike) }),
});

const data = moons({ samples: 1000, noise: 0.05, seed: 1 });
const loader = new DataLoader(data, { batchSize: 100, shuffle: true });
for (let epoch = 0; epoch <= 60; epoch++) {
  const gaps = data.field("x").unsqueeze(1).sub(forge(500)).norm({ axis: 2 }); // [1000, 500]
  const mean = (axis: number) => gaps.amin({ axis }).mean().itemSync().toFixed(2);
  if (epoch % 60 === 0) console.log(`real to forged: ${mean(1)}, forged to real: ${mean(0)}`);
  for (const { x } of loader) {
    discriminate({ x });
    deceive({});
  }
}
// -> real to forged: 0.89, forged to real: 0.13
// -> real to forged: 0.06, forged to real: 0.08
