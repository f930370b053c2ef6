import type { DataLoader, DataLoaderState } from "@stargrad/datasets";
import { shared } from "@stargrad/tensor/internal";

import { RunningMeans, type Sums } from "./metrics.js";

/** Where `fit` is in its run, and the means of the current epoch so far. */
export interface RunRecord {
  readonly loader: DataLoader<unknown>;
  /** The number of completed epochs of the run. */
  readonly completed: number;
  /** The number of completed epochs of the loader, which may have served other runs before. */
  readonly epoch: number;
  /** The number of steps that were taken in this epoch. */
  position: number;
  /** Whether the loader is one batch ahead, because the step with its last batch was not taken yet. */
  isAhead: boolean;
  /** Whether the loop over the events was left before the end of the run. */
  isStopped: boolean;
  readonly means: RunningMeans<string>;
  /** The state that the loader was restored to when the run began. It is not the place to continue once the run has taken a step. */
  readonly began: DataLoaderState | null;
}

/** The record of the last run of each optimizer. */
export const runs: WeakMap<object, RunRecord> = /* @__PURE__ */ shared("runs", () => new WeakMap());

export function recordOf(
  loader: DataLoader<unknown>,
  {
    completed,
    epoch,
    position = 0,
    sums,
  }: Pick<RunRecord, "completed" | "epoch"> & {
    readonly position?: number;
    readonly sums?: Iterable<readonly [string, Sums]> | undefined;
  },
): RunRecord {
  const means = new RunningMeans(sums);
  const { restored: began } = loader;
  return { loader, completed, epoch, position, isAhead: false, isStopped: false, means, began };
}

/** The state of a loader as a checkpoint stores it, and the record of the run if it belongs to this state. */
export function positionOf(
  optimizer: object | undefined,
  loader: DataLoader<unknown>,
): { readonly state: DataLoaderState; readonly record: RunRecord | null } {
  const state = loader.state();
  const record = optimizer === undefined ? undefined : runs.get(optimizer);
  if (record?.loader !== loader || record.epoch !== state.epoch) return { state, record: null };
  const { position } = record;
  if (state.position !== position + Number(record.isAhead)) return { state, record: null };
  return { state: { ...state, position }, record };
}
