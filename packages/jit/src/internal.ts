// What packages of this house need of this one and nobody else does. It may change with any version.

export { computeInputs, expectTensors, tensorsOf } from "./trees.js";
export { RecordedFunction, type RecordedFunctionOptions } from "./recorded-function.js";
export { Recording, type Outcome, type RecordingOptions } from "./recording.js";
