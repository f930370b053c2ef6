import { Vocabulary } from "@stargrad/datasets";
import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import type { Checkpoint, Json } from "@stargrad/train";

import { savedSettings, type Task } from "../runs/task.js";
import { isPositive, isWhole } from "../terminal/numbers.js";
import { CharacterTransformer } from "./character-transformer.js";
import type { Passages } from "./passages.js";
import type { Settings } from "./settings.js";

const defaults: Settings = {
  seed: 1,
  layers: 4,
  width: 128,
  heads: 4,
  context: 64,
  batchSize: 16,
  learningRate: 0.002,
  steps: 2500,
};

/** Completes the settings of a new run. Throws: StargradError if they do not fit each other */
export function completed(requested: Partial<Settings>): Settings {
  const settings = { ...defaults, ...requested };
  const { width, heads } = settings;
  if (width % heads === 0) return settings;
  throw new StargradError(
    "text",
    `--width ${width} cannot be divided among ${heads} heads`,
    `Choose a multiple of ${heads}`,
  );
}

export const task: Task<Settings> = {
  name: "text",
  rules: {
    seed: { flag: "--seed", isValid: isWhole(0) },
    layers: { flag: "--layers", isValid: isWhole(1) },
    width: { flag: "--width", isValid: isWhole(1) },
    heads: { flag: "--heads", isValid: isWhole(1) },
    context: { flag: "--context", isValid: isWhole(1) },
    batchSize: { flag: "--batch-size", isValid: isWhole(1) },
    learningRate: { flag: "--learning-rate", isValid: isPositive },
    steps: { flag: "--steps", isValid: isWhole(1) },
  },
  expectModel,
};

function expectModel(checkpoint: Checkpoint, path: string): void {
  if (!isText(checkpoint.metadata)) {
    throw new StargradError(path, "this is a checkpoint of another model, not of one trained on a text");
  }
  expectWeights(checkpoint, path);
}

/** Throws: StargradError unless there are as many weights as the settings need, before memory is allocated for the model */
function expectWeights(checkpoint: Checkpoint, path: string): void {
  const { width, heads, layers, context } = savedSettings<Settings>(checkpoint, path, task);
  const weights = [...checkpoint.model.values()].reduce((total, { size }) => total + size, 0);
  if (width % heads === 0 && width * (context + 12 * width * layers) <= weights) return;
  throw new StargradError(
    path,
    "the settings of its run do not fit its weights",
    "Was it saved by another program?",
  );
}

/** Whether a checkpoint was saved by the command `text`. */
export function isText(metadata: Checkpoint["metadata"]): boolean {
  return metadata["lesson"] === task.name;
}

/** The metadata that a checkpoint stores beside the state of the training. */
export function metadataOf(
  settings: Settings,
  { vocabulary, characters }: Passages,
  fingerprint: string,
): { readonly [key: string]: Json } {
  const text = { characters, vocabulary: vocabulary.characters.join("") };
  return { lesson: task.name, settings: { ...settings }, fingerprint, text };
}

/** Throws: StargradError if the run of a checkpoint was trained on another text */
export function expectSameText(checkpoint: Checkpoint, path: string, passages: Passages): void {
  const saved = savedText(checkpoint, path);
  const { characters, vocabulary } = passages;
  if (saved.characters === characters && saved.vocabulary === vocabulary.characters.join("")) return;
  throw new StargradError(
    path,
    `its run was trained on another text: that one has ${saved.characters} characters, ` +
      `${new Vocabulary(saved.vocabulary).size} different ones; this one has ${characters}, ${vocabulary.size} different ones`,
    "Continue with the text of the run, or start a new run in another file",
  );
}

/**
 * The model of a checkpoint with its weights, and its vocabulary.
 *
 * Throws: StargradError if the weights belong to another model; FormatError if the checkpoint lacks its settings or text
 */
export function trainedTransformer(
  checkpoint: Checkpoint,
  path: string,
): { readonly model: CharacterTransformer; readonly vocabulary: Vocabulary } {
  expectModel(checkpoint, path);
  const vocabulary = new Vocabulary(savedText(checkpoint, path).vocabulary);
  const model = new CharacterTransformer({
    ...savedSettings<Settings>(checkpoint, path, task),
    characters: vocabulary.size,
  });
  model.loadStateDict(checkpoint.model);
  return { model, vocabulary };
}

function savedText(
  { metadata }: Checkpoint,
  path: string,
): { readonly characters: number; readonly vocabulary: string } {
  const { characters, vocabulary } = (metadata["text"] ?? {}) as Readonly<Record<string, unknown>>;
  if (isWhole(0)(characters) && typeof vocabulary === "string") {
    return { characters: Number(characters), vocabulary };
  }
  throw new FormatError(path, "does not describe the text of its run", "Was it saved by another program?");
}
