// Exports for the other packages of this repository only. They may change in any version.

// This import installs the methods of Tensor, so it comes first: see index.ts.
import "./methods.js";

export { disposeSymbol } from "@stargrad/graph";
export { brand, expectOptions, recognizeCopies, shared, withoutHistory } from "@stargrad/graph/internal";
export {
  computeNodes,
  fallBackOn,
  keepWhere,
  lastingStorage,
  mayStillFail,
  startProgram,
  takeBackIfItFails,
  widestFloat,
  type Order,
} from "./engine.js";
export { nonFiniteCode } from "./functions/check.js";
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
export { expectFloat } from "./operands.js";
export type { RandomStream } from "./random-stream.js";
export { noteReadingsBy, record, type Draw, type ReadingNoter, type Recorded } from "./recording.js";
export { expectNoRecording, isRecording } from "./recording-state.js";
export { StateReader } from "./state-reader.js";
export { apply, onAnyEngine, snapshot } from "./tensor.js";
export { trace } from "./trace.js";
export { pairLeaves } from "./tree.js";
