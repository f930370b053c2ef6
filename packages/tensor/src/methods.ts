import type { BinaryName, DType, Shape, UnaryName } from "@stargrad/graph";
import * as activation from "./functions/activation.js";
import * as contraction from "./functions/contraction.js";
import * as elementwise from "./functions/elementwise.js";
import * as indexing from "./functions/indexing.js";
import * as movement from "./functions/movement.js";
import * as reduction from "./functions/reduction.js";
import * as softmax from "./functions/softmax.js";
import type { AxisOptions, Extremes, ReduceAll, Reduced, ReductionOptions } from "./functions/reduction.js";
import type { OverlapOptions, Range, WindowOptions } from "./functions/movement.js";
import type { Operand } from "./operands.js";
import type { Broadcast, MatMul, Reshaped, ShapeLiteral, Transposed } from "./shape-types.js";
import { Tensor } from "./tensor.js";

export { Tensor };

/*
 * A method of Tensor is the function of the same name with the tensor as its first argument. Its documentation stands at
 * the function; here stands what each method takes, so that TypeScript can follow the shapes. Shapes come from `this`
 * and not from the class, which keeps Tensor<[2, 3]> usable wherever a Tensor is.
 */

type UnaryMethod = <A extends Shape>(this: Tensor<A>) => Tensor<A>;
type BinaryMethod = <A extends Shape, B extends Shape = []>(
  this: Tensor<A>,
  other: Operand<B>,
) => Tensor<Broadcast<A, B>>;
type Reduction<Options> = <O extends Options = ReduceAll & Options>(options?: O) => Tensor<Reduced<O>>;
type AxisMethod<Options = unknown> = <A extends Shape>(
  this: Tensor<A>,
  options?: { readonly axis?: number } & Options,
) => Tensor<A>;
type ExtremesMethod = {
  (): Tensor<[]>;
  (options: { readonly axis: number; readonly keepDims?: boolean }): Extremes;
};

/** Every primitive that treats elements alike, straight from the table. */
type PrimitiveMethods = { [P in UnaryName]: UnaryMethod } & { [P in BinaryName]: BinaryMethod };

export interface Methods extends PrimitiveMethods {
  // Elementwise
  ceil: UnaryMethod;
  erfinv: UnaryMethod;
  isFinite: UnaryMethod;
  isNaN: UnaryMethod;
  logicalNot: UnaryMethod;
  reciprocal: UnaryMethod;
  rsqrt: UnaryMethod;
  square: UnaryMethod;
  stopGradient: UnaryMethod;
  tan: UnaryMethod;
  floorDivide: BinaryMethod;
  greater: BinaryMethod;
  greaterEqual: BinaryMethod;
  notEqual: BinaryMethod;
  logicalAnd<A extends Shape, B extends Shape>(this: Tensor<A>, other: Tensor<B>): Tensor<Broadcast<A, B>>;
  logicalOr<A extends Shape, B extends Shape>(this: Tensor<A>, other: Tensor<B>): Tensor<Broadcast<A, B>>;
  cast<A extends Shape>(this: Tensor<A>, dtype: DType): Tensor<A>;
  clamp<A extends Shape>(
    this: Tensor<A>,
    bounds: { readonly min?: number; readonly max?: number },
  ): Tensor<A>;

  // Activations
  relu: UnaryMethod;
  silu: UnaryMethod;
  softplus: UnaryMethod;
  gelu<A extends Shape>(this: Tensor<A>, options?: { readonly approximate?: "none" | "tanh" }): Tensor<A>;
  softmax: AxisMethod;
  logSoftmax: AxisMethod;

