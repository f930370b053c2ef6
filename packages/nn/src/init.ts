import {
  ArgumentError,
  defaultGenerator,
  erfinv,
  eye as identity,
  type FloatOptions,
  formatShape,
  fromData,
  normal,
  type Shape,
  ShapeError,
  tensor,
  type Tensor,
  uniform,
  where,
} from "@stargrad/tensor";
import { onAnyEngine } from "@stargrad/tensor/internal";

export { full as constant, normal, ones, uniform, zeros } from "@stargrad/tensor";

/** What follows a layer and decides how large its weights should be; `"linear"` is also for convolutions. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

export interface KaimingOptions extends FloatOptions {
  /** The slope below 0 of the leaky ReLU that follows; 0 for ReLU. Default: 0. */
  readonly negativeSlope?: number;
  /** Whether the size of activations is kept (`"fanIn"`) or that of gradients (`"fanOut"`). Default: `"fanIn"`. */
  readonly mode?: "fanIn" | "fanOut";
  /** The activation that follows. Default: `"leakyRelu"`, whose slope is `negativeSlope`. */
  readonly nonlinearity?: Nonlinearity;
}

export interface XavierOptions extends FloatOptions {
  /** A factor for the activation that follows, see `calculateGain`. Default: 1. */
  readonly gain?: number;
}

export interface TruncNormalOptions extends FloatOptions {
  readonly mean?: number;
  readonly std?: number;
  readonly low?: number;
  readonly high?: number;
}

export interface SparseOptions extends FloatOptions {
  /** The share of zeros in each column, rounded up to a whole number of them. */
  readonly sparsity: number;
  /** The standard deviation of the others. Default: 0.01. */
  readonly std?: number;
}

/**
 * How many inputs each output of a layer is computed from: all axes of its weight but the first. A convolution's weight
 * [out, in / groups, kH, kW] counts the channels of one group.
 *
 * Throws: ShapeError if the weight has fewer than two axes
 * Source: torch.nn.init._calculate_fan_in_and_fan_out
 */
export function fanIn(shape: Shape): number {
  if (shape.length >= 2) return shape.slice(1).reduce((product, length) => product * length, 1);
  throw new ShapeError("fanIn", `got the shape ${formatShape(shape)}; expected a weight, [out, in, …]`);
}

/**
 * How many outputs each input of a layer reaches: all axes of its weight but the second.
 *
 * Throws: ShapeError if the weight has fewer than two axes
 * Source: torch.nn.init._calculate_fan_in_and_fan_out
 */
export function fanOut(shape: Shape): number {
  if (shape.length >= 2)
    return shape.reduce((product, length, i) => (i === 1 ? product : product * length), 1);
  throw new ShapeError("fanOut", `got the shape ${formatShape(shape)}; expected a weight, [out, in, …]`);
}

/**
 * The factor by which weights make up for the activation that follows them: 1 for none and for a sigmoid, 5/3 for tanh, √2
 * for ReLU, √(2 / (1 + a²)) for a leaky ReLU of slope a, 3/4 for SELU.
 *
 * Defaults: negativeSlope 0.01, which only a leaky ReLU has
 * Throws: ArgumentError for another name
 * Source: torch.nn.init.calculate_gain
 */
export function calculateGain(
  nonlinearity: Nonlinearity,
  { negativeSlope = 0.01 }: { readonly negativeSlope?: number } = {},
): number {
  switch (nonlinearity) {
    case "linear":
    case "sigmoid":
      return 1;
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + negativeSlope ** 2));
    case "selu":
      return 3 / 4;
    default:
      throw new ArgumentError(
        "calculateGain",
        `got the nonlinearity ${String(nonlinearity)}; expected "linear", "sigmoid", "tanh", "relu", "leakyRelu" or "selu"`,
      );
  }
}

/**
 * Uniform numbers in ±gain · √(3 / fanIn), which for ReLU are ±√(6 / fanIn): what keeps the size of activations the same
 * from layer to layer.
 *
 * Defaults: negativeSlope 0, mode `"fanIn"`, nonlinearity `"leakyRelu"`, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 15; torch.nn.init.kaiming_uniform_
 */
export function kaimingUniform(shape: Shape, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd(shape, options);
  return uniform(shape, { ...options, low: -bound, high: bound });
}

