export {
  decodeCheckpoint,
  encodeCheckpoint,
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  type Origin,
} from "./checkpoint.js";
export { evaluate } from "./evaluate.js";
export {
  fit,
  type Batch,
  type BatchEvent,
  type EpochEvent,
  type FitEvent,
  type FitOptions,
  type FitRun,
  type Progress,
  type StepEvent,
} from "./fit.js";
export type { Json } from "./json.js";
export { CsvLog } from "./logs/csv-log.js";
export type { Hyperparameter } from "./logs/events.js";
export { JsonLinesLog } from "./logs/json-lines-log.js";
export type { RunLog } from "./logs/run-log.js";
export {
  SummaryWriter,
  type HistogramOptions,
  type Hyperparameters,
  type SummaryWriterOptions,
} from "./logs/summary-writer.js";
export { accuracy, type Figures, type Metric, type Metrics, type Sums } from "./metrics.js";
export { predict, type PredictOptions } from "./predict.js";
export { readRunFolder, type RunContents, type SavedCheckpoint } from "./run-folder/contents.js";
export {
  RunFolder,
  type RunFolderOptions,
  type SaveOptions,
  type SaveOutcome,
} from "./run-folder/run-folder.js";
export { RunningMean } from "./running-mean.js";
export type { FitSchedule, Stateful, Training } from "./training.js";
export {
  trainStep,
  type StepInputs,
  type StepResults,
  type StepTensors,
  type TrainStepOptions,
} from "./train-step.js";
