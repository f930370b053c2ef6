export { Adadelta, type AdadeltaOptions } from "./adadelta.js";
export { Adagrad, type AdagradOptions } from "./adagrad.js";
export { Adam, type AdamOptions } from "./adam.js";
export { Adamax, type AdamaxOptions } from "./adamax.js";
export { AdamW } from "./adamw.js";
export { clipGradNorm, clipGradValue, type ClipGradNormOptions } from "./clip.js";
export type { ClosureOptimizer } from "./closure-optimizer.js";
export { EMA, type EMAOptions } from "./ema.js";
export type { Group, ParameterGroup, ParameterSource, Settings } from "./groups.js";
export { Lamb, type LambOptions } from "./lamb.js";
export { LBFGS, type LBFGSOptions } from "./lbfgs.js";
export { Lion, type LionOptions } from "./lion.js";
export { Muon, type MuonOptions } from "./muon.js";
export { NAdam, type NAdamOptions } from "./nadam.js";
export {
  Optimizer,
  type OptimizerOptions,
  type State,
  type Structure,
  type Tensors,
  type Update,
} from "./optimizer.js";
export { RAdam, type RAdamOptions } from "./radam.js";
export { ReduceOnPlateau, type ReduceOnPlateauOptions } from "./reduce-on-plateau.js";
export { RMSprop, type RMSpropOptions } from "./rmsprop.js";
export { Scheduler, type Scheduled } from "./scheduler.js";
export * as schedules from "./schedules.js";
export type { Schedule } from "./schedules.js";
export { SGD, type SGDOptions } from "./sgd.js";
export type { Setting } from "./state-dict.js";
