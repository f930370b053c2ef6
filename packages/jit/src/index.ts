export { jit } from "./jit.js";
export { tensorsOf, type InputsFor } from "./inputs.js";
export { RecordedFunction, type RecordedFunctionOptions } from "./recorded-function.js";
export { Recording, type Outcome, type RecordingOptions } from "./recording.js";
