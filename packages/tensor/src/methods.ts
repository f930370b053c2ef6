import type { BinaryName, DType, Shape, UnaryName } from "@stargrad/graph";
import * as activation from "./functions/activation.js";
import * as contraction from "./functions/contraction.js";
import * as elementwise from "./functions/elementwise.js";
import * as indexing from "./functions/indexing.js";
import * as movement from "./functions/movement.js";
import * as rectifier from "./functions/rectifier.js";
import * as reduction from "./functions/reduction.js";
import * as softmax from "./functions/softmax.js";
import type {
  AxisOptions,
  Extremes,
  ExtremesOptions,
  ReduceAll,
  ReductionOptions,
} from "./functions/reduction.js";
import type { FlattenOptions, OverlapOptions, Range, WindowOptions } from "./functions/movement.js";
import type {
  AxesOf,
  Flattened,
  FlattenProblem,
  LastAxis,
  OptionsFor,
  PermutationOf,
  Permuted,
  Reduced,
  ReplacedAxes,
  Transposed,
  Unsqueezed,
} from "./axis-types.js";
import type {
  Broadcast,
  BroadcastOperand,
  BroadcastTensor,
  MatMul,
  MatMulOperand,
  Reshaped,
  ReshapeOf,
  ShapeLiteral,
  Unless,
} from "./shape-types.js";
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
  other: BroadcastOperand<A, B>,
) => Tensor<Broadcast<A, NoInfer<B>>>;
type Reduction<Options> = <X extends Tensor, const O extends Options = ReduceAll & Options>(
  this: X,
  options?: OptionsFor<X["shape"], O>,
) => Tensor<Reduced<X["shape"], O>>;
type AxisMethod<Options = unknown> = <A extends Shape>(
  this: Tensor<A>,
  options?: { readonly axis?: number } & Options,
) => Tensor<A>;
type ExtremesMethod = {
  (): Tensor<[]>;
  <X extends Tensor, const O extends ExtremesOptions>(
    this: X,
    options: OptionsFor<X["shape"], O>,
  ): Extremes<Reduced<X["shape"], O>>;
};
type PlaceMethod = <X extends Tensor, const O extends AxisOptions = { readonly axis: -1 }>(
  this: X,
  options?: OptionsFor<X["shape"], O>,
) => Tensor<Reduced<X["shape"], LastAxis<O>>>;

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
  logicalAnd<A extends Shape, B extends Shape>(
    this: Tensor<A>,
    other: BroadcastTensor<A, B>,
  ): Tensor<Broadcast<A, NoInfer<B>>>;
  logicalOr<A extends Shape, B extends Shape>(
    this: Tensor<A>,
    other: BroadcastTensor<A, B>,
  ): Tensor<Broadcast<A, NoInfer<B>>>;
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
  elu<A extends Shape>(this: Tensor<A>, options?: rectifier.ELUOptions): Tensor<A>;
  hardtanh<A extends Shape>(this: Tensor<A>, options?: rectifier.HardtanhOptions): Tensor<A>;
  leakyRelu<A extends Shape>(this: Tensor<A>, options?: rectifier.LeakyReLUOptions): Tensor<A>;
  mish: UnaryMethod;
  prelu<A extends Shape>(this: Tensor<A>, weight: Tensor): Tensor<A>;
  selu: UnaryMethod;
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
  argmax: PlaceMethod;
  argmin: PlaceMethod;
  cumsum: AxisMethod;

  // Products
  matmul<A extends Shape, B extends Shape>(this: Tensor<A>, other: MatMulOperand<A, B>): Tensor<MatMul<A, B>>;
  dot(other: Tensor): Tensor<[]>;
  outer(other: Tensor): Tensor;

  // Shape
  reshape<X extends Tensor, const T extends ShapeLiteral>(
    this: X,
    shape: ReshapeOf<X["shape"], T>,
  ): Tensor<Reshaped<T>>;
  expand<const T extends ShapeLiteral>(shape: T): Tensor<Reshaped<T>>;
  flatten<X extends Tensor, Start extends number = 0, End extends number = -1>(
    this: X,
    options?: Unless<FlattenProblem<X["shape"], Start, End>, FlattenOptions<Start, End>>,
  ): Tensor<Flattened<X["shape"], Start, End>>;
  permute<X extends Tensor, const A extends ShapeLiteral>(
    this: X,
    axes: PermutationOf<X["shape"], A>,
  ): Tensor<Permuted<X["shape"], A>>;
  transpose<X extends Tensor, A extends number = -2, B extends number = -1>(
    this: X,
    a?: AxesOf<X["shape"], A>,
    b?: AxesOf<X["shape"], B>,
  ): Tensor<Transposed<X["shape"], A, B>>;
  squeeze(): Tensor;
  squeeze<X extends Tensor, const A extends number | ShapeLiteral>(
    this: X,
    axis: AxesOf<X["shape"], A>,
  ): Tensor<ReplacedAxes<X["shape"], A, []>>;
  unsqueeze<X extends Tensor, A extends number>(
    this: X,
    axis: AxesOf<[...X["shape"], 1], A>,
  ): Tensor<Unsqueezed<X["shape"], A>>;
  slice(ranges: readonly (Range | null)[]): Tensor;
  narrow<X extends Tensor, A extends number, L extends number>(
    this: X,
    axis: AxesOf<X["shape"], A>,
    start: number,
    length: L,
  ): Tensor<ReplacedAxes<X["shape"], A, [L]>>;
  select<X extends Tensor, A extends number>(
    this: X,
    axis: AxesOf<X["shape"], A>,
    index: number,
  ): Tensor<ReplacedAxes<X["shape"], A, []>>;
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
  ...rectifier,
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
