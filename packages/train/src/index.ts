export {
  loadCheckpoint,
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Training,
} from "./checkpoint.js";
export { evaluate } from "./evaluate.js";
export {
  fit,
  type Batch,
  type BatchEvent,
  type EpochEvent,
  type FitEvent,
  type FitOptions,
  type Progress,
  type StepEvent,
} from "./fit.js";
export type { Json } from "./json.js";
export { accuracy, type Figures, type Metric, type Metrics } from "./metrics.js";
export { predict, type PredictOptions } from "./predict.js";
export { RunningMean } from "./running-mean.js";
export {
  trainStep,
  type StepInputs,
  type StepResults,
  type StepTensors,
  type TrainStepOptions,
} from "./train-step.js";
