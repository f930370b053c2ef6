// What packages of this house need of this one and nobody else does. It may change with any version.

export { computeDue } from "./awaited-values.js";
export { recordAssignments } from "./recorded-changes.js";
export { rules, type Rule } from "./rules.js";
export { variableOf } from "./variable.js";
