import type { DataLoaderState, Source } from "@stargrad/datasets";
import { version } from "@stargrad/graph/internal";
import { FormatError, readFileBytes, writeFileAtomically, type Safetensors } from "@stargrad/io";
import {
  ArgumentError,
  defaultGenerator,
  getEngine,
  type Generator,
  type GeneratorState,
  type Tensor,
} from "@stargrad/tensor";
import { expectValues, flag, hintFor, warn, writeValue, type Kind } from "@stargrad/tensor/internal";

import { expectObject, formatJson, jsonObject, parseJsonObject, type Json } from "./json.js";
import { expectAlone, noteRun, positionOf, recordOf, running } from "./run-record.js";
import { seal, unseal } from "./sealed.js";
import { expectTraining, statefulParts, trainingKinds, type Training } from "./training.js";

/** The contents of a checkpoint. To load only the weights: `model.loadStateDict(checkpoint.model)`. */
export interface Checkpoint {
  readonly model: ReadonlyMap<string, Tensor>;
  /** Null if no optimizer was saved. */
  readonly optimizer: ReadonlyMap<string, Tensor> | null;
  /** Null if no loader was saved. */
  readonly loader: DataLoaderState | null;
  /** The states of the parts `schedule` and `ema`, and those of `states` under their names. */
  readonly states: ReadonlyMap<string, ReadonlyMap<string, Tensor>>;
  /** The number of completed epochs of `fit`, and the sums over the steps of its next one, by figure. Null without `fit`. */
  readonly run: { readonly completed: number; readonly sums: ReadonlyMap<string, readonly number[]> } | null;
  /** The default generator's state under `default`, and those of further generators under their names. */
  readonly generators: ReadonlyMap<string, GeneratorState>;
  /** By what it was made. Null or absent if that is not known, as in files of older versions. */
  readonly origin?: Origin | null;
  /** Further data of the caller: completed epochs, settings, the kind of model. */
  readonly metadata: Readonly<Record<string, Json>>;
}

/** What the last bits of a run depend on besides its state. */
export interface Origin {
  /** The version of Stargrad. */
  readonly version: string;
  /** The engine that computed it, and how it rounds on that machine, such as `wasm, fused`. */
  readonly engine: string;
}

/** The formats in the metadata of files; a number is added with each change that older versions cannot read. The last is written. */
const formats = ["stargrad.checkpoint/1", "stargrad.checkpoint/2"] as const;

/** A training to save, and what its checkpoint says besides. */
export interface CheckpointOptions extends Training {
  /** Further data of the caller, such as settings. Default: none */
  readonly metadata?: Readonly<Record<string, Json>>;
}

/**
 * Saves the state of a training run after a step or an epoch, so that it can resume with bitwise identical results. The file is what
 * {@link encodeCheckpoint} makes. After a crash, it is either the old one or the new one, complete. The values are those at the time of the
 * call; several calls for one path are written in their order.
 *
 * `metadata`: further data of the caller, such as settings. Default: none
 * `overwrite`: whether an existing file is replaced; if not, it is an error that there is one. Default: true
 *
 * Throws: ArgumentError if a part is not what its name says, or the metadata is no plain object of JSON values; StargradError if the
 * file cannot be written. An existing file is then unchanged
 */
export async function saveCheckpoint(
  path: string,
  options: CheckpointOptions & { readonly overwrite?: boolean },
): Promise<void> {
  const name = "saveCheckpoint";
  expectTraining(name, options, { ...trainingKinds, metadata: jsonObject, overwrite: flag });
  expectValues(name, { path }, ["a path, as a string", (value) => typeof value === "string" && value !== ""]);
  const { overwrite = true, ...training } = options;
  // At once, and not after the checksum is computed, so that the calls for one path keep their order.
  await writeFileAtomically(path, encode(name, training), { overwrite, called: `${name}(${path})` });
}

/**
 * Encodes the state of a training run as the bytes of a checkpoint, as {@link saveCheckpoint} writes them, for a page, a database or a
 * network. They have the format safetensors: weights are named `model.<name>`, the optimizer's state `optimizer.<name>`, the state of
 * a further part `state.<part>.<name>`, and everything else is text in the metadata, with a checksum. Equal states give equal bytes. The
 * values are those at the time of the call.
 *
 * `metadata`: further data of the caller, such as settings. Default: none
 *
 * Throws: ArgumentError if a part is not what its name says, or the metadata is no plain object of JSON values
 */
export async function encodeCheckpoint(options: CheckpointOptions): Promise<Uint8Array> {
  expectTraining("encodeCheckpoint", options, { ...trainingKinds, metadata: jsonObject });
  return encode("encodeCheckpoint", options);
}

/**
 * Reads a checkpoint from a path, or from a `File` or `Blob` of a page, without applying it; see {@link restoreCheckpoint}.
 *
 * Throws: FormatError for a file that is incomplete, modified, or not a checkpoint; StargradError if it cannot be read
 */
