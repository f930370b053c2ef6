export { fuse } from "./fuse.js";
export { refine, type Iteration } from "./iteration.js";
export {
  buffersOf,
  leafKey,
  leavesOf,
  partsOf,
  type BufferSpec,
  type ElementwiseName,
  type FillKernel,
  type Kernel,
  type Leaf,
  type LoopExpression,
  type MapKernel,
  type MapResult,
  type ProductKernel,
  type ProductOperand,
  type Program,
  type ReduceKernel,
  type WholeKernel,
} from "./kernel.js";
export { axisOffsets, contiguous, isContiguous, type Digit, type Layout } from "./layout.js";
export { lower } from "./lower.js";
export { planMemory, type MemoryPlan } from "./memory-plan.js";
export { describeGraph } from "./program-key.js";
