export { Adam, type AdamOptions } from "./adam.js";
export { AdamW } from "./adamw.js";
export type { Group, ParameterGroup, ParameterSource, Settings } from "./groups.js";
export { Optimizer, type OptimizerOptions, type State, type StateTensors, type Update } from "./optimizer.js";
export { SGD, type SGDOptions } from "./sgd.js";
export type { Setting } from "./state-dict.js";
