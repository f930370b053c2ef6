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
export {
  accuracy,
  confusionMatrix,
  f1,
  perplexity,
  precision,
  recall,
  topKAccuracy,
  type Average,
  type ClassMetricOptions,
  type TopKAccuracyOptions,
} from "./classification.js";
export type { Clip } from "./clip.js";
export type { EarlyStopping } from "./early-stopping.js";
export { evaluate, type EvaluateOptions } from "./evaluate.js";
export {
  fit,
  type BatchEvent,
  type EpochEvent,
  type FitEvent,
  type FitForwardOptions,
  type FitOptions,
  type FitRun,
  type Progress,
  type StepEvent,
} from "./fit.js";
export {
  findLearningRate,
  type FindLearningRateForwardOptions,
  type FindLearningRateOptions,
} from "./find-learning-rate.js";
export type { Json } from "./json.js";
export type { LearningRateCurve } from "./learning-rate-curve.js";
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
export { readRunFolder, type RunContents, type SavedCheckpoint } from "./run-folder/contents.js";
export {
  RunFolder,
  type RunFolderOptions,
  type SaveOptions,
  type SaveOutcome,
} from "./run-folder/run-folder.js";
export {
  EpochMetric,
  type AnyMetric,
  type EpochMetricParts,
  type Figures,
  type Metric,
  type Metrics,
} from "./metrics.js";
export type { Batch, BatchTensors } from "./pass.js";
export { predict, type PredictOptions } from "./predict.js";
export { barOf, formatSeconds, paceOf, showProgress, type Pace, type ProgressOptions } from "./progress.js";
export { averagePrecision, rocAuc } from "./ranking.js";
export { mae, mse, r2 } from "./regression.js";
export { RunningMean } from "./running-mean.js";
export type { Stateful } from "./stateful.js";
export type { FitSchedule, Training } from "./training.js";
export {
  trainStep,
  type StepInputs,
  type StepResults,
  type StepTensors,
  type TrainStepOptions,
} from "./train-step.js";