export async function loadCheckpoint(source: Source): Promise<Checkpoint> {
  const name = "loadCheckpoint";
  if (bytesKind[1](source)) {
    throw new ArgumentError(
      name,
      "got bytes; expected a path, a File or a Blob",
      "Use decodeCheckpoint(bytes)",
    );
  }
  expectValues(name, { source }, sourceKind);
  if (typeof source === "string") {
    const called = `${name}(${source})`;
    return decode(await readFileBytes(source, called), called);
  }
  const called = `${name}(${"name" in source ? String(source.name) : "a Blob"})`;
  return decode(new Uint8Array(await source.arrayBuffer()), called);
}

/**
 * Decodes the bytes of a checkpoint without applying it; see {@link restoreCheckpoint}.
 *
 * Throws: FormatError for bytes that are incomplete, modified, or not a checkpoint; ArgumentError unless they are a Uint8Array
 */
export async function decodeCheckpoint(bytes: Uint8Array): Promise<Checkpoint> {
  expectValues("decodeCheckpoint", { bytes }, bytesKind);
  return decode(bytes, "decodeCheckpoint");
}

const sourceKind: Kind = [
  "a path, a File or a Blob",
  (value) => (typeof value === "string" && value !== "") || value instanceof Blob,
];

const bytesKind: Kind = [
  "a Uint8Array",
  // Also of another realm.
  (value) => Object.prototype.toString.call(value) === "[object Uint8Array]",
];

/**
 * Restores the states of all parts of a training run from a checkpoint: all of them or, if anything does not fit, none.
 *
 * Throws: ArgumentError that lists every parameter that is missing, unexpected or of another shape, or the parts of the
 * checkpoint and of the training if they differ; inside of a loop over `fit`, which would go on where it was
 */
export function restoreCheckpoint(checkpoint: Checkpoint, training: Training): void {
  expectCheckpoint(checkpoint);
  expectTraining("restoreCheckpoint", training, trainingKinds);
  if (training.loader !== undefined) expectAlone("restoreCheckpoint", training, restoreHint);
  const before = stateOf(training);
  checkParts(checkpoint, before);
  try {
    load(checkpoint, training);
    if (checkpoint.loader !== null) training.loader?.restore(checkpoint.loader);
  } catch (error) {
    load(before, training);
    throw error;
  }
  restoreRecord(checkpoint, training);
  compareOrigin(checkpoint);
}

const restoreHint =
  "Leave the loop over its events with break, restore, and call fit again; without loader, restore works inside of the loop";

/** Checks a checkpoint at run time. Throws: ArgumentError if it is not one */
function expectCheckpoint(checkpoint: unknown): void {
  const { model, generators } = Object(checkpoint) as Readonly<Record<string, unknown>>;
  if (model instanceof Map && generators instanceof Map) return;
  throw new ArgumentError(
    "restoreCheckpoint",
    `got ${writeValue(checkpoint)}; expected a checkpoint`,
    hintFor(checkpoint, "Load it with await loadCheckpoint(path)"),
  );
}

type State = Omit<Checkpoint, "metadata" | "origin">;

function ownOrigin(): Origin {
  const { name, capabilities } = getEngine();
  const { arithmetic } = capabilities;
  return { version, engine: arithmetic === undefined ? name : `${name}, ${arithmetic}` };
}

/** Warns if the run goes on with another version, engine or arithmetic, which round differently. */
function compareOrigin({ origin }: Checkpoint): void {
  const own = ownOrigin();
  if (origin == null || (origin.version === own.version && origin.engine === own.engine)) return;
  warn(
    `restoreCheckpoint: the checkpoint was made by Stargrad ${origin.version} on the engine ${origin.engine}; this is ${own.version} on ${own.engine}. ` +
      "The run goes on, but its last bits may differ from those it would have had there.",
  );
}

/** Everything but the position of the loader, which is loaded last because it cannot fail half-way. */
function load({ model, optimizer, states, generators }: State, training: Training): void {
  training.model.loadStateDict(model);
  if (optimizer !== null) training.optimizer?.loadStateDict(optimizer);
  for (const [name, part] of statefulParts(training)) part.loadStateDict(states.get(name) ?? new Map());
  for (const [name, generator] of generatorsOf(training)) {
    const state = generators.get(name);
    if (state !== undefined) generator.restore(state);
  }
}

/** Lets `fit` continue the epoch of the checkpoint. */
function restoreRecord({ loader: state, run }: State, { model, optimizer, loader }: Training): void {
  // A run that goes on from the restored weights keeps its position.
  if (optimizer === undefined || running.has(optimizer)) return;
  const isComplete = loader !== undefined && state !== null && run !== null;
  noteRun({ model, optimizer }, isComplete ? recordOf(loader, { ...state, ...run }) : undefined);
}

