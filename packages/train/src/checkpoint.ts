import type { DataLoader, DataLoaderState } from "@stargrad/datasets";
import { FormatError, type Safetensors } from "@stargrad/io";
import type { Module } from "@stargrad/nn";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import {
  ArgumentError,
  defaultGenerator,
  type Generator,
  type GeneratorState,
  type Tensor,
} from "@stargrad/tensor";

import { formatJson, parseJsonObject, type Json } from "./json.js";
import { readSealed, writeSealed } from "./sealed-file.js";

/** Everything in a training that changes from step to step. The default generator always belongs to it. */
export interface Training {
  readonly model: Module;
  readonly optimizer?: Optimizer | ClosureOptimizer;
  readonly loader?: DataLoader<unknown>;
  /** Further generators that are drawn from, such as one given to a dropout layer. */
  readonly generators?: Readonly<Record<string, Generator>>;
}

/** What a checkpoint holds, as it was saved. For the weights alone: `model.loadStateDict(checkpoint.model)`. */
export interface Checkpoint {
  readonly model: ReadonlyMap<string, Tensor>;
  /** Null if no optimizer was saved. */
  readonly optimizer: ReadonlyMap<string, Tensor> | null;
  /** Null if no loader was saved. */
  readonly loader: DataLoaderState | null;
  /** The default generator's state under `default`, and those of further generators under their names. */
  readonly generators: ReadonlyMap<string, GeneratorState>;
  /** Whatever else was to be remembered: epochs done, settings, the kind of model. */
  readonly metadata: Readonly<Record<string, Json>>;
}

/** What the files say they are; a change that older versions cannot read counts the number up. */
const format = "stargrad.checkpoint/1";

/**
 * Saves a training so that it can go on, bit for bit, where it stands: after a step, or after an epoch. The file is
 * safetensors: weights are named `model.<name>`, what the optimizer keeps `optimizer.<name>`, and everything else is
 * text in the metadata. It carries a checksum, and a crash leaves the old file or the new one, whole.
 *
 * Throws: StargradError if it cannot be written; what was there before is untouched
 */
export async function saveCheckpoint(
  path: string,
  { metadata = {}, ...training }: Training & { readonly metadata?: Readonly<Record<string, Json>> },
): Promise<void> {
  await writeSealed(path, encode({ ...stateOf(training), metadata }));
}

/**
 * Reads a checkpoint and changes nothing yet; see {@link restoreCheckpoint}.
 *
 * Throws: FormatError for a file that is torn, changed, or no checkpoint; StargradError if it cannot be read
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  return decode(await readSealed(path), path);
}

/**
 * Makes a training stand where the saved one stood: the same parts, with their states. All of it, or, if anything does
 * not fit, nothing.
 *
 * Throws: ArgumentError listing every parameter that is missing, unexpected or of another shape, or saying which part
 * of the training is not in the checkpoint or the other way round
 */
export function restoreCheckpoint(checkpoint: Checkpoint, training: Training): void {
  const { model, optimizer, loader } = training;
  const before = stateOf(training);
  checkParts(checkpoint, before);
  try {
    model.loadStateDict(checkpoint.model);
    if (checkpoint.optimizer !== null) optimizer?.loadStateDict(checkpoint.optimizer);
    restoreGenerators(checkpoint, training);
    if (checkpoint.loader !== null) loader?.restore(checkpoint.loader);
  } catch (error) {
    model.loadStateDict(before.model);
    if (before.optimizer !== null) optimizer?.loadStateDict(before.optimizer);
    restoreGenerators(before, training);
    throw error;
  }
}

function stateOf(training: Training): Omit<Checkpoint, "metadata"> {
  return {
    model: training.model.stateDict(),
    optimizer: training.optimizer?.stateDict() ?? null,
    loader: training.loader?.state() ?? null,
    generators: new Map([...generatorsOf(training)].map(([name, generator]) => [name, generator.state()])),
  };
}

function generatorsOf({ generators = {} }: Training): Map<string, Generator> {
  if (Object.hasOwn(generators, "default")) {
    throw new ArgumentError("Checkpoint", "got a generator named default", "That name is the shared one's");
  }
  return new Map([["default", defaultGenerator()], ...Object.entries(generators)]);
}

function restoreGenerators({ generators }: Pick<Checkpoint, "generators">, training: Training): void {
  for (const [name, generator] of generatorsOf(training)) {
    const state = generators.get(name);
    if (state !== undefined) generator.restore(state);
  }
}

/** A part that is left behind would go unnoticed until the resumed training ends elsewhere. */
function checkParts(checkpoint: Checkpoint, training: Omit<Checkpoint, "metadata">): void {
  const saved = partNames(checkpoint);
  const own = partNames(training);
  if (saved.join() === own.join()) return;
  throw new ArgumentError(
    "restoreCheckpoint",
    `the checkpoint holds ${saved.join(", ")}; the training has ${own.join(", ")}`,
    "Restore the parts that were saved; for the weights alone, use model.loadStateDict(checkpoint.model)",
  );
}

function partNames({ optimizer, loader, generators }: Omit<Checkpoint, "metadata">): string[] {
  return [
    "model",
    ...(optimizer === null ? [] : ["optimizer"]),
    ...(loader === null ? [] : ["loader"]),
    ...[...generators.keys()].sort().map((name) => `generator ${name}`),
  ];
}

const modelPrefix = "model.";
const optimizerPrefix = "optimizer.";

function encode({ model, optimizer, loader, generators, metadata }: Checkpoint): Safetensors {
  return {
    tensors: new Map([
      ...[...model].map(([name, tensor]) => [modelPrefix + name, tensor] as const),
      ...[...(optimizer ?? [])].map(([name, tensor]) => [optimizerPrefix + name, tensor] as const),
    ]),
    metadata: new Map([
      ["format", format],
      // An optimizer may have nothing to keep, and still be part of the training.
      ...(optimizer === null ? [] : [["optimizer", "saved"] as const]),
      ...(loader === null ? [] : [["loader", formatJson({ ...loader })] as const]),
      [
        "generators",
        formatJson(Object.fromEntries([...generators].map(([name, state]) => [name, { ...state }]))),
      ],
      ["metadata", formatJson(metadata)],
    ]),
  };
}

function decode({ tensors, metadata }: Safetensors, path: string): Checkpoint {
  const called = `loadCheckpoint(${path})`;
  const found = metadata.get("format");
  if (found !== format) {
    throw new FormatError(called, `its format is ${found ?? "not given"}; expected ${format}`);
  }
  const text = (name: string): string => metadata.get(name) ?? "{}";
  return {
    model: startingWith(modelPrefix, tensors),
    optimizer: metadata.has("optimizer") ? startingWith(optimizerPrefix, tensors) : null,
    // Whether these are states, the loader and the generators check when they are given them.
    loader: metadata.has("loader")
      ? (parseJsonObject(text("loader"), called) as unknown as DataLoaderState)
      : null,
    generators: new Map(
      Object.entries(parseJsonObject(text("generators"), called)) as unknown as [string, GeneratorState][],
    ),
    metadata: parseJsonObject(text("metadata"), called),
  };
}

function startingWith(prefix: string, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
