import { backward, Parameter } from "@stargrad/autograd";
import { Generator, normal, ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { MultiheadAttention } from "../index.js";

const draw = (seed: number, ...shape: number[]) => normal(shape, { generator: new Generator(seed) });

describe("MultiheadAttention", () => {
  it("has PyTorch's names", () => {
    expect([...new MultiheadAttention(4, 2).stateDict().keys()]).toEqual([
      "in_proj_weight",
      "in_proj_bias",
      "out_proj.weight",
      "out_proj.bias",
    ]);
    expect([...new MultiheadAttention(4, 2, { kdim: 3, bias: false }).stateDict().keys()]).toEqual([
      "q_proj_weight",
      "k_proj_weight",
      "v_proj_weight",
      "out_proj.weight",
    ]);
  });

  it("is initialized with Xavier's bounds and zero biases", () => {
    const layer = new MultiheadAttention(24, 3, { generator: new Generator(1) });
    const state = layer.stateDict();
    const largest = (name: string) => Math.max(...[...state.get(name)!.dataSync()].map(Math.abs));
    const bound = Math.sqrt(6 / (24 + 72));
    expect(largest("in_proj_weight")).toBeLessThanOrEqual(bound);
    expect(largest("in_proj_weight")).toBeGreaterThan(0.99 * bound);
    expect(largest("out_proj.weight")).toBeLessThanOrEqual(1 / Math.sqrt(24));
    expect(largest("in_proj_bias") + largest("out_proj.bias")).toBe(0);
  });

  it("ignores the keys for which a mask is true", () => {
    const layer = new MultiheadAttention(4, 2, { batchFirst: true });
    const [x, other] = [draw(1, 1, 3, 4), draw(2, 1, 3, 4)];
    const mixed = x.mul(tensor([[1], [1], [0]])).add(other.mul(tensor([[0], [0], [1]])));
    const keyPaddingMask = tensor([[false, false, true]]);
    const [a, b] = [x, mixed].map((keys) => layer.forward(x, keys, keys, { keyPaddingMask }));
    expect(b.output.dataSync()).toEqual(a.output.dataSync());
    expect(a.weights!.select(2, 2).dataSync()).toEqual(new Float32Array(3));
  });

  it("gives zeros, and finite gradients, to a query that ignores all keys", () => {
    const layer = new MultiheadAttention(4, 2, { batchFirst: true, bias: false });
    const x = new Parameter(draw(3, 2, 3, 4));
    const keyPaddingMask = tensor([
      [true, true, true],
      [false, false, true],
    ]);
    const { output, weights } = layer.forward(x, x, x, { keyPaddingMask });
    expect(output.select(0, 0).dataSync()).toEqual(new Float32Array(12));
    expect(weights!.select(0, 0).dataSync()).toEqual(new Float32Array(9));
    backward(output.square().sum());
    expect(x.grad?.isFinite().all().toArraySync()).toBe(true);
  });

  it("combines causal with its masks", () => {
    const layer = new MultiheadAttention(2, 1);
    const x = draw(4, 3, 1, 2);
    const { weights } = layer.forward(x, x, x, {
      causal: true,
      keyPaddingMask: tensor([[false, true, false]]),
    });
    const seen = weights!.greater(0).toArraySync();
    expect(seen).toEqual([
      [
        [true, false, false],
        [true, false, false],
        [true, false, true],
      ],
    ]);
  });

  it("returns the weights of each head, their mean, or none", () => {
    const layer = new MultiheadAttention(4, 2);
    const x = draw(5, 3, 2, 4);
    const perHead = layer.forward(x, x, x, { averageWeights: false }).weights!;
    expect(perHead.shape).toEqual([2, 2, 3, 3]);
    for (const sum of perHead.sum({ axis: -1 }).dataSync()) expect(sum).toBeCloseTo(1, 6);
    expect(layer.forward(x, x, x).weights!.dataSync()).toEqual(perHead.mean({ axis: 1 }).dataSync());
    expect(layer.forward(x, x, x, { needWeights: false }).weights).toBeNull();
  });

  it("drops weights while training only", () => {
    const layer = new MultiheadAttention(4, 1, { dropout: 0.5, generator: new Generator(1) });
    const x = draw(6, 8, 1, 4);
    expect(layer.forward(x, x, x).weights!.equal(0).any().toArraySync()).toBe(true);
    expect(layer.eval().forward(x, x, x).weights!.equal(0).any().toArraySync()).toBe(false);
  });

  it("computes the same for one input and for three equal ones", () => {
    const layer = new MultiheadAttention(4, 2);
    const x = draw(7, 3, 2, 4);
    const [one, three] = [layer.forward(x, x, x), layer.forward(x, x.add(0), x.add(0))];
    for (const [i, value] of three.output.dataSync().entries()) {
      expect(value).toBeCloseTo(one.output.dataSync()[i], 5);
    }
  });

  it("reports its name, the input and the expected shape", () => {
    const layer = new MultiheadAttention(4, 2, { batchFirst: true });
    const [x, keys] = [zeros([2, 3, 4]), zeros([2, 5, 4])];
    expect(() => layer.forward(x, keys, zeros([2, 4, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MultiheadAttention(4, 2, { batchFirst: true }): got the query [2, 3, 4], the key [2, 5, 4] and the value [2, 4, 4]; expected [N, L, 4], [N, S, 4] and [N, S, 4], or all without N]`,
    );
    expect(() => layer.forward(x, zeros([1, 5, 4]), zeros([1, 5, 4]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MultiheadAttention(4, 2, { batchFirst: true }): got the query [2, 3, 4], the key [1, 5, 4] and the value [1, 5, 4]; expected [N, L, 4], [N, S, 4] and [N, S, 4], or all without N]`,
    );
    expect(() => layer.forward(zeros([3, 4]), keys, keys)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MultiheadAttention(4, 2, { batchFirst: true }): got the query [3, 4], the key [2, 5, 4] and the value [2, 5, 4]; expected [N, L, 4], [N, S, 4] and [N, S, 4], or all without N]`,
    );
    expect(() =>
      layer.forward(x, keys, keys, { keyPaddingMask: ones([2, 3]).cast("bool") }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MultiheadAttention(4, 2, { batchFirst: true }): got keyPaddingMask [2, 3]; expected [2, 5]]`,
    );
    expect(() =>
      layer.forward(x, keys, keys, { attentionMask: ones([5, 3]).cast("bool") }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: MultiheadAttention(4, 2, { batchFirst: true }): got attentionMask [5, 3]; expected [3, 5] or [4, 3, 5]]`,
    );
    expect(() =>
      layer.forward(x, keys, keys, { attentionMask: ones([3, 5]).cast("int32") }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: MultiheadAttention(4, 2, { batchFirst: true }): got attentionMask of int32; expected bool, true where a key is ignored, or float, which is added to the scores. Cast with mask.cast("bool")]`,
    );
  });

  it("checks its options", () => {
    expect(() => new MultiheadAttention(4, 3)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MultiheadAttention: got embedDim 4 for 3 heads; expected heads of equal size]`,
    );
    expect(() => new MultiheadAttention(4, 2, { dropout: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MultiheadAttention: got dropout 2; expected a number from 0 to 1]`,
    );
    expect(() => new MultiheadAttention(4, 2, { kdim: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: MultiheadAttention: got kdim 0; expected a whole number of at least 1]`,
    );
  });
});