/**
 * Normal numbers with the standard deviation gain / √fanIn: kaimingUniform's, of the other distribution.
 *
 * Defaults: negativeSlope 0, mode `"fanIn"`, nonlinearity `"leakyRelu"`, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 15; torch.nn.init.kaiming_normal_
 */
export function kaimingNormal(shape: Shape, options: KaimingOptions = {}): Tensor {
  return normal(shape, { ...options, mean: 0, std: kaimingStd(shape, options) });
}

function kaimingStd(shape: Shape, options: KaimingOptions): number {
  const { negativeSlope = 0, mode = "fanIn", nonlinearity = "leakyRelu" } = options;
  const fan = mode === "fanIn" ? fanIn(shape) : fanOut(shape);
  return calculateGain(nonlinearity, { negativeSlope }) / Math.sqrt(fan);
}

/**
 * Uniform numbers in ±1/√fanIn: what Linear and Conv2d begin with, weight and bias alike. For a weight it is PyTorch's
 * `kaiming_uniform_(a=√5)`.
 */
export function fanInUniform(shape: Shape, fan: number, options: FloatOptions = {}): Tensor {
  const bound = 1 / Math.sqrt(fan);
  return uniform(shape, { low: -bound, high: bound, ...options });
}

/**
 * Uniform numbers in ±gain · √(6 / (fanIn + fanOut)): what keeps the size of activations and of gradients the same from
 * layer to layer where the activation is near its linear part.
 *
 * Defaults: gain 1, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, eq. 16;
 *         torch.nn.init.xavier_uniform_
 */
export function xavierUniform(shape: Shape, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  const bound = gain * Math.sqrt(6 / (fanIn(shape) + fanOut(shape)));
  return uniform(shape, { low: -bound, high: bound, ...options });
}

/**
 * Normal numbers with the standard deviation gain · √(2 / (fanIn + fanOut)): xavierUniform's, of the other distribution.
 *
 * Defaults: gain 1, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010;
 *         torch.nn.init.xavier_normal_
 */
export function xavierNormal(shape: Shape, { gain = 1, ...options }: XavierOptions = {}): Tensor {
  return normal(shape, { std: gain * Math.sqrt(2 / (fanIn(shape) + fanOut(shape))), ...options });
}

/**
 * Normal numbers of which none is outside [low, high]: uniform ones, put through the inverse of the distribution function.
 *
 * Defaults: mean 0, std 1, low −2, high 2 (not multiples of std), float32, the shared generator
 * Throws: ArgumentError unless std is above 0, low below high, and the mean at most 5 std outside
 * Source: torch.nn.init.trunc_normal_
 */
export function truncNormal(shape: Shape, options: TruncNormalOptions = {}): Tensor {
  const { mean = 0, std = 1, low = -2, high = 2, dtype = "float32", ...random } = options;
  if (!(std > 0)) throw new ArgumentError("truncNormal", `got std ${std}; expected it above 0`);
  if (!(low < high && mean >= low - 5 * std && mean <= high + 5 * std)) {
    // Further out, erf is 1 to the last digit on both sides.
    throw new ArgumentError(
      "truncNormal",
      `got low ${low} and high ${high} for the mean ${mean}; expected low < high, and the mean at most 5 std outside`,
    );
  }
  const scale = std * Math.SQRT2;
  const bounds = tensor([(low - mean) / scale, (high - mean) / scale], { dtype: "float64" }).erf();
  const [from, to] = [bounds.select(0, 0), bounds.select(0, 1)];
  const place = uniform(shape, { dtype: "float64", ...random })
    .mul(to.sub(from))
    .add(from);
  return onAnyEngine(erfinv(place).mul(scale).add(mean).clamp({ min: low, max: high }).cast(dtype));
}

/**
 * A matrix with ones on its diagonal and zeros elsewhere: a layer that begins as the identity.
 *
 * Throws: ShapeError unless the shape has two axes
 * Source: torch.nn.init.eye_
 */
export function eye(shape: Shape, options: Pick<FloatOptions, "dtype"> = {}): Tensor {
  if (shape.length === 2) return identity(shape[0], shape[1], options);
  throw new ShapeError("eye", `got the shape ${formatShape(shape)}; expected a matrix, [out, in]`);
}

