import { manualSeed, randint, ShapeError, tensor, zeros } from "@stargrad/tensor";
import { beforeEach, describe, expect, it } from "vitest";

import { CharacterTransformer, nextCharacterLoss } from "./character-transformer.js";

let model: CharacterTransformer;
beforeEach(() => {
  manualSeed(1);
  model = new CharacterTransformer({ characters: 5, context: 6, layers: 2, width: 8, heads: 2 });
});

describe("CharacterTransformer", () => {
  it("returns logits for each position of each text, also of shorter texts", () => {
    expect(model.forward(randint([3, 6], { high: 5 })).shape).toEqual([3, 6, 5]);
    expect(model.forward(randint([1, 2], { high: 5 })).shape).toEqual([1, 2, 5]);
  });

  it("depends on earlier characters, but not on later ones", () => {
    const logits = (...text: number[]) =>
      model.forward(tensor([text], { dtype: "int32" })).toArraySync() as number[][][];
    const [[...before], [...after]] = [logits(0, 1, 2, 3, 4, 0)[0], logits(0, 1, 2, 4, 1, 1)[0]];
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    expect(after[3]).not.toEqual(before[3]);
    expect(logits(1, 1, 2)[0][2]).not.toEqual(before[2]);
    expect(logits(1, 0, 2)[0][2]).not.toEqual(before[2]);
  });

  it("rejects a text longer than its context", () => {
    expect(() => model.forward(randint([1, 7], { high: 5 }))).toThrow(ShapeError);
    expect(() => model.forward(randint([6], { high: 5 }))).toThrow("expected [B, T] with T at most 6");
  });
});

describe("nextCharacterLoss", () => {
  it("is that of a uniform guess for equal logits", () => {
    const next = randint([2, 3], { high: 5 });
    expect(nextCharacterLoss(zeros([2, 3, 5]), next).itemSync()).toBeCloseTo(Math.log(5), 6);
  });

  it("is computed from the next character at each position", () => {
    const sure = tensor([
      [
        [0, 100],
        [100, 0],
        [100, 0],
      ],
    ]);
    expect(nextCharacterLoss(sure, tensor([[1, 0, 0]], { dtype: "int32" })).itemSync()).toBe(0);
    expect(nextCharacterLoss(sure, tensor([[1, 0, 1]], { dtype: "int32" })).itemSync()).toBeCloseTo(
      100 / 3,
      4,
    );
  });
});
