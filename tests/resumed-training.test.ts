import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as nn from "@stargrad/nn";
import { AdamW, clipGradNorm } from "@stargrad/optim";
import { defaultGenerator, Generator, manualSeed, normal, type Tensor } from "@stargrad/tensor";
import { loadCheckpoint, restoreCheckpoint, saveCheckpoint, trainStep } from "@stargrad/train";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Outputs } from "./deep-models.js";
import { expectLearning, stateOf } from "./trainings.js";

const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed) });

describe("an interrupted training", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "stargrad-pairs-"));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("continues from its checkpoint as without the interruption, with loops, norms and random numbers", async () => {
    const path = join(folder, "run.safetensors");
    const setUp = (seed: number) => {
      manualSeed(seed);
      const generator = new Generator(seed);
      const model = new nn.Sequential(
        new Outputs(new nn.LSTM(3, 6, { numLayers: 2, dropout: 0.2, bidirectional: true })),
        new nn.Flatten(),
        new nn.BatchNorm1d(48),
        new nn.Dropout(0.1, { generator }),
        new nn.Linear(48, 2),
      );
      const optimizer = new AdamW(model.parameters(), { learningRate: 0.01, amsgrad: true });
      return { model, optimizer, generators: { generator } };
    };
    const stepsOf = (run: ReturnType<typeof setUp>, from: number, to: number) => {
      const { model, optimizer } = run;
      const step = trainStep({
        model,
        optimizer,
        loss: ({ x }) => ({ loss: model.forward(x).sub(1).square().mean() }),
        afterBackward: () => clipGradNorm(model.parameters(), 1),
      });
      return Array.from({ length: to - from }, (_, i) =>
        step({ x: random(from + i, 5, 4, 3) }).loss.itemSync(),
      );
    };
    const contentOf = ({ generators, ...run }: ReturnType<typeof setUp>) => ({
      state: stateOf(run),
      drawn: [generators.generator.state(), defaultGenerator().state()],
    });

    const whole = setUp(1);
    const losses = stepsOf(whole, 0, 8);
    const expected = contentOf(whole);

    const first = setUp(1);
    const before = stepsOf(first, 0, 3);
    await saveCheckpoint(path, first);
    const second = setUp(2);
    restoreCheckpoint(await loadCheckpoint(path), second);
    expect([...before, ...stepsOf(second, 3, 8)]).toEqual(losses);
    expect(contentOf(second)).toEqual(expected);
    expectLearning({ losses });
  });
});