function stateOf(training: Training): State {
  const { model, optimizer, loader } = training;
  const { state, record } =
    loader === undefined ? { state: null, record: null } : positionOf(model, optimizer, loader);
  return {
    model: model.stateDict(),
    optimizer: optimizer?.stateDict() ?? null,
    loader: state,
    states: new Map([...statefulParts(training)].map(([name, part]) => [name, part.stateDict()])),
    run: record === null ? null : { completed: record.completed, sums: record.sums },
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

/** Checked, because a part that is not restored would only show in different results of the resumed training. */
function checkParts(checkpoint: Checkpoint, training: State): void {
  const saved = partNames(checkpoint);
  const own = partNames(training);
  if (saved.join() === own.join()) return;
  throw new ArgumentError(
    "restoreCheckpoint",
    `the checkpoint contains ${saved.join(", ")}; the training has ${own.join(", ")}`,
    "Restore the parts that were saved; to load only the weights, use model.loadStateDict(checkpoint.model)",
  );
}

function partNames({ optimizer, loader, states, generators }: State): string[] {
  return [
    "model",
    ...(optimizer === null ? [] : ["optimizer"]),
    ...(loader === null ? [] : ["loader"]),
    ...[...states.keys()].sort(),
    ...[...generators.keys()].sort().map((name) => `generator ${name}`),
  ];
}

const modelPrefix = "model.";
const optimizerPrefix = "optimizer.";
const statePrefix = (name: string): string => `state.${name}.`;

/** The values are read before the first `await`: while it waits, a parameter may be assigned a new value. */
function encode(called: string, { metadata = {}, ...training }: CheckpointOptions): Promise<Uint8Array> {
  return seal(contentOf(called, { ...stateOf(training), origin: ownOrigin(), metadata }));
}

function contentOf(called: string, checkpoint: Checkpoint): Safetensors {
  const { model, optimizer, loader, states, run, generators, origin, metadata } = checkpoint;
  const json = (value: Json): string => formatJson(value, called);
  const named = (values: ReadonlyMap<string, Json>): string => json(Object.fromEntries(values));
  return {
    tensors: new Map([
      ...withPrefix(modelPrefix, model),
      ...withPrefix(optimizerPrefix, optimizer ?? new Map()),
      ...[...states].flatMap(([name, state]) => withPrefix(statePrefix(name), state)),
    ]),
    metadata: new Map([
      ["format", formats[1]],
      // A part without any state is still part of the training.
      ...(optimizer === null ? [] : [["optimizer", "saved"] as const]),
      ...(loader === null ? [] : [["loader", json({ ...loader })] as const]),
      ["states", named(new Map([...states].map(([name, state]) => [name, state.size])))],
      ...(run === null ? [] : [["run", json(writeRun(run))] as const]),
      ["generators", named(new Map([...generators].map(([name, state]) => [name, { ...state }])))],
      ...(origin == null ? [] : [["origin", json({ ...origin })] as const]),
      ["metadata", json(metadata)],
    ]),
  };
}

async function decode(bytes: Uint8Array, called: string): Promise<Checkpoint> {
  const { tensors, metadata } = await unseal(bytes, called);
  const found = metadata.get("format");
  if (!formats.some((format) => format === found)) {
    throw new FormatError(called, `its format is ${found ?? "not given"}; expected ${formats[1]}`);
  }
  const read = (name: string) => parseJsonObject(metadata.get(name) ?? "{}", called);
  return {
    model: startingWith(modelPrefix, tensors),
    optimizer: metadata.has("optimizer") ? startingWith(optimizerPrefix, tensors) : null,
    // The loader and the generators validate the numbers of these states when they restore them.
    loader: metadata.has("loader") ? (read("loader") as unknown as DataLoaderState) : null,
    states: new Map(
      Object.keys(read("states")).map((name) => [name, startingWith(statePrefix(name), tensors)]),
    ),
    run: metadata.has("run") ? readRun(read("run"), called) : null,
    generators: new Map(
      Object.entries(read("generators")).map(([name, state]) => [
        name,
        expectObject(state, called) as unknown as GeneratorState,
      ]),
    ),
    origin: metadata.has("origin") ? readOrigin(read("origin")) : null,
    metadata: read("metadata"),
  };
}

/** Sums and scores are texts, because they may be NaN or infinite. */
function writeRun({ completed, sums }: NonNullable<Checkpoint["run"]>): Json {
  return { completed, sums: Object.fromEntries([...sums].map(([name, kept]) => [name, kept.join(" ")])) };
}

function readOrigin({ version: made, engine }: Readonly<Record<string, Json>>): Origin | null {
  return typeof made === "string" && typeof engine === "string" ? { version: made, engine } : null;
}

function readRun({ completed, sums }: Readonly<Record<string, Json>>, called: string): Checkpoint["run"] {
  if (!Number.isSafeInteger(completed) || Number(completed) < 0) {
    throw new FormatError(called, "expected the number of completed epochs in its metadata");
  }
  const kept = Object.entries(expectObject(sums ?? null, called)).map(([name, text]) => {
    const numbers = typeof text === "string" ? text.split(" ").map(Number) : [NaN, NaN];
    return [name, text === "" ? [] : numbers] as const;
  });
  return { completed: Number(completed), sums: new Map(kept) };
}

function withPrefix(prefix: string, state: ReadonlyMap<string, Tensor>): (readonly [string, Tensor])[] {
  return [...state].map(([name, tensor]) => [prefix + name, tensor] as const);
}

function startingWith(prefix: string, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
