import type { DataLoader, DataLoaderState } from "@stargrad/datasets";
import type { Module } from "@stargrad/nn";
import { ArgumentError } from "@stargrad/tensor";
import { shared } from "@stargrad/tensor/internal";

import type { AllSums } from "./measures.js";

/** Where `fit` is in its run, and what it knows of the current epoch. */
export interface RunRecord {
  readonly loader: DataLoader<unknown>;
  /** The number of completed epochs of the run. */
  readonly completed: number;
  /** The number of completed epochs of the loader, which may have served other runs before. */
  readonly epoch: number;
  /** The number of batches of this epoch whose steps were taken. */
  position: number;
  /** How many batches the loader is ahead, because the step with them was not taken yet. */
  ahead: number;
  /** Whether the loop over the events was left before the end of the run. */
  isStopped: boolean;
  /** What is known of the batches of the current epoch. */
  readonly sums: AllSums;
  /** The state that the loader was restored to when the run began. It is not the place to continue once the run has taken a step. */
  readonly began: DataLoaderState | null;
}

/** What a run changes. */
export interface RunParts {
  readonly model: Module;
  readonly optimizer: object;
  readonly loader: DataLoader<unknown>;
}

/** The records of the last runs, by optimizer and by model, because one optimizer may train several models. */
const runs = /* @__PURE__ */ shared("runs", () => new WeakMap<object, WeakMap<Module, RunRecord>>());

/** The record of the last run of a model with an optimizer. */
export function runOf({ model, optimizer }: Omit<RunParts, "loader">): RunRecord | undefined {
  return runs.get(optimizer)?.get(model);
}

/** Sets the record of the last run; undefined for none. */
export function noteRun({ model, optimizer }: Omit<RunParts, "loader">, record: RunRecord | undefined): void {
  const records = runs.get(optimizer) ?? new WeakMap<Module, RunRecord>();
  runs.set(optimizer, records);
  if (record === undefined) records.delete(model);
  else records.set(model, record);
}

/** The models, optimizers and loaders of the runs that have begun and not ended. */
export const running = /* @__PURE__ */ shared("running", () => new WeakSet<object>());

/** Throws: ArgumentError if a run that has not ended uses one of the parts, because the steps of both would alternate */
export function expectAlone(
  called: string,
  { model, optimizer, loader }: Partial<RunParts>,
  hint: string,
): void {
  const used = [model, optimizer, loader].find((part) => part !== undefined && running.has(part));
  if (used === undefined) return;
  const use = used === loader ? "reads this loader" : "uses this optimizer";
  throw new ArgumentError(
    called,
    `another run that has not ended ${used === model ? `trains this ${model.describe()}` : use}`,
    hint,
  );
}

export function recordOf(
  loader: DataLoader<unknown>,
  {
    completed,
    epoch,
    position = 0,
    sums = new Map(),
  }: Pick<RunRecord, "completed" | "epoch"> & {
    readonly position?: number;
    readonly sums?: ReadonlyMap<string, readonly number[]> | undefined;
  },
): RunRecord {
  const { restored: began } = loader;
  return {
    loader,
    completed,
    epoch,
    position,
    ahead: 0,
    isStopped: false,
    sums: new Map([...sums].map(([key, kept]) => [key, [...kept]])),
    began,
  };
}

/** The state of a loader as a checkpoint stores it, and the record of the run if it belongs to this state. */
export function positionOf(
  model: Module,
  optimizer: object | undefined,
  loader: DataLoader<unknown>,
): { readonly state: DataLoaderState; readonly record: RunRecord | null } {
  const state = loader.state();
  const record = optimizer === undefined ? undefined : runOf({ model, optimizer });
  if (record?.loader !== loader || record.epoch !== state.epoch) return { state, record: null };
  const { position } = record;
  if (state.position !== position + record.ahead) return { state, record: null };
  return { state: { ...state, position }, record };
}
