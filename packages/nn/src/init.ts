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
import {
  anything,
  checkShape,
  count,
  expectOptions,
  finite,
  fraction,
  notNegative,
  number,
  onAnyEngine,
  oneOf,
  positive,
  type OptionKinds,
} from "@stargrad/tensor/internal";
import { floatOptions, randomOptions } from "./options.js";

export { full as constant, normal, ones, uniform, zeros } from "@stargrad/tensor";

/** The activation after a layer, which determines the scale of its weights. `"linear"`, no activation, is also for convolutions. */
export type Nonlinearity = "linear" | "sigmoid" | "tanh" | "relu" | "leakyRelu" | "selu";

export interface KaimingOptions extends FloatOptions {
  /** The slope below 0 of the leaky ReLU after the layer; 0 for ReLU. Default: 0. */
  readonly negativeSlope?: number;
  /** Whether to preserve the variance of activations (`"fanIn"`) or of gradients (`"fanOut"`). Default: `"fanIn"`. */
  readonly mode?: "fanIn" | "fanOut";
  /** The activation after the layer. Default: `"leakyRelu"` with the slope `negativeSlope`. */
  readonly nonlinearity?: Nonlinearity;
}

export interface XavierOptions extends FloatOptions {
  /** A factor for the activation after the layer, see `calculateGain`. Default: 1. */
  readonly gain?: number;
}

const xavierKinds: OptionKinds<XavierOptions> = {
  gain: finite,
  dtype: floatOptions.dtype,
  generator: floatOptions.generator,
};

/** The distribution that `truncNormal` draws from. */
export interface TruncNormalOptions extends FloatOptions {
  /** The mean before the restriction. Default: 0. */
  readonly mean?: number;
  /** The standard deviation before the restriction. Default: 1. */
  readonly std?: number;
  /** The smallest number, not a multiple of std. Default: −2. */
  readonly low?: number;
  /** The largest number, not a multiple of std. Default: 2. */
  readonly high?: number;
}

export interface SparseOptions extends FloatOptions {
  /** The fraction of zeros in each column; the number of zeros is rounded up. */
  readonly sparsity: number;
  /** The standard deviation of the nonzero elements. Default: 0.01. */
  readonly std?: number;
}

/**
 * The number of inputs of each output of a layer: the product of all axes of its weight except the first. The weight of a
 * convolution, [out, in / groups, kH, kW], has the channels of one group.
 *
 * Throws: ShapeError if the weight has fewer than two axes
 * Source: torch.nn.init._calculate_fan_in_and_fan_out
 */
export function fanIn(shape: Shape): number {
  checkShape("fanIn", shape);
  if (shape.length >= 2) return shape.slice(1).reduce((product, length) => product * length, 1);
  throw new ShapeError("fanIn", `got the shape ${formatShape(shape)}; expected a weight, [out, in, …]`);
}

/**
 * The number of outputs that depend on each input of a layer: the product of all axes of its weight except the second.
 *
 * Throws: ShapeError if the weight has fewer than two axes
 * Source: torch.nn.init._calculate_fan_in_and_fan_out
 */
export function fanOut(shape: Shape): number {
  checkShape("fanOut", shape);
  if (shape.length >= 2)
    return shape.reduce((product, length, i) => (i === 1 ? product : product * length), 1);
  throw new ShapeError("fanOut", `got the shape ${formatShape(shape)}; expected a weight, [out, in, …]`);
}

/**
 * The recommended factor on the weights before an activation: 1 for none and for a sigmoid, 5/3 for tanh, √2 for ReLU,
 * √(2 / (1 + a²)) for a leaky ReLU of slope a, 3/4 for SELU.
 *
 * Defaults: negativeSlope 0.01, used only for a leaky ReLU
 * Throws: ArgumentError for another name
 * Source: torch.nn.init.calculate_gain
 */
