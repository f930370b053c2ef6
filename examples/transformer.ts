// A transformer learns a text character by character, and then writes on: each next character is drawn by its probability.
//
//     node --conditions=source --import tsx examples/transformer.ts

import * as sg from "stargrad";

const text = "the cat sat on the mat. the dog sat on the log. a cat saw a dog. ".repeat(40);
const vocabulary = new sg.Vocabulary(text);
const layer = () => new sg.TransformerEncoderLayer(48, 4, { dimFeedforward: 96, batchFirst: true });
class Writer extends sg.Module {
  readonly characters = new sg.Embedding(vocabulary.size, 48);
  readonly places = new sg.Embedding(32, 48);
  readonly layers = new sg.TransformerEncoder([layer(), layer()]);
  readonly output = new sg.Linear(48, vocabulary.size);

  /** The logits of each next character. Shapes: x [N, T] -> [N, C, T] */
  forward(x: sg.Tensor): sg.Tensor {
    const h = this.characters.forward(x).add(this.places.forward(sg.arange(x.shape[1])));
    return this.output.forward(this.layers.forward(h, { causal: true })).transpose(1, 2);
  }
}

sg.manualSeed(1);
const model = new Writer();
const optimizer = new sg.AdamW(model.parameters(), { learningRate: 0.003 });
const windows = sg.textWindows(vocabulary.encode(text), { length: 32 });
const loader = new sg.DataLoader(windows, { batchSize: 16, shuffle: true, seed: 1 });
await sg.fit({ model, optimizer, loader, loss: sg.crossEntropy, epochs: 2 });

model.eval();
const written = [...vocabulary.encode("the dog sat on the ")];
while (written.length < 80) {
  const logits = model.forward(sg.tensor([written.slice(-32)], { dtype: "int32" })).slice([null, null, [-1]]);
  // The largest of logits with Gumbel noise is a draw by their softmax.
  const noise = sg.uniform(logits.shape).log().neg().log().neg();
  written.push(await logits.add(noise).argmax({ axis: 1 }).item());
}
const words = vocabulary.decode(Int32Array.from(written)).split(" ").slice(0, -1);
const known = words.filter((word) => text.includes(word)).length;
console.log(`${known} of ${words.length} words are in the text`); // -> 21 of 21 words are in the text
