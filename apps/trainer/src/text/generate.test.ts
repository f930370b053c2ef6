import { ArgumentError, fromData, Generator, manualSeed } from "@stargrad/tensor";
import { beforeEach, describe, expect, it } from "vitest";

import { CharacterTransformer } from "./character-transformer.js";
import { generate } from "./generate.js";

let model: CharacterTransformer;
beforeEach(() => {
  manualSeed(1);
  model = new CharacterTransformer({ characters: 5, context: 6, layers: 1, width: 8, heads: 2 });
});

async function write({ prompt = [0], length = 20, temperature = 1, seed = 1 } = {}): Promise<number[]> {
  const generator = new Generator(seed);
  return [...(await generate(model, Int32Array.from(prompt), { length, temperature, generator }))];
}

describe("generate", () => {
  it("gives the same text for the same generator, and another text for another", async () => {
    expect(await write()).toEqual(await write());
    expect(await write({ length: 8 })).toEqual((await write()).slice(0, 8));
    expect(await write({ seed: 2 })).not.toEqual(await write());
    expect(await write({ prompt: [1], temperature: 0.1 })).not.toEqual(await write({ temperature: 0.1 }));
  });

  it("continues from the last characters of a prompt longer than the context", async () => {
    const tail = [4, 1, 2, 0, 3, 1];
    expect(await write({ prompt: [0, 2, 2, ...tail] })).toEqual(await write({ prompt: tail }));
  });

  it("takes the most likely character at a low temperature", async () => {
    const prompt = [3, 1, 4];
    const written = await write({ prompt, temperature: 1e-6 });
    const text = [...prompt, ...written];
    for (const [i, next] of written.entries()) {
      const seen = text.slice(Math.max(0, i + 3 - 6), i + 3);
      const logits = model.forward(fromData(Int32Array.from(seen), [1, seen.length]));
      expect(next).toBe(
        logits
          .select(1, seen.length - 1)
          .argmax()
          .itemSync(),
      );
    }
  });

  it("draws each character with its probability", async () => {
    const weights = [1, 2, 3, 4, 2];
    model.output.weight.assign(model.output.weight.mul(0));
    model.output.bias?.assign(fromData(Float32Array.from(weights, Math.log), [5]));
    const counts = new Array<number>(5).fill(0);
    for (const character of await write({ length: 600 })) counts[character]++;
    // Five standard deviations of a count around 150 are 53.
    for (const [i, weight] of weights.entries()) expect(Math.abs(counts[i] - 50 * weight)).toBeLessThan(53);
  });

  it("rejects an empty prompt", async () => {
    await expect(write({ prompt: [] })).rejects.toThrow(ArgumentError);
  });
});
