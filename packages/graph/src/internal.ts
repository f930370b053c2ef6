// Exports for the other packages of this repository only. They may change in any version.

export { canHold, dtypeOf, floats, numbers, promote } from "./dtype.js";
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
export { expectOptions, nearestName } from "./options.js";
export { pendingWithCoOutputs, type Computation } from "./pending.js";
export { checkIndices } from "./primitives/indexing.js";
export { writeSignature, type Signed, type SignatureWriter } from "./signature.js";
export { broadcastShapes, checkShape, normalizeAxes, normalizeAxis } from "./shape.js";