export function calculateGain(
  nonlinearity: Nonlinearity,
  options: { readonly negativeSlope?: number } = {},
): number {
  expectOptions("calculateGain", options, { negativeSlope: finite });
  const { negativeSlope = 0.01 } = options;
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
 * Uniform numbers in ±gain · √(3 / fanIn), for ReLU ±√(6 / fanIn). The variance of activations is then the same in all
 * layers.
 *
 * Defaults: negativeSlope 0, mode `"fanIn"`, nonlinearity `"leakyRelu"`, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 15; torch.nn.init.kaiming_uniform_
 */
export function kaimingUniform(shape: Shape, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingStd("kaimingUniform", shape, options);
  return uniform(shape, { ...randomOptions(options), low: -bound, high: bound });
}

/**
 * Normal numbers with the standard deviation gain / √fanIn, the same as that of `kaimingUniform`.
 *
 * Defaults: negativeSlope 0, mode `"fanIn"`, nonlinearity `"leakyRelu"`, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: He et al., "Delving Deep into Rectifiers", 2015, eq. 15; torch.nn.init.kaiming_normal_
 */
export function kaimingNormal(shape: Shape, options: KaimingOptions = {}): Tensor {
  const std = kaimingStd("kaimingNormal", shape, options);
  return normal(shape, { ...randomOptions(options), std });
}

function kaimingStd(called: string, shape: Shape, options: KaimingOptions): number {
  checkShape(called, shape);
  expectOptions<KaimingOptions>(called, options, {
    negativeSlope: finite,
    mode: oneOf("fanIn", "fanOut"),
    nonlinearity: anything,
    ...floatOptions,
  });
  const { negativeSlope = 0, mode = "fanIn", nonlinearity = "leakyRelu" } = options;
  const fan = mode === "fanIn" ? fanIn(shape) : fanOut(shape);
  return calculateGain(nonlinearity, { negativeSlope }) / Math.sqrt(fan);
}

/**
 * Uniform numbers in ±1/√fanIn, the initial weights and biases of Linear and Conv2d. For a weight it is the same as PyTorch's
 * `kaiming_uniform_(a=√5)`.
 */
export function fanInUniform(shape: Shape, fan: number, options: FloatOptions = {}): Tensor {
  expectOptions("fanInUniform", options, floatOptions);
  const bound = 1 / Math.sqrt(fan);
  return uniform(shape, { ...randomOptions(options), low: -bound, high: bound });
}

/**
 * Uniform numbers in ±gain · √(6 / (fanIn + fanOut)). The variances of activations and of gradients are then about the same
 * in all layers, while the activations are in their linear range.
 *
 * Defaults: gain 1, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010, eq. 16;
 *         torch.nn.init.xavier_uniform_
 */
export function xavierUniform(shape: Shape, options: XavierOptions = {}): Tensor {
  checkShape("xavierUniform", shape);
  expectOptions("xavierUniform", options, xavierKinds);
  const { gain = 1, ...random } = options;
  const bound = gain * Math.sqrt(6 / (fanIn(shape) + fanOut(shape)));
  return uniform(shape, { low: -bound, high: bound, ...random });
}

/**
 * Normal numbers with the standard deviation gain · √(2 / (fanIn + fanOut)), the same as that of `xavierUniform`.
 *
 * Defaults: gain 1, float32, the shared generator
 * Throws: ShapeError if the shape has fewer than two axes
 * Source: Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010;
 *         torch.nn.init.xavier_normal_
 */
export function xavierNormal(shape: Shape, options: XavierOptions = {}): Tensor {
  checkShape("xavierNormal", shape);
  expectOptions("xavierNormal", options, xavierKinds);
  const { gain = 1, ...random } = options;
  return normal(shape, { std: gain * Math.sqrt(2 / (fanIn(shape) + fanOut(shape))), ...random });
}

/**
 * Normal numbers restricted to [low, high], by the inverse of the distribution function of uniform numbers.
 *
 * Defaults: mean 0, std 1, low −2, high 2 (not multiples of std), float32, the shared generator
 * Throws: ArgumentError unless std is above 0, low below high, and the mean at most 5 std outside
 * Source: torch.nn.init.trunc_normal_
 */
export function truncNormal(shape: Shape, options: TruncNormalOptions = {}): Tensor {
  expectOptions<TruncNormalOptions>("truncNormal", options, {
    mean: finite,
    std: positive,
    low: number,
    high: number,
    ...floatOptions,
  });
  const { mean = 0, std = 1, low = -2, high = 2, dtype = "float32", ...random } = options;
  if (!(low < high && mean >= low - 5 * std && mean <= high + 5 * std)) {
    // Beyond that, erf of both bounds rounds to the same number.
    throw new ArgumentError(
      "truncNormal",
      `got low ${low} and high ${high} for the mean ${mean}; expected low < high, and the mean at most 5 std outside`,
    );
  }
  const scale = std * Math.SQRT2;
  const bounds = tensor([(low - mean) / scale, (high - mean) / scale], { dtype: "float64" }).erf();
  const [from, to] = [bounds.select(0, 0), bounds.select(0, 1)];
  const quantiles = uniform(shape, { dtype: "float64", ...random })
    .mul(to.sub(from))
    .add(from);
  return onAnyEngine(erfinv(quantiles).mul(scale).add(mean).clamp({ min: low, max: high }).cast(dtype));
}

/**
 * A matrix with ones on its diagonal and zeros elsewhere, so that a linear layer is initially the identity.
 *
 * Throws: ShapeError unless the shape has two axes
 * Source: torch.nn.init.eye_
 */
export function eye(shape: Shape, options: Pick<FloatOptions, "dtype"> = {}): Tensor {
  checkShape("eye", shape);
  expectOptions("eye", options, { dtype: floatOptions.dtype });
  if (shape.length === 2) return identity(shape[0], shape[1], options);
  throw new ShapeError("eye", `got the shape ${formatShape(shape)}; expected a matrix, [out, in]`);
}

/**
 * The weight of a convolution that is initially the identity: in each group, output channel i is input channel i, and output
 * channels without an input channel are 0.
 *
 * Shapes: [out, in / groups, …kernel] with a kernel of one to three axes
 * Defaults: groups 1, float32
 * Throws: ShapeError for another number of axes; ArgumentError unless the groups are of equal size
 * Source: torch.nn.init.dirac_
 */
export function dirac(
  shape: Shape,
  options: Pick<FloatOptions, "dtype"> & { readonly groups?: number } = {},
): Tensor {
  checkShape("dirac", shape);
  expectOptions("dirac", options, { groups: count, dtype: floatOptions.dtype });
  const { groups = 1, ...others } = options;
  if (shape.length < 3 || shape.length > 5) {
    throw new ShapeError(
      "dirac",
      `got the shape ${formatShape(shape)}; expected a convolution's weight, [out, in / groups, …kernel]`,
    );
  }
  const [out, inner, ...kernel] = shape;
  if (out % groups !== 0) {
    throw new ArgumentError(
      "dirac",
      `got ${out} output channels in ${groups} groups; expected groups of equal size`,
    );
  }
  const size = kernel.reduce((product, length) => product * length, 1);
  const center = kernel.reduce((offset, length) => offset * length + Math.floor(length / 2), 0);
  const weight = new Float32Array(out * inner * size);
  for (let channel = 0; channel < out; channel++) {
    const within = channel % (out / groups);
    if (within < inner) weight[(channel * inner + within) * size + center] = 1;
  }
  return tensor(weight, { shape, ...others });
}

/**
 * Normal numbers with a fraction of zeros in each column, so that each input affects only some of the outputs.
 *
 * Defaults: std 0.01, float32, the shared generator
 * Throws: ShapeError unless the shape has two axes; ArgumentError unless the sparsity is from 0 to 1
 * Source: Martens, "Deep learning via Hessian-free optimization", 2010; torch.nn.init.sparse_
 */
export function sparse(shape: Shape, options: SparseOptions): Tensor {
  checkShape("sparse", shape);
  const kinds = { sparsity: fraction, std: notNegative, ...floatOptions };
  expectOptions<SparseOptions>("sparse", options, kinds, ["sparsity"]);
  const { sparsity, std = 0.01, ...random } = options;
  if (shape.length !== 2) {
    throw new ShapeError("sparse", `got the shape ${formatShape(shape)}; expected a matrix, [out, in]`);
  }
  const [rows, columns] = shape;
  const generator = random.generator ?? defaultGenerator();
  const dropped = new Uint8Array(rows * columns);
  for (let column = 0; column < columns; column++) {
    const some = generator.permutation(rows).subarray(0, Math.ceil(sparsity * rows));
    for (const row of some) dropped[row * columns + column] = 1;
  }
  return where(fromData(dropped, shape), 0, normal(shape, { ...random, generator, std }));
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
export function orthogonal(shape: Shape, options: XavierOptions = {}): Tensor {
  checkShape("orthogonal", shape);
  expectOptions("orthogonal", options, xavierKinds);
  const { gain = 1, dtype = "float32", ...random } = options;
  const [rows, columns] = [shape[0], fanIn(shape)];
  const [some, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const drawn = onAnyEngine(normal([some, length], { dtype: "float64", ...random })).dataSync();
  const vectors: Float64Array[] = [];
  for (let i = 0; i < some; i++) {
    vectors.push(perpendicular(Float64Array.from(drawn.subarray(i * length, (i + 1) * length)), vectors));
  }
  const matrix = tensor(Float64Array.from(vectors.flatMap((vector) => [...vector])), {
    shape: [some, length],
  });
  return onAnyEngine((rows <= columns ? matrix : matrix.transpose()).mul(gain).reshape(shape).cast(dtype));
}

/** Removes the components of a vector along other unit vectors, and normalizes it to length 1 (Gram-Schmidt process). */
function perpendicular(vector: Float64Array, others: readonly Float64Array[]): Float64Array {
  // The second pass removes the components that rounding leaves after the first.
  for (const other of [...others, ...others]) {
    const part = other.reduce((sum, value, i) => sum + value * vector[i], 0);
    vector.forEach((value, i) => (vector[i] = value - part * other[i]));
  }
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
