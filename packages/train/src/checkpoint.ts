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
import { anything, expectOptions, flag } from "@stargrad/tensor/internal";

import { expectObject, formatJson, parseJsonObject, type Json } from "./json.js";
import { readSealed, writeSealed } from "./sealed-file.js";

/** All objects of a training run whose state changes from step to step. The default generator is always included. */
export interface Training {
  readonly model: Module;
  readonly optimizer?: Optimizer | ClosureOptimizer;
  readonly loader?: DataLoader<unknown>;
  /** Further generators that the run uses, such as one passed to a dropout layer. */
  readonly generators?: Readonly<Record<string, Generator>>;
}

const parts = { model: anything, optimizer: anything, loader: anything, generators: anything };

/** The contents of a checkpoint. To load only the weights: `model.loadStateDict(checkpoint.model)`. */
export interface Checkpoint {
  readonly model: ReadonlyMap<string, Tensor>;
  /** Null if no optimizer was saved. */
  readonly optimizer: ReadonlyMap<string, Tensor> | null;
  /** Null if no loader was saved. */
  readonly loader: DataLoaderState | null;
  /** The default generator's state under `default`, and those of further generators under their names. */
  readonly generators: ReadonlyMap<string, GeneratorState>;
  /** Further data of the caller: completed epochs, settings, the kind of model. */
  readonly metadata: Readonly<Record<string, Json>>;
}

/** The format in the metadata of the file; the number grows with each change that older versions cannot read. */
const format = "stargrad.checkpoint/1";

/**
 * Saves the state of a training run after a step or an epoch, so that it can resume with bitwise identical results. The file
 * has the format safetensors: weights are named `model.<name>`, the optimizer's state `optimizer.<name>`, and everything else
 * is text in the metadata. It has a checksum. After a crash, the file is either the old one or the new one, complete.
 *
 * `metadata`: further data of the caller, such as settings. Default: none
 * `overwrite`: whether an existing file is replaced; if not, it is an error that there is one. Default: true
 *
 * Throws: StargradError if the file cannot be written; an existing file is then unchanged
 */
export async function saveCheckpoint(
  path: string,
  options: Training & { readonly metadata?: Readonly<Record<string, Json>>; readonly overwrite?: boolean },
): Promise<void> {
  expectOptions("saveCheckpoint", options, { ...parts, metadata: anything, overwrite: flag }, ["model"]);
  const { metadata = {}, overwrite = true, ...training } = options;
  await writeSealed(path, encode({ ...stateOf(training), metadata }), { overwrite });
}

/**
 * Reads a checkpoint without applying it; see {@link restoreCheckpoint}.
 *
 * Throws: FormatError for a file that is incomplete, modified, or not a checkpoint; StargradError if it cannot be read
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint> {
  return decode(await readSealed(path), path);
}

/**
 * Restores the states of all parts of a training run from a checkpoint: all of them or, if anything does not fit, none.
 *
 * Throws: ArgumentError that lists every parameter that is missing, unexpected or of another shape, or the parts of the
 * checkpoint and of the training if they differ
 */
export function restoreCheckpoint(checkpoint: Checkpoint, training: Training): void {
  expectOptions("restoreCheckpoint", training, parts, ["model"]);
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
    throw new ArgumentError(
      "Checkpoint",
      "got a generator named default, which is the name of the shared generator",
      "Choose another name",
    );
  }
  return new Map([["default", defaultGenerator()], ...Object.entries(generators)]);
}

function restoreGenerators({ generators }: Pick<Checkpoint, "generators">, training: Training): void {
  for (const [name, generator] of generatorsOf(training)) {
    const state = generators.get(name);
    if (state !== undefined) generator.restore(state);
  }
}

/** Checked, because a part that is not restored would only show in different results of the resumed training. */
function checkParts(checkpoint: Checkpoint, training: Omit<Checkpoint, "metadata">): void {
  const saved = partNames(checkpoint);
  const own = partNames(training);
  if (saved.join() === own.join()) return;
  throw new ArgumentError(
    "restoreCheckpoint",
    `the checkpoint contains ${saved.join(", ")}; the training has ${own.join(", ")}`,
    "Restore the parts that were saved; to load only the weights, use model.loadStateDict(checkpoint.model)",
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
      // An optimizer without any state is still part of the training.
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
    // The loader and the generators validate the numbers of these states when they restore them.
    loader: metadata.has("loader")
      ? (parseJsonObject(text("loader"), called) as unknown as DataLoaderState)
      : null,
    generators: new Map(
      Object.entries(parseJsonObject(text("generators"), called)).map(([name, state]) => [
        name,
        expectObject(state, called) as unknown as GeneratorState,
      ]),
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
