import { ArgumentError, DTypeError, formatShape, StargradError } from "@stargrad/graph";
import {
  brand,
  callable,
  expectOptions,
  expectValues,
  expectList,
  notNegative,
  positive,
  unravelIndex,
} from "@stargrad/graph/internal";
import { fromData, getEngine, mul, sum, tensor, type Tensor } from "@stargrad/tensor";
import { toTensor } from "@stargrad/tensor/internal";
import { grad } from "./grad.js";
import { repeatedValue } from "./repeated-value.js";
import { tensorFrom } from "./track.js";

/** One element of one input, with the two values of its derivative. */
export interface GradientMismatch {
  /** The index of the input, counting from 0. */
  readonly input: number;
  /** The index of the element in it. */
  readonly index: readonly number[];
  /** The derivative by central differences. */
  readonly expected: number;
  /** The derivative by back-propagation. */
  readonly got: number;
}

/** The result of a successful check. `toString` returns it as a sentence. */
export class GradientReport {
  /** The number of derivatives compared. */
  readonly checked: number;
  /** The element with the largest difference; `null` if there was nothing to compare. */
  readonly worst: GradientMismatch | null;

  constructor(checked: number, worst: GradientMismatch | null) {
    this.checked = checked;
    this.worst = worst;
  }

  /** The largest |got − expected|. */
  get largestError(): number {
    return this.worst === null ? 0 : errorOf(this.worst);
  }

  toString(): string {
    if (this.worst === null) return "there was no derivative to compare";
    return `${this.checked} derivatives agree; the worst is ${describe(this.worst)}`;
  }
}

/** How `checkGradient` compares. */
export interface CheckGradientOptions {
  /** 1 checks the gradient, 2 the gradient of the gradient. Default: 1. */
  readonly order?: 1 | 2;
  /** The distance h by which each element is changed, in both directions. */
  readonly step?: number;
  /** The error that is accepted for any size of a gradient. Default: 1e-5. */
  readonly absoluteTolerance?: number;
  /** The error that is accepted for each unit of the expected gradient. Default: 1e-3. */
  readonly relativeTolerance?: number;
}

/** Back-propagation and central differences disagree. */
export class GradientError extends StargradError {
  static {
    brand(this, "GradientError");
  }

  override readonly name = "GradientError";
  readonly mismatches: readonly GradientMismatch[];

  constructor(mismatches: readonly GradientMismatch[], checked: number) {
    const shown = mismatches.slice(0, 5).map((mismatch) => `\n  ${describe(mismatch)}`);
    const more = mismatches.length > shown.length ? `\n  and ${mismatches.length - shown.length} more` : "";
    super(
      "checkGradient",
      `${mismatches.length} of ${checked} derivatives are wrong:${shown.join("")}${more}`,
    );
    this.mismatches = mismatches;
  }
}

/**
 * Compares back-propagation with central differences `(f(x + h) − f(x − h)) / 2h`, for every element of every input. If the
 * result is not a scalar, a weighted sum of its elements is differentiated; the weights are fixed and all different. f is called once
 * for all differences, and for each of them only if it reads the values of its inputs.
 *
 * Defaults: step 1e-6, absoluteTolerance 1e-5, relativeTolerance 1e-3
 * Throws: GradientError naming each element whose derivative is wrong; DTypeError unless every input is float64;
 *   ArgumentError unless the engine is synchronous and has float64
 * Source: torch.autograd.gradcheck
 */
export function checkGradient(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: CheckGradientOptions = {},
): GradientReport {
  expectValues("checkGradient", { f }, callable);
  inputs = expectList("checkGradient", inputs, "tensors").map((x) => toTensor("checkGradient", x));
  expectOptions<CheckGradientOptions>("checkGradient", options, {
    order: ["1 or 2", (order) => order === 1 || order === 2],
    step: positive,
    absoluteTolerance: notNegative,
    relativeTolerance: notNegative,
  });
  const { order = 1, step = 1e-6, absoluteTolerance = 1e-5, relativeTolerance = 1e-3 } = options;
  const { name, capabilities } = getEngine();
  if (!capabilities.synchronous || !capabilities.dtypes.includes("float64")) {
    throw new ArgumentError(
      "checkGradient",
      `got the engine ${name}; expected a synchronous engine with float64`,
      "Choose one first, such as setEngine(referenceEngine)",
    );
  }
  inputs.forEach(({ dtype }, i) => {
    if (dtype !== "float64") {
      throw new DTypeError(
        "checkGradient",
        `input ${i} is ${dtype}; expected float64`,
        'Cast it with x.cast("float64")',
      );
    }
  });
  const scalar = order === 1 ? weighed(f) : weighedGradient(weighed(f), inputs.length);
  const valueAt = repeatedValue(scalar, inputs);
  const mismatches: GradientMismatch[] = [];
  let checked = 0;
  let worst: GradientMismatch | null = null;
  inputs.forEach((x, input) => {
    const gradient = grad(scalar, { argument: input })(...inputs);
    const computed = gradient.dataSync();
    const values = x.dataSync();
    for (let element = 0; element < values.length; element++) {
      const evaluate = (distance: number): number => {
        const moved = values.slice();
        moved[element] += distance;
        return valueAt(...inputs.map((other, i) => (i === input ? fromData(moved, x.shape) : other)));
      };
      const expected = (evaluate(step) - evaluate(-step)) / (2 * step);
      const compared = { input, index: unravelIndex(element, x.shape), expected, got: computed[element] };
      const error = errorOf(compared);
      checked++;
      if (worst === null || error > errorOf(worst)) worst = compared;
      // Negated, so that NaN on either side is a mismatch.
      if (!(error <= absoluteTolerance + relativeTolerance * Math.abs(expected))) mismatches.push(compared);
    }
  });
  if (mismatches.length > 0) throw new GradientError(mismatches, checked);
  return new GradientReport(checked, worst);
}

function errorOf({ got, expected }: GradientMismatch): number {
  return Math.abs(got - expected);
}

function describe({ input, index, expected, got }: GradientMismatch): string {
  return `input ${input}, element ${formatShape(index)}: got ${got}, expected ${expected}`;
}

function weighed(f: (...inputs: Tensor[]) => Tensor): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const y = tensorFrom("checkGradient", f(...inputs));
    return sum(mul(y, weightsFor(y, 0)));
  };
}

/** The weighted sum of the gradients of f with respect to all inputs. */
function weighedGradient(f: (...inputs: Tensor[]) => Tensor, count: number): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const parts = Array.from({ length: count }, (_, argument) => {
      const gradient = grad(f, { argument })(...inputs);
      return sum(mul(gradient, weightsFor(gradient, argument + 1)));
    });
    return parts.reduce((total, part) => total.add(part));
  };
}

/** Weights between 0.5 and 1.5, no two alike. */
function weightsFor(y: Tensor, seed: number): Tensor {
  const weights = Float64Array.from(
    { length: y.size },
    (_, i) => 0.5 + (((i + 1) * Math.SQRT2 + seed * Math.E) % 1),
  );
  return tensor(weights, { shape: y.shape });
}
