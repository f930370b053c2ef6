// Exports for the other packages of this repository only. They may change in any version.

export { computeDue } from "./awaited-values.js";
export { expectNotLent, lend } from "./loans.js";
export { recordAssignments } from "./recorded-changes.js";
export { rules, type Rule } from "./rules.js";
export { variableOf } from "./variable.js";
