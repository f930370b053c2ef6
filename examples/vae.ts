// A variational autoencoder packs pictures into four numbers, and draws new ones (Kingma and Welling, 2014).
//
//     node --conditions=source --import tsx examples/vae.ts

import { Adam, arrays, binaryCrossEntropyWithLogits, DataLoader, fit, Linear, linspace } from "stargrad";
import { manualSeed, Module, normal, ReLU, Sequential, uniform, type Tensor } from "stargrad";

class VAE extends Module {
  readonly encoder = new Sequential(new Linear(256, 128), new ReLU(), new Linear(128, 8));
  readonly decoder = new Sequential(new Linear(4, 128), new ReLU(), new Linear(128, 256));

  forward(x: Tensor) {
    const [mean, logVariance] = this.encoder.forward(x).split(4, { axis: 1 });
    const code = normal(mean.shape).mul(logVariance.div(2).exp()).add(mean); // random, but it has gradients
    return { logits: this.decoder.forward(code), mean, logVariance };
  }
}

manualSeed(1); // The pictures are rings of any place and radius, 16 × 16 pixels each.
const [x, y, radius] = uniform([3, 1000, 1, 1], { low: -0.5, high: 0.5 }).split(1);
const [column, row] = [linspace(-1, 1, 16), linspace(-1, 1, 16).unsqueeze(1)];
const distance = column.sub(x).square().add(row.sub(y).square()).sqrt().sub(radius.abs().add(0.2));
const rings = distance.mul(8).square().neg().exp().reshape([1000, 256]);
const model = new VAE();
const history = await fit({
  model,
  optimizer: new Adam(model.parameters(), { learningRate: 3e-3 }),
  loader: new DataLoader(arrays({ rings }), { batchSize: 50, shuffle: true }),
  forward: (model, batch) => model.forward(batch.rings),
  loss: ({ logits, mean, logVariance }, { rings }) => {
    const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).div(2).sum();
    return binaryCrossEntropyWithLogits(logits, rings, { reduction: "sum" }).add(divergence).div(50);
  },
  epochs: 28,
});
console.log("loss", ...history.filter((_, i) => i % 9 === 0).map(({ loss }) => loss.toFixed(0))); // -> loss 126 65 56 51
const drawing = model.decoder.forward(normal([1, 4]));
const ink = await drawing.sigmoid().data();
for (let i = 0; i < 256; i += 16)
  console.log(Array.from(ink.slice(i, i + 16), (value) => " .:-=+*#"[Math.round(7 * value)]).join(" "));
