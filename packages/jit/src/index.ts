export { jit } from "./jit.js";
export { computeInputs, expectTensors, tensorsOf, type InputsFor } from "./trees.js";
export { RecordedFunction, type RecordedFunctionOptions } from "./recorded-function.js";
export { Recording, type Outcome, type RecordingOptions } from "./recording.js";