/**
 * A convolution's weight that begins as the identity: as many channels as there are on both sides are handed on as they
 * are, in each group by itself; the others are 0.
 *
 * Shapes: [out, in / groups, …kernel] with one to three axes of the kernel
 * Defaults: groups 1, float32
 * Throws: ShapeError for another number of axes; ArgumentError unless the groups are of equal size
 * Source: torch.nn.init.dirac_
 */
export function dirac(
  shape: Shape,
  { groups = 1, ...options }: Pick<FloatOptions, "dtype"> & { readonly groups?: number } = {},
): Tensor {
  if (shape.length < 3 || shape.length > 5) {
    throw new ShapeError(
      "dirac",
      `got the shape ${formatShape(shape)}; expected a convolution's weight, [out, in / groups, …kernel]`,
    );
  }
  const [out, inner, ...kernel] = shape;
  if (!(Number.isInteger(groups) && groups >= 1 && out % groups === 0)) {
    throw new ArgumentError(
      "dirac",
      `got ${out} output channels in ${groups} groups; expected groups of equal size`,
    );
  }
  const size = kernel.reduce((product, length) => product * length, 1);
  const center = kernel.reduce((place, length) => place * length + Math.floor(length / 2), 0);
  const weight = new Float32Array(out * inner * size);
  for (let channel = 0; channel < out; channel++) {
    const within = channel % (out / groups);
    if (within < inner) weight[(channel * inner + within) * size + center] = 1;
  }
  return tensor(weight, { shape, ...options });
}

/**
 * Normal numbers of which a share, in each column by itself, is 0: every input reaches some of the outputs only.
 *
 * Defaults: std 0.01, float32, the shared generator
 * Throws: ShapeError unless the shape has two axes; ArgumentError unless the sparsity is from 0 to 1
 * Source: Martens, "Deep learning via Hessian-free optimization", 2010; torch.nn.init.sparse_
 */
export function sparse(shape: Shape, { sparsity, std = 0.01, ...options }: SparseOptions): Tensor {
  if (shape.length !== 2) {
    throw new ShapeError("sparse", `got the shape ${formatShape(shape)}; expected a matrix, [out, in]`);
  }
  if (!(sparsity >= 0 && sparsity <= 1)) {
    throw new ArgumentError("sparse", `got the sparsity ${sparsity}; expected 0 to 1`);
  }
  const [rows, columns] = shape;
  const generator = options.generator ?? defaultGenerator();
  const dropped = new Uint8Array(rows * columns);
  for (let column = 0; column < columns; column++) {
    const some = generator.permutation(rows).subarray(0, Math.ceil(sparsity * rows));
    for (const row of some) dropped[row * columns + column] = 1;
  }
  return where(fromData(dropped, shape), 0, normal(shape, { ...options, generator, std }));
}

/**
 * A weight whose rows, all axes but the first joined, have length `gain` and are perpendicular to each other; if there are
 * more rows than columns, the columns are. Every such matrix is equally likely.
 *
 * Defaults: gain 1, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013;
 *         torch.nn.init.orthogonal_
 */
export function orthogonal(
  shape: Shape,
  { gain = 1, dtype = "float32", ...random }: XavierOptions = {},
): Tensor {
  const [rows, columns] = [shape[0], fanIn(shape)];
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const drawn = onAnyEngine(normal([count, length], { dtype: "float64", ...random })).dataSync();
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    vectors.push(perpendicular(Float64Array.from(drawn.subarray(i * length, (i + 1) * length)), vectors));
  }
  const matrix = tensor(Float64Array.from(vectors.flatMap((vector) => [...vector])), {
    shape: [count, length],
  });
  return onAnyEngine((rows <= columns ? matrix : matrix.transpose()).mul(gain).reshape(shape).cast(dtype));
}

/** What is left of a vector without its parts along others of length 1, brought to length 1 (Gram and Schmidt's). */
function perpendicular(vector: Float64Array, others: readonly Float64Array[]): Float64Array {
  // Rounding leaves a little of every part behind; the second time takes it away.
  for (const other of [...others, ...others]) {
    const part = other.reduce((sum, value, i) => sum + value * vector[i], 0);
    vector.forEach((value, i) => (vector[i] = value - part * other[i]));
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
