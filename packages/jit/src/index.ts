export { jit } from "./jit.js";
export { type InputsFor } from "./trees.js";
