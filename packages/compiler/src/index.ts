export { allocatedBytes, roundUp } from "./alignment.js";
export type { CheckLowering } from "./check-lowering.js";
export { abortingChecks, failureOf } from "./checks.js";
export { describeGraph, type GraphDescription } from "./describe-graph.js";
export { reportingChecks } from "./findings.js";
export { fuse } from "./fuse.js";
export { inPlaceOutputs } from "./in-place.js";
export { formOf, type FormedKernel, type OperandAddress, type SimpleKernel } from "./kernel-form.js";
export { refine, tiled, type Iteration } from "./iteration.js";
export {
  bufferName,
  buffersOf,
  leafKey,
  leavesOf,
  subexpressionsOf,
  type ArgsortKernel,
  type BufferSpec,
  type CheckKernel,
  type CopiedPart,
  type CopyKernel,
  type CumulativeSumKernel,
  type ElementwiseName,
  type FillKernel,
  type Finding,
  type GatherKernel,
  type IndexingKernel,
  type Kernel,
  type Leaf,
  type LoopExpression,
  type LoopKernel,
  type MapKernel,
  type MapResult,
  type ProductKernel,
  type ProductOperand,
  type Program,
  type RandomBitsKernel,
  type ReduceKernel,
  type RowsKernel,
  type ScanKernel,
  type ScatterAddKernel,
  type View,
} from "./kernel.js";
export { axisOffsets, contiguous, isContiguous, type Digit, type Layout } from "./layout.js";
export { lower } from "./lower.js";
export { planMemory, type MemoryPlan } from "./memory-plan.js";
export { type Signature } from "./signature.js";
export type { Target, Tiles } from "./target.js";
export { workOf } from "./work.js";
