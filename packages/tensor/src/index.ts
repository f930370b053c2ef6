// This import installs the methods of Tensor, so it comes first. package.json lists these files and internal.ts as having side
// effects; see decision 22.
import "./methods.js";
export {
  ArgumentError,
  CheckError,
  DTypeError,
  formatShape,
  IndexError,
  referenceEngine,
  sameShape,
  ShapeError,
  StargradError,
  type DType,
  type Engine,
  type Shape,
  type TypedArray,
} from "@stargrad/graph";
export type { Flattened, FlattenProblem, Permuted, Reduced, Transposed } from "./axis-types.js";
export { getEngine, setEngine } from "./engine.js";
export { gelu, glu, relu, silu, softplus } from "./functions/activation.js";
export { allClose, type AllCloseOptions } from "./functions/all-close.js";
export { check, type CheckOptions } from "./functions/check.js";
export { dot, matmul, outer } from "./functions/contraction.js";
export {
  arange,
  eye,
  fromData,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
  type CreationOptions,
} from "./functions/creation.js";
export { einsum } from "./functions/einsum.js";
export * from "./functions/elementwise.js";
export { argsort, gather, oneHot, scatterAdd, sort, take, topk, tril, triu } from "./functions/indexing.js";
export {
  concat,
  expand,
  flatten,
  flip,
  narrow,
  fold,
  pad,
  permute,
  repeat,
  reshape,
  roll,
  select,
  slice,
  split,
  squeeze,
  stack,
  transpose,
  unsqueeze,
  unfold,
  type OverlapOptions,
  type Range,
  type WindowOptions,
} from "./functions/movement.js";
export {
  bernoulli,
  normal,
  randint,
  randomBits,
  uniform,
  type FloatOptions,
  type RandomOptions,
} from "./functions/random.js";
export {
  elu,
  hardtanh,
  leakyRelu,
  mish,
  prelu,
  selu,
  type ELUOptions,
  type HardtanhOptions,
  type LeakyReLUOptions,
} from "./functions/rectifier.js";
export {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  cumsum,
  max,
  mean,
  min,
  norm,
  prod,
  std,
  sum,
  variance,
  type AxisOptions,
  type Extremes,
  type ReductionOptions,
} from "./functions/reduction.js";
export { scan, type Iteration, type ScanOptions } from "./functions/scan.js";
export { logsumexp, logSoftmax, softmax } from "./functions/softmax.js";
export { defaultGenerator, Generator, manualSeed } from "./generator.js";
export type { Methods } from "./methods.js";
export type { NestedArray } from "./nested.js";
export type { Operand } from "./operands.js";
export type {
  Broadcast,
  MatMul,
  MayEqual,
  Mismatch,
  Reshaped,
  ShapeLiteral,
  ShapeMismatch,
  TensorUnless,
  Unless,
  Written,
} from "./shape-types.js";
export type { GeneratorState } from "./random-stream.js";
export { knownData, realize, Tensor } from "./tensor.js";
export { leavesOf, mapTree, type Nested, type Tree } from "./tree.js";
