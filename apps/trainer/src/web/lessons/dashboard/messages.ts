import type { GivenFile } from "../../../dashboard/read-data.js";
import type { EpochRecord, RunEnd, StepCredit } from "../../../dashboard/records.js";
import type { SampleName } from "../../../dashboard/sample-names.js";
import type { RunSettings } from "../../../dashboard/settings.js";
import type { SplitSettings } from "../../../dashboard/split.js";
import type { DataSummary, ExampleView } from "../../../dashboard/view.js";
import type { PaceQuestions } from "../../run/going.js";

// What the page of the dashboard asks its worker. `run` is a number that the page chooses.

export type DashboardQuestions = PaceQuestions & {
  /** Takes a sample, or reads files, in place of the data before. Refused with a sentence if the files are not data. */
  sample: { ask: { readonly name: SampleName; readonly split: SplitSettings }; answer: DataSummary };
  files: {
    ask: { readonly files: readonly GivenFile[]; readonly target?: string; readonly split: SplitSettings };
    answer: DataSummary;
  };
  /** Divides the data in another way. */
  split: { ask: SplitSettings; answer: DataSummary };
  /** The run that was going on when the page was closed or the worker died, with its data; null if there is none. */
  resume: { ask: { readonly run: number }; answer: Resumed | null };
  /** Begins a run with the present data, or goes on from the end of an epoch of another. */
  open: {
    ask: {
      readonly run: number;
      readonly settings: RunSettings;
      readonly from?: { readonly run: number; readonly epoch: number };
    };
    answer: RunFacts;
  };
  /** The held-out examples of a class that were taken for a class after the last epoch. */
  cell: {
    ask: { readonly run: number; readonly is: number; readonly says: number };
    answer: readonly ExampleView[];
  };
  /** Trains an epoch again, and compares all weights with those recorded. */
  replay: {
    ask: { readonly run: number; readonly epoch: number };
    answer: { readonly weights: number; readonly different: number };
  };
  /** The numbers of a run as the text of a file. */
  export: { ask: { readonly run: number; readonly format: "csv" | "json" }; answer: string };
};

/** What does not change in a run. */
export interface RunFacts {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly layers: readonly string[];
  /** How many hidden units there are. */
  readonly units: number;
}

export interface Resumed {
  readonly facts: RunFacts;
  readonly settings: RunSettings;
  readonly data: DataSummary;
  /** The sample that it is about; null for files of the visitor. */
  readonly sample: SampleName | null;
}

/** What is new in a run. */
export interface Progress {
  readonly run: number;
  /** The number of steps before those of `steps`. */
  readonly before: number;
  /** The numbers of each new step, in the order of `columns`. */
  readonly steps: Float64Array<ArrayBuffer>;
  readonly epochs: readonly EpochRecord[];
  readonly credits: readonly StepCredit[];
  readonly end: RunEnd | null;
  /** Why the run is not saved, once. */
  readonly notice: string | null;
}
