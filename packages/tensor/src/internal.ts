// Exports for the other packages of this repository only. They may change in any version.

// This import installs the methods of Tensor, so it comes first: see index.ts.
import "./methods.js";

export { disposeSymbol, sizeOf } from "@stargrad/graph";
export {
  anything,
  belowOne,
  brand,
  callable,
  checkShape,
  count,
  decayRates,
  expectList,
  expectOptions,
  expectValues,
  finite,
  flag,
  fraction,
  handleRejections,
  hintFor,
  integer,
  isBranded,
  isPlainObject,
  isRecord,
  listOf,
  notNegative,
  number,
  oneOf,
  positive,
  recognizeCopies,
  refuseAssignments,
  shared,
  tensorLike,
  text,
  unravelIndex,
  version,
  wholeFrom,
  withoutHistory,
  writeValue,
  type Kind,
  type OptionKinds,
} from "@stargrad/graph/internal";
export {
  computeNodes,
  fallBackOn,
  keepWhere,
  lastingStorage,
  mayStillFail,
  preferOneThread,
  startProgram,
  takeBackIfItFails,
  widestFloat,
  type Order,
} from "./engine.js";
export { nonFiniteCode } from "./functions/check.js";
export { filledLeaf } from "./functions/creation.js";
export {
  collectChangesBy,
  createLoop,
  findSourcesBy,
  traceBody,
  type Carry,
  type ChangeCollector,
  type Changes,
  type LoopDefinition,
  type LoopExtent,
  type Sequence,
  type Traced,
} from "./loop.js";
export { inStep } from "./late-failures.js";
export { expectFloat, toIndices, toTensor } from "./operands.js";
export { optionKinds } from "./option-kinds.js";
export { factor, given, indices, input, operation } from "./operation.js";
export type { RandomStream } from "./random-stream.js";
export { noteReadingsBy, record, type Draw, type ReadingNoter, type Recorded } from "./recording.js";
export { expectNoRecording, isRecording } from "./recording-state.js";
export { expectMap, StateReader } from "./state-reader.js";
export { apply, onAnyEngine, snapshot } from "./tensor.js";
export { trace } from "./trace.js";
export { pairLeaves } from "./tree.js";
export { warn } from "./warn.js";
