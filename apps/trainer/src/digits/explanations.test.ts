import { DataLoader, moons } from "@stargrad/datasets";
import { BatchNorm1d, crossEntropy, Dropout, Linear, Sequential, Tanh } from "@stargrad/nn";
import { AdamW } from "@stargrad/optim";
import { defaultGenerator, manualSeed } from "@stargrad/tensor";
import { accuracy, fit } from "@stargrad/train";
import { describe, expect, it } from "vitest";

import { withExplanations, type TrainingEvent } from "./explanations.js";

/** A training with all kinds of state: weights, running statistics, random masks. */
async function train(every: number): Promise<{ events: TrainingEvent[]; state: unknown }> {
  manualSeed(1);
  const hidden = [new Linear(2, 8), new BatchNorm1d(8), new Tanh(), new Dropout(0.2)];
  const model = new Sequential(...hidden, new Linear(8, 2));
  const optimizer = new AdamW(model.parameters(), { learningRate: 0.02 });
  const loader = new DataLoader(moons({ samples: 60, noise: 0.1, seed: 1 }), { batchSize: 25, seed: 1 });
  const loss = crossEntropy;
  const training = fit({ model, optimizer, loader, loss, metrics: { accuracy }, epochs: 3 });
  const events: TrainingEvent[] = [];
  for await (const event of withExplanations(training, { model, loss, every })) events.push(event);
  const weights = [...model.stateDict()].map(([name, value]) => [name, value.dataSync()]);
  return { events, state: { weights, generator: defaultGenerator().state() } };
}

describe("withExplanations", () => {
  it("explains every n-th step, after the step", async () => {
    const { events } = await train(4);
    expect(events.map((event) => `${event.event} ${"step" in event ? event.step : ""}`.trim())).toEqual([
      ...["step 1", "step 2", "step 3", "epoch"],
      ...["step 1", "explanation 1", "step 2", "step 3", "epoch"],
      ...["step 1", "step 2", "explanation 2", "step 3", "epoch"],
    ]);
    for (const event of events) {
      if (event.event !== "explanation") continue;
      expect(event.explanation.unexplainedShare).toBeLessThanOrEqual(0.001);
    }
  });

  it("leaves the training bit for bit the same", async () => {
    const [plain, explained] = [await train(Infinity), await train(1)];
    expect(explained.state).toEqual(plain.state);
    expect(explained.events.filter(({ event }) => event === "step")).toEqual(
      plain.events.filter(({ event }) => event === "step"),
    );
  });
});
