// Exports for the other packages of this repository only. They may change in any version.

export { brand, isBranded } from "./brand.js";
export { recognizeCopies, shared } from "./copies.js";
export { asElements, canHold, dtypeOf, floats, numbers, promote } from "./dtype.js";
export { nameCalled } from "./errors.js";
export {
  anything,
  belowOne,
  callable,
  count,
  decayRates,
  expectList,
  expectValues,
  finite,
  flag,
  handleRejections,
  hintFor,
  fraction,
  integer,
  isPlainObject,
  listOf,
  notNegative,
  number,
  oneOf,
  positive,
  refuseAssignments,
  tensorLike,
  text,
  wholeFrom,
  writeValue,
  type Kind,
} from "./kinds.js";
export { loopCases, type LoopCase } from "./loop-cases.js";
export { type LoopParts } from "./loop-body.js";
export {
  historyBound,
  nodesMade,
  observeNodes,
  overlong,
  topologicalOrder,
  withoutHistory,
  type LoopGraph,
  type NodeObserver,
  type ValueOwner,
} from "./node.js";
export { NodeNumbers } from "./node-numbers.js";
export { expectOptions, isRecord, nearestName, type OptionKinds } from "./options.js";
export { pendingWithCoOutputs, type Computation } from "./pending.js";
export { checkIndices } from "./primitives/indexing.js";
export { checkNotEmpty } from "./primitives/reduction.js";
export { writeSignature, type Signed, type SignatureWriter } from "./signature.js";
export { broadcastShapes, checkShape, normalizeAxes, normalizeAxis, unravelIndex } from "./shape.js";
export { version } from "./version.js";
