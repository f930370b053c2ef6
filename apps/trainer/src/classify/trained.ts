import { FormatError } from "@stargrad/io";
import { StargradError, Generator, type Tensor } from "@stargrad/tensor";
import { loadCheckpoint, readRunFolder } from "@stargrad/train";
import { z } from "zod";

import { classifierFor, type Classifier } from "../dashboard/classifier.js";
import type { Scale } from "../dashboard/data.js";
import { readConfig, type RunConfig } from "./config.js";
import type { Described } from "./run.js";

/** A model that a run has trained, and what it was trained on. */
export interface Trained {
  readonly config: RunConfig;
  readonly model: Classifier;
  readonly described: Described;
  readonly scale: Scale;
}

const schema = z.object({
  what: z.enum(["picture", "row"]),
  shape: z.array(z.int().min(1)).min(1).max(3),
  features: z.array(z.string()),
  classes: z.array(z.string()).min(2),
  shift: z.array(z.number()),
  factor: z.array(z.number()),
});

/** Reads the best model of a run, or the newest if none has a score. Throws: StargradError if the run has none */
export async function trainedIn(path: string): Promise<Trained> {
  const { config: found, checkpoints, best } = await readRunFolder(path);
  const config = readConfig(path, found);
  const chosen = best ?? checkpoints.at(-1);
  if (chosen === undefined) throw new StargradError(path, "has no checkpoint yet", "Train it first");
  const checkpoint = await loadCheckpoint(chosen.path);
  const result = schema.safeParse(checkpoint.metadata);
  if (!result.success) throw new FormatError(chosen.path, "does not say what its model was trained on");
  const { shift, factor, ...described } = result.data;
  // Only its number of classes and the shape of its examples are read.
  const data = {
    ...described,
    name: "",
    values: new Uint8Array(0),
    labels: new Int32Array(0),
    heldOutFrom: null,
    notes: [],
  };
  const model = classifierFor(data, config.model, { units: config.units, generator: new Generator(0) });
  model.loadStateDict(checkpoint.model);
  model.eval();
  return {
    config,
    model,
    described,
    scale: { shift: Float64Array.from(shift), factor: Float64Array.from(factor) },
  };
}

/** An example that was scaled as those of the training. */
export function scaled(values: ArrayLike<number>, { shift, factor }: Scale): Float32Array {
  return Float32Array.from(values, (value, i) => (value - shift[i]) * factor[i]);
}

export interface Answer {
  readonly label: string;
  /** How likely the model says it is, from 0 to 1. */
  readonly probability: number;
}

/** The most likely class of each example. Shapes: x [N, …] */
export async function answersOf({ model, described: { classes } }: Trained, x: Tensor): Promise<Answer[]> {
  const probabilities = model.forward(x).softmax({ axis: 1 });
  const labels = await probabilities.argmax({ axis: 1 }).data();
  const best = await probabilities.amax({ axis: 1 }).data();
  return Array.from(labels, (label, i) => ({ label: classes[label], probability: best[i] }));
}
