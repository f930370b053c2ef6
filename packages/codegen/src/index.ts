export { KernelLibrary } from "./kernels.js";
export { type KernelSite, type KernelWriter, type Share } from "./kernel-context.js";
export {
  expression,
  f32,
  f32x4,
  f64,
  f64x2,
  i32,
  i32x4,
  i64,
  i64x2,
  select,
  v128,
  type Expression,
  type OperationGroups,
  type OperationName,
  type ValueType,
} from "./machine/expression.js";
export {
  callResult,
  type FunctionBuilder,
  type FunctionReference,
  type Local,
  type LoopRange,
} from "./machine/function-builder.js";
export { type Machine } from "./machine/machine.js";
export { type ModuleBuilder, type ParameterLocals, type Signature } from "./machine/module-builder.js";
export { MathLibrary } from "./math/math-library.js";
export { elements, type MatmulDType } from "./matmul/element.js";
export { emitMatmul } from "./matmul/matmul.js";
export { runParameters, type Matmul, type RunParameter } from "./matmul/run.js";
export { type Epilogue, type ElementOrder, type MatmulSpec } from "./matmul/spec.js";
export { emitElementwise } from "./elementwise.js";
