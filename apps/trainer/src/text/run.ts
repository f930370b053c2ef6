import { Vocabulary } from "@stargrad/datasets";
import { FormatError } from "@stargrad/io";
import { schedules, type Schedule } from "@stargrad/optim";
import { StargradError } from "@stargrad/tensor";
import type { Checkpoint, Json } from "@stargrad/train";

import { savedSettings, type Lesson } from "../runs/run.js";
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

export const lesson: Lesson<Settings> = {
  name: "text",
  settle: (asked) => {
    const settings = { ...defaults, ...asked };
    const { width, heads } = settings;
    if (width % heads === 0) return settings;
    throw new StargradError(
      "text",
      `--width ${width} cannot be divided among ${heads} heads`,
      "Choose a multiple",
    );
  },
  flags: {
    seed: "--seed",
    layers: "--layers",
    width: "--width",
    heads: "--heads",
    context: "--context",
    batchSize: "--batch-size",
    learningRate: "--learning-rate",
    steps: "--steps",
  },
  expectModel: ({ metadata }, path) => {
    if (isText(metadata)) return;
    throw new StargradError(path, "this is a checkpoint of another model, not of one that learned a text");
  },
};

/** Whether a checkpoint is of a run of this lesson. */
export function isText(metadata: Checkpoint["metadata"]): boolean {
  return metadata["lesson"] === lesson.name;
}

/** What a checkpoint has to remember of a run, beside the training itself. */
export function metadataOf(
  settings: Settings,
  { vocabulary, characters }: Passages,
): { readonly [key: string]: Json } {
  const text = { characters, vocabulary: vocabulary.characters.join("") };
  return { lesson: lesson.name, settings: { ...settings }, text };
}

/** Throws: StargradError if the run of a checkpoint learned from another text */
export function expectSameText(checkpoint: Checkpoint, path: string, passages: Passages): void {
  const saved = savedText(checkpoint, path);
  const { characters, vocabulary } = passages;
  if (saved.characters === characters && saved.vocabulary === vocabulary.characters.join("")) return;
  throw new StargradError(
    path,
    `its run learned from another text: one of ${saved.characters} characters, ` +
      `${new Vocabulary(saved.vocabulary).size} different ones; this one has ${characters}, ${vocabulary.size} different ones`,
    "Go on with the text it was started with, or start another run in another file",
  );
}

/**
 * The model of a checkpoint with its weights, and the characters it knows.
 *
 * Throws: StargradError if they are the weights of another model; FormatError if the checkpoint does not say what it is of
 */
export function trainedTransformer(
  checkpoint: Checkpoint,
  path: string,
): { readonly model: CharacterTransformer; readonly vocabulary: Vocabulary } {
  lesson.expectModel(checkpoint, path);
  const vocabulary = new Vocabulary(savedText(checkpoint, path).vocabulary);
  const model = new CharacterTransformer({
    ...savedSettings(checkpoint, path, lesson),
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
  if (typeof characters === "number" && typeof vocabulary === "string") return { characters, vocabulary };
  throw new FormatError(path, "does not say which text its run learned from", "What saved it?");
}

/**
 * How the learning rate changes over a run: it climbs for the first tenth, at most 100 steps, because the first steps of
 * Adam know little about the gradients; then it falls along half a cosine to a tenth.
 */
export function scheduleOf({ steps }: Settings): Schedule {
  const climb = Math.max(1, Math.min(100, Math.floor(steps / 10)));
  const fall = schedules.cosine({ steps: Math.max(1, steps - climb), minimum: 0.1 });
  return schedules.sequential([schedules.warmUp({ steps: climb, start: 1 / climb }), fall], [climb]);
}
