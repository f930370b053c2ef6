// Exports for the other packages of this repository only. They may change in any version.

export { computeInputs, expectTensors, tensorsOf } from "./trees.js";
export { RecordedFunction, type RecordedFunctionOptions } from "./recorded-function.js";
export { Recording, type Outcome, type RecordingOptions } from "./recording.js";
