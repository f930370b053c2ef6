import { valueAndGrad } from "@stargrad/autograd";
import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import { integratePath, sumOf } from "./path-integral.js";

/** How much each element of an input contributed to a number that was computed from it. */
export interface Attribution {
  /** Shaped as the input: positive where the element raised the number. */
  readonly shares: Tensor;
  /** The number for the input. */
  readonly value: number;
  /** The number for the baseline that the input is compared with. */
  readonly baselineValue: number;
  /** value − baselineValue − Σ shares: what the quadrature missed. */
  readonly unexplained: number;
  readonly gradients: number;
}

export interface AttributionOptions {
  /** What the input is compared with: "nothing there". Defaults to zeros. */
  readonly baseline?: Tensor;
  /** How much may stay unexplained, as a share of Σ |shares|. Defaults to 0.0005. */
  readonly tolerance?: number;
  readonly maxDepth?: number;
}

/**
 * Divides a number among the elements of the input it was computed from, by the gradient along the straight line from a
 * baseline: `sharesᵢ = (xᵢ − bᵢ) ∫ ∂f/∂xᵢ(b + t(x − b)) dt`. The shares add up to f(x) − f(b).
 *
 * Source: Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017
 */
export async function integratedGradients(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  { baseline, tolerance = 0.0005, maxDepth = 8 }: AttributionOptions = {},
): Promise<Attribution> {
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
      const place = t === 1 ? end : start.map((value, i) => value + t * displacement[i]);
      const { value, grad } = differentiated(tensor(place, { shape, dtype }));
      const rates = Float64Array.from(await grad.data(), (g, i) => g * displacement[i]);
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
 * The quick estimate of the same: `sharesᵢ = xᵢ · ∂f/∂xᵢ`, one gradient, exact only where f is linear. What it misses is
 * reported as unexplained, against a baseline of zeros.
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

/** A model in stages: each takes what the one before it returned. A Sequential is one: `[...model].map(layer => ...)`. */
export interface Stage {
  readonly name: string;
  forward(x: Tensor): Tensor;
}

/**
 * Follows a mistake back through the stages of a model: for the input and for what each stage made of it, how much each
 * pixel, feature or unit contributed to the loss, compared with what the stages make of the baseline. Every row adds up
 * to the same difference in the loss.
 *
 * Defaults: `method: "integrated"`; `"gradient × activation"` takes one gradient per row and reports what it misses
 */
export async function attributeThroughLayers(
  stages: readonly Stage[],
  x: Tensor,
  loss: (output: Tensor) => Tensor,
  {
    baseline = x.mul(0),
    method = "integrated",
    ...options
  }: AttributionOptions & { readonly method?: "integrated" | "gradient × activation" } = {},
): Promise<Map<string, Attribution>> {
  const rows = new Map<string, Attribution>();
  let [activation, reference] = [x, baseline];
  const names = ["input", ...stages.map(({ name }) => name)];
  for (const [i, name] of names.entries()) {
    const rest = (h: Tensor): Tensor => loss(stages.slice(i).reduce((y, stage) => stage.forward(y), h));
    const row =
      method === "integrated"
        ? await integratedGradients(rest, activation, { ...options, baseline: reference })
        : await gradientTimesInput(rest, activation);
    rows.set(name, row);
    if (i < stages.length) {
      activation = stages[i].forward(activation).detach();
      reference = stages[i].forward(reference).detach();
    }
  }
  return rows;
}
