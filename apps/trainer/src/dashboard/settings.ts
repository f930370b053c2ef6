import type { SplitSettings } from "./split.js";

export const modelNames = ["linear", "mlp", "cnn"] as const;
export type ModelName = (typeof modelNames)[number];

/** The settings that, with the data, determine a run. */
export interface RunSettings extends SplitSettings {
  readonly model: ModelName;
  /** The hidden units of the perceptron. */
  readonly units: number;
  readonly learningRate: number;
  /** Whether the learning rate falls to a twentieth along a cosine, or stays. */
  readonly schedule: "cosine" | "constant";
  readonly batchSize: number;
  readonly epochs: number;
}

export const usualRun: RunSettings = {
  model: "mlp",
  units: 64,
  learningRate: 0.003,
  schedule: "cosine",
  batchSize: 64,
  epochs: 8,
  seed: 1,
  share: 0.2,
  leaveOut: false,
};
