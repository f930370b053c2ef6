export { interpretedEngine } from "./interpreted-engine.js";
export { lateEngine } from "./late-engine.js";
export { narrowTarget, vectorTarget } from "./targets.js";
export { kindsOf } from "./kinds.js";
