export { StaleValueError } from "@stargrad/graph";
export { stopGradient, type Nested, type Tree } from "@stargrad/tensor";
export { AnomalyError, detectAnomaly } from "./anomaly.js";
export { assignAll, assignAlong, type Assignments } from "./assignment.js";
export { backward } from "./backward.js";
export { Buffer } from "./buffer.js";
export {
  checkGradient,
  GradientError,
  GradientReport,
  type CheckGradientOptions,
  type GradientMismatch,
} from "./check-gradient.js";
export { customGradient, onGradient } from "./custom-gradient.js";
export { grad, valueAndGrad, type GradOptions, type ScalarFunction } from "./grad.js";
export { hessian, jacobian } from "./jacobian.js";
export { hvp, jvp } from "./jvp.js";
export { Parameter } from "./parameter.js";
export { rematerialize } from "./rematerialize.js";
export { Variable } from "./variable.js";
export { vjp, type TreeFunction } from "./vjp.js";
