export {
  attributeThroughLayers,
  gradientTimesInput,
  integratedGradients,
  type Attribution,
  type AttributionOptions,
  type Stage,
} from "./attribute.js";
export { StepExplanation, type Credit, type ParameterCredit, type WeightCredit } from "./credit.js";
export {
  explainStep,
  watchStep,
  type Account,
  type ExplainOptions,
  type ModelUpdate,
} from "./explain-step.js";
export { proveIt, type Proof } from "./prove-it.js";
export { describeStep, describeWeight, type Level } from "./words.js";
