import { ShapeError, type Tensor } from "@stargrad/tensor";
import { expectValues, belowOne, count, notNegative, type Kind } from "@stargrad/tensor/internal";
import type { ParameterSource, Settings } from "./groups.js";
import { Optimizer, type OptimizerOptions, type State, type Tensors, type Update } from "./optimizer.js";

export interface MuonOptions extends OptimizerOptions {
  /** The decay rate of the moment. Default: 0.95. */
  readonly momentum?: number;
  /** Whether to use Nesterov momentum. Default: true. */
  readonly nesterov?: boolean;
  /** The coefficient of decoupled weight decay. Default: 0.1. */
  readonly weightDecay?: number;
  /** The coefficients a, b and c of the orthogonalization. Default: [3.4445, -4.775, 2.0315]. */
  readonly coefficients?: readonly [a: number, b: number, c: number];
  /** The number of iterations of the orthogonalization. Default: 5. */
  readonly iterations?: number;
  /** The least divisor in the normalization by the norm. Default: 1e-7. */
  readonly epsilon?: number;
  /** Whether to scale steps to the size of those of AdamW, so that the same learning rate fits. Default: false. */
  readonly matchAdamW?: boolean;
}

const threeNumbers: Kind = [
  "three finite numbers",
  (value) => Array.isArray(value) && value.length === 3 && value.every(Number.isFinite),
];

/**
 * Muon: the step is the orthogonal matrix nearest to the moment, for the weights of hidden layers; λ is the weight decay:
 *
 *     m ← μ m + (1 − μ) g
 *     u ← m                                with Nesterov μ m + (1 − μ) g
 *     x ← u / max(‖u‖, ε)                  transposed if u has more rows than columns, and back at the end
 *     x ← a x + (b A + c A²) x,  A = x xᵀ      repeated for each iteration
 *     p ← (1 − α λ) p − α s x
 *
 * with s = √max(1, rows / columns), or to match AdamW s = 0.2 √max(rows, columns).
 *
 * Shapes: every parameter [rows, columns]; optimize biases, gains and embeddings with AdamW
 * Defaults: learningRate α 0.001, momentum μ 0.95, nesterov true, weightDecay 0.1, coefficients [3.4445, -4.775, 2.0315],
 * iterations 5, epsilon ε 1e-7, matchAdamW false
 * Throws: ShapeError if a parameter is not a matrix; ArgumentError if a number is negative, the momentum not below 1, or
 * the number of iterations not an integer
 * Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024, algorithm 2; matchAdamW: Liu et
 *         al., "Muon is Scalable for LLM Training", 2025, eq. 4; torch.optim.Muon, which iterates in bfloat16
 *         instead of the parameter's type
 */
export class Muon extends Optimizer<MuonOptions, "firstMoment"> {
  static override get name(): string {
    return "Muon";
  }

  constructor(parameters: ParameterSource<MuonOptions>, options: MuonOptions = {}) {
    super(parameters, options, {
      learningRate: 1e-3,
      momentum: 0.95,
      nesterov: true,
      weightDecay: 0.1,
      coefficients: [3.4445, -4.775, 2.0315],
      iterations: 5,
      epsilon: 1e-7,
      matchAdamW: false,
      maximize: false,
    });
    for (const { ndim, shape } of this.groups.flatMap((group) => group.parameters)) {
      if (ndim === 2) continue;
      throw new ShapeError(
        this.constructor.name,
        `got a parameter of shape [${shape.join(", ")}]; expected matrices`,
        "Optimize the other parameters with AdamW",
      );
    }
  }

  protected check({
    learningRate,
    momentum,
    weightDecay,
    coefficients,
    iterations,
    epsilon,
  }: Settings<MuonOptions>): void {
    expectValues(this.constructor.name, { learningRate, weightDecay, epsilon }, notNegative);
    expectValues(this.constructor.name, { momentum }, belowOne);
    expectValues(this.constructor.name, { iterations }, count);
    expectValues(this.constructor.name, { coefficients }, threeNumbers);
  }

  protected initialState(): { firstMoment: number } {
    return { firstMoment: 0 };
  }

  protected numbers(settings: Settings<MuonOptions>) {
    const { learningRate, momentum, weightDecay, epsilon } = settings;
    const [a, b, c] = settings.coefficients;
    return {
      learningRate,
      momentum,
      rest: 1 - momentum,
      kept: 1 - learningRate * weightDecay,
      a,
      b,
      c,
      epsilon,
    };
  }

  protected structure({ nesterov, weightDecay, iterations, matchAdamW }: Settings<MuonOptions>) {
    return { decays: weightDecay !== 0, nesterov, iterations, matchAdamW };
  }

  protected update(
    parameter: Tensor,
    gradient: Tensor,
    { firstMoment: m }: State<"firstMoment">,
    numbers: Tensors<Muon["numbers"]>,
    { decays, nesterov, iterations, matchAdamW }: ReturnType<Muon["structure"]>,
  ): Update<"firstMoment"> {
    const { learningRate, momentum, rest, kept } = numbers;
    const [rows, columns] = parameter.shape;
    const firstMoment = m.mul(momentum).add(gradient.mul(rest));
    const direction = nesterov ? firstMoment.mul(momentum).add(gradient.mul(rest)) : firstMoment;
    const scale = matchAdamW
      ? 0.2 * Math.sqrt(Math.max(rows, columns))
      : Math.sqrt(Math.max(1, rows / columns));
    const change = orthogonalized(direction, numbers, iterations).mul(learningRate).mul(scale);
    return {
      parameter: (decays ? parameter.mul(kept) : parameter).sub(change),
      state: { firstMoment },
    };
  }
}

/** The matrix with singular values near 1, by the Newton-Schulz iteration. */
function orthogonalized(
  matrix: Tensor,
  { a, b, c, epsilon }: Tensors<Muon["numbers"]>,
  iterations: number,
): Tensor {
  const [rows, columns] = matrix.shape;
  let x = matrix.div(matrix.norm().maximum(epsilon));
  // Transposed, so that `gram` has the size of the shorter side.
  if (rows > columns) x = x.transpose();
  for (let i = 0; i < iterations; i++) {
    const gram = x.matmul(x.transpose());
    x = x.mul(a).add(gram.mul(b).add(gram.matmul(gram).mul(c)).matmul(x));
  }
  return rows > columns ? x.transpose() : x;
}
