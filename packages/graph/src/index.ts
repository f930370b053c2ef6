export { conformanceCases, disagreement, type ConformanceCase } from "./conformance.js";
export {
  allocate,
  bytesPerElement,
  dtypes,
  isFloat,
  type ArrayOf,
  type DType,
  type DTypes,
  type FloatType,
  type TypedArray,
} from "./dtype.js";
export { formulaOf, samplesOf } from "./descriptions.js";
export { disposeSymbol } from "./disposal.js";
export { engineChecks, type EngineCheck } from "./engine-checks.js";
export {
  elementsOf,
  runProgram,
  type Capabilities,
  type Destination,
  type Engine,
  type PreparedProgram,
} from "./engine.js";
export {
  ArgumentError,
  CheckError,
  DTypeError,
  IndexError,
  ShapeError,
  StaleValueError,
  StargradError,
} from "./errors.js";
export { LoopBody } from "./loop-body.js";
export { createLeaf, createNode, Node, Placeholder, type AttributesOf, type Operation } from "./node.js";
export { pendingNodes } from "./pending.js";
export type {
  HostTensor,
  NoAttributes,
  Primitive,
  PrimitiveKind,
  Sample,
  Signature,
  TensorType,
} from "./primitive.js";
export {
  binaryNames,
  kindOf,
  plainNames,
  primitiveNames,
  primitives,
  unaryNames,
  type AcceptedType,
  type BinaryName,
  type NameOfKind,
  type PlainName,
  type PrimitiveName,
  type TranscendentalName,
  type UnaryName,
} from "./primitives.js";
export { checkError, type CheckAttributes } from "./primitives/check.js";
export { indexError } from "./primitives/indexing.js";
export type {
  ViewMovement,
  PadAttributes,
  SliceAttributes,
  WindowAttributes,
} from "./primitives/movement.js";
export { philox4x32 } from "./primitives/random.js";
export type { ReductionAttributes } from "./primitives/reduction.js";
export type { BodyTypes, ScanAttributes } from "./primitives/scan.js";
export { referenceEngine } from "./reference-engine.js";
export { contiguousStrides, formatShape, sameShape, sizeOf, type Shape } from "./shape.js";
export { FilledStorage, HostStorage, unreadable, type Storage } from "./storage.js";
