export {
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
  type ValueType,
} from "./assembler/expression.js";
export {
  callIndirect,
  callResult,
  FunctionBuilder,
  Local,
  type FunctionReference,
  type FunctionType,
} from "./assembler/function-builder.js";
export { ModuleBuilder, type MemoryImport, type Signature } from "./assembler/module-builder.js";
export { type KernelContext, type KernelWriter, type Share } from "./kernel-context.js";
export { KernelLibrary } from "./kernels.js";
export { MathLibrary } from "./math/math-library.js";
export { elements, type MatmulDType } from "./matmul/element.js";
export { emitMatmul } from "./matmul/matmul.js";
export { runParameters, type Matmul, type RunParameter } from "./matmul/run.js";
export { type Epilogue, type Layout, type MatmulSpec } from "./matmul/spec.js";
export { spell } from "./spelling.js";
export { roundedVectors, type VectorFeatures } from "./vector-features.js";
