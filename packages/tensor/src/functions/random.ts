import { ArgumentError, sizeOf, type DType, type Shape } from "@stargrad/graph";
import { canHold, checkShape, expectValues, fraction, oneOf } from "@stargrad/graph/internal";
import { drawStart } from "../draw-starts.js";
import { defaultGenerator, type Generator } from "../generator.js";
import { list, operation } from "../operation.js";
import type { Reshaped, ShapeLiteral } from "../shape-types.js";
import { widestFloat } from "../engine.js";
import { apply, type Tensor } from "../tensor.js";
import { scaledWords } from "./exact-integers.js";
import { add, cast, cos, floor, less, log, mod, mul, sqrt, sub } from "./elementwise.js";

export interface RandomOptions {
  /** Default: the shared generator; see `manualSeed`. */
  readonly generator?: Generator;
}

/** The floating-point type of the drawn numbers. */
export interface FloatOptions extends RandomOptions {
  /** Default: float32. */
  readonly dtype?: "float32" | "float64";
}

export interface UniformOptions extends FloatOptions {
  readonly low?: number;
  readonly high?: number;
}

export interface NormalOptions extends FloatOptions {
  readonly mean?: number;
  readonly std?: number;
}

export interface RandintOptions extends RandomOptions {
  readonly low?: number;
  readonly high: number;
}

export interface BernoulliOptions extends RandomOptions {
  readonly probability: number;
}

const floatType = /* @__PURE__ */ oneOf("float32", "float64");

/**
 * Uniform numbers in [low, high). If high − low is small compared with low, rounding may yield `high` itself.
 *
 * Defaults: low 0, high 1
 * Throws: ArgumentError if high is below low; for another element type than float32 and float64 (see `randint`)
 * See also: torch.rand; numpy.random.Generator.uniform
 */
export const uniform = /* @__PURE__ */ operation(
  "uniform",
  [list, ["low", "high", "dtype", "generator"]],
  (shape: Shape, { low = 0, high = 1, dtype = "float32", generator }: UniformOptions) => {
    checkShape("uniform", shape);
    expectValues("uniform", { dtype }, floatType);
    if (!(high >= low))
      throw new ArgumentError("uniform", `got low ${low} and high ${high}; expected low ≤ high`);
    const unit = dtype === "float32" ? unitFloat32(shape, generator) : unitFloat64(shape, generator);
    const scaled = low === 0 && high === 1 ? unit : add(mul(unit, high - low), low);
    return scaled;
  },
) as <const S extends ShapeLiteral>(shape: S, options?: UniformOptions) => Tensor<Reshaped<S>>;

/**
 * Numbers from the normal distribution. The same seed gives the same numbers on every engine, except for their last digits:
 * the random bits are the same, but each engine computes the logarithm and the cosine in its own way.
 *
 * Defaults: mean 0, std 1
 * See also: torch.normal
 * Source: Box & Muller, "A Note on the Generation of Random Normal Deviates", 1958
 */
export const normal = /* @__PURE__ */ operation(
  "normal",
  [list, ["mean", "std", "dtype", "generator"]],
  (shape: Shape, { mean = 0, std = 1, ...options }: NormalOptions) => {
    checkShape("normal", shape);
    // 1 − u is never 0, so its logarithm is finite.
    const radius = sqrt(mul(log(sub(1, uniform(shape, options))), -2));
    const standard = mul(radius, cos(mul(uniform(shape, options), 2 * Math.PI)));
    const drawn: Tensor = add(mul(standard, std), mean);
    return drawn;
  },
) as <const S extends ShapeLiteral>(shape: S, options?: NormalOptions) => Tensor<Reshaped<S>>;

/**
 * Integers in [low, high), int32.
 *
 * Defaults: low 0
 * Throws: ArgumentError unless low and high are integers of int32 range with low < high
 * Source: torch.randint
 */
export const randint = /* @__PURE__ */ operation(
  "randint",
  [list, ["low", "high", "generator"]],
  (shape: Shape, { low = 0, high, generator }: RandintOptions) => {
    checkShape("randint", shape);
    if (!canHold("int32", low) || !canHold("int32", high - 1) || low >= high) {
      throw new ArgumentError(
        "randint",
        `got low ${low} and high ${high}; expected whole numbers from −2³¹ to 2³¹ with low < high`,
      );
    }
    const drawn =
      widestFloat() === "float64"
        ? cast(add(floor(mul(unitFloat64(shape, generator), high - low)), low), "int32")
        : scaledWords(drawBits(shape, generator), drawBits(shape, generator), high - low, low);
    return drawn;
  },
) as <const S extends ShapeLiteral>(shape: S, options: RandintOptions) => Tensor<Reshaped<S>>;

/** Bools that are true with the given probability. See also: torch.bernoulli */
export const bernoulli = /* @__PURE__ */ operation(
  "bernoulli",
  [list, ["probability", "generator"]],
  (shape: Shape, { probability, generator }: BernoulliOptions) => {
    checkShape("bernoulli", shape);
    expectValues("bernoulli", { probability }, fraction);
    const drawn: Tensor = less(unitFloat32(shape, generator), probability);
    return drawn;
  },
) as <const S extends ShapeLiteral>(shape: S, options: BernoulliOptions) => Tensor<Reshaped<S>>;

/** Random words as int32: every bit is 0 or 1 with equal probability. */
export const randomBits = /* @__PURE__ */ operation(
  "randomBits",
  [list, ["generator"]],
  (shape: Shape, { generator = defaultGenerator() }: RandomOptions) => {
    checkShape("randomBits", shape);
    return apply("randomBits", [drawStart(generator, Math.ceil(sizeOf(shape) / 4))], { shape });
  },
) as (shape: Shape, options?: RandomOptions) => Tensor;

/** The upper 24 bits of a word as a multiple of 2⁻²⁴, which float32 represents exactly. */
function unitFloat32(shape: Shape, generator: Generator | undefined): Tensor {
  return unitFraction(drawBits(shape, generator), 8, "float32");
}

/** 27 bits of one word and 26 of another as a multiple of 2⁻⁵³, which float64 represents exactly. */
function unitFloat64(shape: Shape, generator: Generator | undefined): Tensor {
  const coarse = unitFraction(drawBits(shape, generator), 5, "float64");
  const fine = unitFraction(drawBits(shape, generator), 6, "float64");
  return add(coarse, mul(fine, 2 ** -27));
}

/** Maps words in [−2³¹, 2³¹) to fractions in [0, 1). The lowest bits are dropped, so that no rounding occurs. */
function unitFraction(bits: Tensor, dropped: number, dtype: DType): Tensor {
  const kept = cast(sub(bits, mod(bits, 2 ** dropped)), dtype);
  return add(mul(kept, 2 ** -32), 0.5);
}

function drawBits(shape: Shape, generator: Generator | undefined): Tensor {
  return randomBits(shape, generator === undefined ? {} : { generator });
}
