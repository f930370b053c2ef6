import { valueAndGrad } from "@stargrad/autograd";
import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import {
  expectOptions,
  notNegative,
  oneOf,
  tensorLike,
  type OptionKinds,
  wholeFrom,
} from "@stargrad/tensor/internal";
import { integratePath, sumOf } from "./path-integral.js";

/** How much each element of an input contributed to a scalar that was computed from it. */
export interface Attribution {
  /** The attributions, in the shape of the input: positive where the element raised the scalar. */
  readonly shares: Tensor;
  /** The scalar at the input. */
  readonly value: number;
  /** The scalar at the baseline. */
  readonly baselineValue: number;
  /** value − baselineValue − Σ shares: the error of the quadrature. */
  readonly unexplained: number;
  /** How many gradients were computed. */
  readonly gradients: number;
}

export interface AttributionOptions {
  /** The reference input, which stands for "no signal". Default: zeros. */
  readonly baseline?: Tensor;
  /** How much may stay unexplained, as a fraction of Σ |shares|. Default: 0.0005. */
  readonly tolerance?: number;
  /** How often a segment of the path may be halved. Default: 8. */
  readonly maxDepth?: number;
}

const attributionKinds: OptionKinds<AttributionOptions> = {
  baseline: tensorLike,
  tolerance: notNegative,
  maxDepth: /* @__PURE__ */ wholeFrom(0),
};

/**
 * Divides a scalar f(x) among the elements of its input x, by the gradient along the straight line from a baseline b:
 * `sharesᵢ = (xᵢ − bᵢ) ∫ ∂f/∂xᵢ(b + t(x − b)) dt`. The shares add up to f(x) − f(b).
 *
 * Source: Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017
 */
export async function integratedGradients(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  options: AttributionOptions = {},
): Promise<Attribution> {
  expectOptions("integratedGradients", options, attributionKinds);
  const { baseline, tolerance = 0.0005, maxDepth = 8 } = options;
  const { shape, dtype } = x;
  if (baseline !== undefined && baseline.shape.join() !== shape.join()) {
    throw new ArgumentError(
      "integratedGradients",
      `the baseline has the shape [${baseline.shape.join(", ")}]; the input has [${shape.join(", ")}]`,
    );
  }
  const end = Float64Array.from(await x.data());
  const start =
    baseline === undefined ? new Float64Array(end.length) : Float64Array.from(await baseline.data());
  const displacement = end.map((value, i) => value - start[i]);
  let baselineValue = 0;
  const differentiated = valueAndGrad(f);
  const path = await integratePath(
    async (t) => {
      const values = t === 1 ? end : start.map((value, i) => value + t * displacement[i]);
      const { value, grad } = differentiated(tensor(values, { shape, dtype }));
      const gradient = await grad.data();
      const rates = displacement.map((length, i) => gradient[i] * length);
      const point = { value: await value.item(), rates: [rates] };
      if (t === 0) baselineValue = point.value;
      return point;
    },
    { tolerance, dtype, maxDepth },
  );
  return {
    shares: tensor(path.shares[0], { shape }),
    value: baselineValue + path.change,
    baselineValue,
    unexplained: path.unexplained,
    gradients: path.evaluations,
  };
}

/**
 * A fast estimate of {@link integratedGradients} for a baseline of zeros: `sharesᵢ = xᵢ · ∂f/∂xᵢ`. It takes one gradient
 * and is exact only for linear f. The rest is reported as unexplained.
 */
export async function gradientTimesInput(f: (x: Tensor) => Tensor, x: Tensor): Promise<Attribution> {
  const { value, grad } = valueAndGrad(f)(x);
  const shares = tensor(Float64Array.from(await x.mul(grad).data()), { shape: x.shape });
  const [atInput, atZero] = [await value.item(), await f(x.mul(0)).item()];
  const explained = sumOf([(await shares.data()) as Float64Array]);
  return {
    shares,
    value: atInput,
    baselineValue: atZero,
    unexplained: atInput - atZero - explained,
    gradients: 1,
  };
}

/** One stage of a model. Its input is the output of the stage before. For a Sequential: `[...model].map(layer => ...)`. */
export interface Stage {
  readonly name: string;
  forward(x: Tensor): Tensor;
}

/**
 * Attributes a loss to the input and to the output of every stage of a model: how much each pixel, feature or unit
 * contributed to the loss. The reference is the output of the same stage for the baseline. The shares of every row add up
 * to the same difference of the loss.
 *
 * Defaults: `method: "integrated"`. `"gradient × activation"` takes one gradient per row and reports its error as unexplained
 */
export async function attributeThroughLayers(
  stages: readonly Stage[],
  x: Tensor,
  loss: (output: Tensor) => Tensor,
  options: AttributionOptions & { readonly method?: "integrated" | "gradient × activation" } = {},
): Promise<Map<string, Attribution>> {
  expectOptions("attributeThroughLayers", options, {
    ...attributionKinds,
    method: oneOf("integrated", "gradient × activation"),
  });
  const { baseline = x.mul(0), method = "integrated", ...others } = options;
  const rows = new Map<string, Attribution>();
  let [activation, reference] = [x, baseline];
  const names = ["input", ...stages.map(({ name }) => name)];
  for (const [i, name] of names.entries()) {
    const rest = (h: Tensor): Tensor => loss(stages.slice(i).reduce((y, stage) => stage.forward(y), h));
    const row =
      method === "integrated"
        ? await integratedGradients(rest, activation, { ...others, baseline: reference })
        : await gradientTimesInput(rest, activation);
    rows.set(name, row);
    if (i < stages.length) {
      activation = stages[i].forward(activation).detach();
      reference = stages[i].forward(reference).detach();
    }
  }
  return rows;
}
