import { DataLoader } from "@stargrad/datasets";
import { crossEntropy } from "@stargrad/nn";
import { AdamW, schedules } from "@stargrad/optim";
import { Generator, manualSeed, StargradError } from "@stargrad/tensor";
import { accuracy } from "@stargrad/train";

import { classifierFor } from "../dashboard/classifier.js";
import { Examples, scaleOf, type Data } from "../dashboard/data.js";
import type { ModelName } from "../dashboard/settings.js";
import { splitOf } from "../dashboard/split.js";
import { fingerprintOf } from "../runs/fingerprint.js";

/** What, with the data, determines a run. */
export interface ClassifySettings {
  readonly model: ModelName;
  readonly units: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** The fraction that is held out, unless the files say which examples are. */
  readonly heldOut: number;
  readonly seed: number;
}

/** With few examples, smaller batches and more epochs, so that there are steps enough to learn. */
export function usualSettings({ what, labels }: Pick<Data, "what" | "labels">): ClassifySettings {
  const batchSize = Math.max(4, Math.min(64, Math.round(labels.length / 25)));
  const epochs = Math.max(8, Math.min(100, Math.ceil((400 * batchSize) / labels.length)));
  const model = what === "row" ? "mlp" : "cnn";
  return { model, units: 64, epochs, batchSize, learningRate: 0.003, heldOut: 0.2, seed: 1 };
}

/** A training: what `fit`, `RunFolder.save` and `restore` take. */
export function trainingOf(data: Data, settings: ClassifySettings) {
  const { seed, model: name, units, epochs, batchSize, learningRate, heldOut: share } = settings;
  const split = splitOf(data, { seed, share, leaveOut: true });
  if (split.heldOut.length === 0) {
    const leaking = `${split.leaks.length} that could be are also among those to train on`;
    throw new StargradError(data.name, `has no example that is held out: ${leaking}`, "Add other examples");
  }
  const scale = scaleOf(data, split.training);
  const loader = new DataLoader(new Examples(data, split.training, scale), {
    batchSize,
    shuffle: true,
    seed,
  });
  const validation = new DataLoader(new Examples(data, split.heldOut, scale), { batchSize: 256 });
  manualSeed(seed);
  const model = classifierFor(data, name, { units, generator: new Generator(seed) });
  const optimizer = new AdamW(model.parameters(), { learningRate });
  const schedule = schedules.cosine({ steps: epochs * loader.length, minimum: 0.05 });
  const training = {
    model,
    optimizer,
    loader,
    validation,
    schedule,
    epochs,
    loss: crossEntropy,
    metrics: { accuracy },
  };
  return { training, split, scale };
}

/** Of all examples and what they are called: see `fingerprintOf`. */
export function fingerprintOfData({ values, labels, shape, classes, inputs = [] }: Data): string {
  return fingerprintOf(values, labels, JSON.stringify([shape, classes, inputs]));
}