  // Reductions
  sum: Reduction<ReductionOptions>;
  prod: Reduction<ReductionOptions>;
  mean: Reduction<ReductionOptions>;
  amax: Reduction<ReductionOptions>;
  amin: Reduction<ReductionOptions>;
  any: Reduction<ReductionOptions>;
  all: Reduction<ReductionOptions>;
  logsumexp: Reduction<ReductionOptions>;
  variance: Reduction<ReductionOptions & { readonly correction?: number }>;
  std: Reduction<ReductionOptions & { readonly correction?: number }>;
  norm: Reduction<ReductionOptions & { readonly order?: number }>;
  max: ExtremesMethod;
  min: ExtremesMethod;
  argmax(options?: AxisOptions): Tensor;
  argmin(options?: AxisOptions): Tensor;
  cumsum: AxisMethod;

  // Products
  matmul<A extends Shape, B extends Shape>(this: Tensor<A>, other: Tensor<B>): Tensor<MatMul<A, B>>;
  dot(other: Tensor): Tensor<[]>;
  outer(other: Tensor): Tensor;

  // Shape
  reshape<const T extends ShapeLiteral>(shape: T): Tensor<Reshaped<T>>;
  expand<const T extends ShapeLiteral>(shape: T): Tensor<Reshaped<T>>;
  flatten(options?: { readonly startAxis?: number; readonly endAxis?: number }): Tensor;
  permute(axes: readonly number[]): Tensor;
  transpose<A extends Shape>(this: Tensor<A>): Tensor<Transposed<A>>;
  transpose(a: number, b: number): Tensor;
  squeeze(axis?: number | readonly number[]): Tensor;
  unsqueeze(axis: number): Tensor;
  slice(ranges: readonly (Range | null)[]): Tensor;
  narrow(axis: number, start: number, length: number): Tensor;
  select(axis: number, index: number): Tensor;
  flip<A extends Shape>(this: Tensor<A>, axes?: number | readonly number[]): Tensor<A>;
  pad(
    amounts: readonly (readonly [before: number, after: number])[],
    options?: { readonly value?: number },
  ): Tensor;
  split(sizes: number | readonly number[], options?: { readonly axis?: number }): Tensor[];
  repeat(counts: readonly number[]): Tensor;
  roll(shift: number, options?: { readonly axis?: number }): Tensor;
  windows(options: WindowOptions): Tensor;
  overlapAdd(options: OverlapOptions): Tensor;

  // Indexing and order
  gather<I extends Shape>(index: Tensor<I>, options?: { readonly axis?: number }): Tensor<I>;
  take(index: Tensor, options?: { readonly axis?: number }): Tensor;
  scatterAdd<A extends Shape>(
    this: Tensor<A>,
    index: Tensor,
    source: Tensor,
    options?: { readonly axis?: number },
  ): Tensor<A>;
  argsort: AxisMethod<{ readonly descending?: boolean }>;
  sort<A extends Shape>(
    this: Tensor<A>,
    options?: { readonly axis?: number; readonly descending?: boolean },
  ): { readonly values: Tensor<A>; readonly indices: Tensor<A> };
  topk(
    count: number,
    options?: { readonly axis?: number; readonly largest?: boolean },
  ): { readonly values: Tensor; readonly indices: Tensor };
  tril<A extends Shape>(this: Tensor<A>, k?: number): Tensor<A>;
  triu<A extends Shape>(this: Tensor<A>, k?: number): Tensor<A>;
}

const { concat: _concat, stack: _stack, ...movementMethods } = movement;
const { oneHot: _oneHot, ...indexingMethods } = indexing;
const { unaryFunctions, binaryFunctions, where: _where, ...elementwiseMethods } = elementwise;

const functions = {
  ...elementwiseMethods,
  ...unaryFunctions,
  ...binaryFunctions,
  ...activation,
  ...softmax,
  ...reduction,
  ...contraction,
  ...movementMethods,
  ...indexingMethods,
} satisfies { [Name in keyof Methods]: unknown };

for (const [name, call] of Object.entries(functions) as [
  string,
  (x: Tensor, ...rest: unknown[]) => unknown,
][]) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return call(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}
