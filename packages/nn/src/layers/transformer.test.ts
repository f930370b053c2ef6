import { Generator, normal, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import {
  LayerNorm,
  TransformerDecoder,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "../index.js";

const draw = (seed: number, ...shape: number[]) => normal(shape, { generator: new Generator(seed) });

describe("TransformerEncoderLayer and TransformerDecoderLayer", () => {
  it("have PyTorch's names", () => {
    const attention = (name: string) =>
      ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"].map((end) => `${name}.${end}`);
    const others = ["linear1", "linear2", "norm1", "norm2"].flatMap((name) => [
      `${name}.weight`,
      `${name}.bias`,
    ]);
    const options = { dimFeedforward: 8 };
    expect([...new TransformerEncoderLayer(4, 2, options).stateDict().keys()]).toEqual([
      ...attention("self_attn"),
      ...others,
    ]);
    expect([...new TransformerDecoderLayer(4, 2, options).stateDict().keys()]).toEqual([
      ...attention("self_attn"),
      ...attention("multihead_attn"),
      ...others,
      "norm3.weight",
      "norm3.bias",
    ]);
  });

  it("print as what they are made of", () => {
    expect(`\n${new TransformerEncoderLayer(4, 2, { dimFeedforward: 8 }).toString()}`).toMatchInlineSnapshot(`
      "
      TransformerEncoderLayer                                         172  parameters
      ├─ self_attn: MultiheadAttention(4, 2, { dropout: 0.1 })         80  in_proj_weight [12, 4], in_proj_bias [12]
      │  └─ out_proj: Linear(4, 4, { bias: true })                     20  weight [4, 4], bias [4]
      ├─ linear1: Linear(4, 8)                                         40  weight [8, 4], bias [8]
      ├─ linear2: Linear(8, 4)                                         36  weight [4, 8], bias [4]
      ├─ norm1: LayerNorm(4, { epsilon: 0.00001, dtype: "float32" })    8  weight [4], bias [4]
      ├─ norm2: LayerNorm(4, { epsilon: 0.00001, dtype: "float32" })    8  weight [4], bias [4]
      └─ dropout: Dropout(0.1)"
    `);
  });

  it("drop only in training mode, as the generator determines", () => {
    const generator = new Generator(1);
    const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 8, dropout: 0.5, generator });
    const x = draw(1, 3, 1, 4);
    const start = generator.state();
    const first = layer.forward(x).dataSync();
    expect(layer.forward(x).dataSync()).not.toEqual(first);
    generator.restore(start);
    expect(layer.forward(x).dataSync()).toEqual(first);
    layer.eval();
    expect(layer.forward(x).dataSync()).toEqual(layer.forward(x).dataSync());
    const certain = new TransformerEncoderLayer(4, 2, { dimFeedforward: 8, dropout: 0 });
    certain.loadStateDict(layer.stateDict());
    expect(certain.forward(x).dataSync()).toEqual(layer.forward(x).dataSync());
  });

  it("ignore later positions when causal", () => {
    const options = { dimFeedforward: 8, dropout: 0, batchFirst: true };
    const layer = new TransformerDecoderLayer(4, 2, options);
    const [x, memory] = [draw(2, 1, 3, 4), draw(3, 1, 2, 4)];
    const changed = x.add(tensor([[0], [0], [5]]));
    const masks = { target: { causal: true } };
    const [before, after] = [x, changed].map((input) => layer.forward(input, memory, masks).narrow(1, 0, 2));
    expect(after.dataSync()).toEqual(before.dataSync());
  });

  it("take any activation", () => {
    const options = { dimFeedforward: 8, dropout: 0 };
    const [a, b] = [
      new TransformerEncoderLayer(4, 2, options),
      new TransformerEncoderLayer(4, 2, { ...options, activation: (x) => x.relu() }),
    ];
    b.loadStateDict(a.stateDict());
    const x = draw(4, 3, 1, 4);
    expect(b.forward(x).dataSync()).toEqual(a.forward(x).dataSync());
    const activation = "swish" as "relu";
    expect(() => new TransformerDecoderLayer(4, 2, { activation })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: TransformerDecoderLayer: got the activation swish; expected "relu", "gelu" or a function]`,
    );
  });

  it("report the part that does not accept an input", () => {
    const layer = new TransformerEncoderLayer(4, 2, { dimFeedforward: 8 });
    expect(() => layer.forward(zeros([3, 1, 5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MultiheadAttention(4, 2, { dropout: 0.1 }): got the query [3, 1, 5], the key [3, 1, 5] and the value [3, 1, 5]; expected [L, N, 4], [S, N, 4] and [S, N, 4], or all without N]`,
    );
    expect(() => new TransformerEncoderLayer(5, 2)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MultiheadAttention: got embedDim 5 for 2 heads; expected heads of equal size]`,
    );
    expect(() => new TransformerEncoderLayer(4, 2, { dimFeedforward: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: TransformerEncoderLayer: got dimFeedforward 0; expected a whole number of at least 1]`,
    );
  });
});

describe("TransformerEncoder and TransformerDecoder", () => {
  it("have PyTorch's names, and the norm last", () => {
    const options = { dimFeedforward: 8 };
    const encoder = new TransformerEncoder([new TransformerEncoderLayer(4, 2, options)], {
      norm: new LayerNorm(4),
    });
    expect([...encoder.stateDict().keys()].slice(-3)).toEqual([
      "layers.0.norm2.bias",
      "norm.weight",
      "norm.bias",
    ]);
    const decoder = new TransformerDecoder([1, 2].map(() => new TransformerDecoderLayer(4, 2, options)));
    expect([...decoder.stateDict().keys()].at(-1)).toBe("layers.1.norm3.bias");
  });

  it("give every layer the masks", () => {
    const options = { dimFeedforward: 8, dropout: 0 };
    const layers = [1, 2].map(() => new TransformerEncoderLayer(4, 2, options));
    const x = draw(5, 3, 1, 4);
    const masks = { keyPaddingMask: tensor([[false, false, true]]) };
    const expected = layers[1].forward(layers[0].forward(x, masks), masks).dataSync();
    expect(new TransformerEncoder(layers).forward(x, masks).dataSync()).toEqual(expected);
  });
});
