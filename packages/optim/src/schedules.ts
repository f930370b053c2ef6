import { ArgumentError } from "@stargrad/tensor";
import {
  expectValues,
  belowOne,
  callable,
  count,
  notNegative,
  positive,
  expectOptions,
  flag,
  listOf,
  wholeFrom,
  type Kind,
} from "@stargrad/tensor/internal";

/** The factor on a learning rate for the step with the index `step`, from 0: a closed form, without state. */
export type Schedule = (step: number) => number;

/**
 * The same factor at every step.
 *
 * Defaults: factor 1
 * Throws: ArgumentError if it is negative
 */
export function constant(factor = 1): Schedule {
  expectValues("constant", { factor }, notNegative);
  return () => factor;
}

export interface WarmUpOptions {
  /** The number of steps after which the factor is 1. */
  readonly steps: number;
  /** The factor of the first step. Default: 1/3. */
  readonly start?: number;
}

/**
 * Grows linearly, then stays constant: at step t of T, start + (1 − start) min(1, t / T).
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if `steps` is not a whole number of at least 1, or if `start` is negative
 * Source: Goyal et al., "Accurate, Large Minibatch SGD", 2017, section 2.2; torch.optim.lr_scheduler.LinearLR
 */
export function warmUp(options: WarmUpOptions): Schedule {
  expectOptions<WarmUpOptions>("warmUp", options, { steps: count, start: notNegative }, ["steps"]);
  const { steps, start = 1 / 3 } = options;
  return (t) => start + (1 - start) * Math.min(1, t / steps);
}

export interface StepOptions {
  /** The number of steps between the reductions of the factor. */
  readonly size: number;
  /** The factor of each reduction. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Falls after every `size` steps: γ^⌊t / size⌋.
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if `size` is not a whole number of at least 1, or if gamma is negative
 * Source: torch.optim.lr_scheduler.StepLR
 */
export function step(options: StepOptions): Schedule {
  expectOptions<StepOptions>("step", options, { size: count, gamma: notNegative }, ["size"]);
  const { size, gamma = 0.1 } = options;
  return (t) => gamma ** Math.floor(t / size);
}

const schedulesKind: Kind = ["a list of schedules", listOf(callable)[1]];
const stepNumbers: Kind = /* @__PURE__ */ listOf(wholeFrom(0));

export interface MultiStepOptions {
  /** The steps at which the factor falls. A step that is listed twice counts twice. */
  readonly milestones: readonly number[];
  /** The factor of each reduction. Default: 0.1. */
  readonly gamma?: number;
}

/**
 * Falls at the milestones: γ^(number of milestones ≤ t).
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if a milestone is not a whole number of at least 0, or if gamma is negative
 * Source: torch.optim.lr_scheduler.MultiStepLR
 */
export function multiStep(options: MultiStepOptions): Schedule {
  expectOptions<MultiStepOptions>("multiStep", options, { milestones: stepNumbers, gamma: notNegative }, [
    "milestones",
  ]);
  const { milestones, gamma = 0.1 } = options;
  const steps = milestones.slice();
  return (t) => gamma ** steps.filter((milestone) => milestone <= t).length;
}

/**
 * Falls at every step: γ^t.
 *
 * Throws: ArgumentError if gamma is negative
 * Source: torch.optim.lr_scheduler.ExponentialLR
 */
export function exponential(options: { readonly gamma: number }): Schedule {
  expectOptions("exponential", options, { gamma: notNegative }, ["gamma"]);
  const { gamma } = options;
  return (t) => gamma ** t;
}

export interface PolynomialOptions {
  /** The number of steps after which the factor is 0. */
  readonly steps: number;
  /** The exponent: 1 is linear; a larger one falls sooner. Default: 1. */
  readonly power?: number;
}

/**
 * Falls to 0, then stays constant: (1 − min(1, t / T))^power.
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if `steps` is not a whole number of at least 1, or if the power is negative
 * Source: torch.optim.lr_scheduler.PolynomialLR
 */
export function polynomial(options: PolynomialOptions): Schedule {
  expectOptions<PolynomialOptions>("polynomial", options, { steps: count, power: notNegative }, ["steps"]);
  const { steps, power = 1 } = options;
  return (t) => (1 - Math.min(1, t / steps)) ** power;
}

export interface CosineOptions {
  /** The number of steps after which the factor is `minimum`. */
  readonly steps: number;
  /** The final factor. Default: 0. */
  readonly minimum?: number;
}

/**
 * Falls along half a cosine, then stays constant: minimum + (1 − minimum) (1 + cos(π min(1, t / T))) / 2. PyTorch's grows
 * again after T steps. Use `cosineWithRestarts` for several periods.
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if `steps` is not a whole number of at least 1, or if the minimum is negative
 * Source: Loshchilov & Hutter, "SGDR", 2017, eq. 5; torch.optim.lr_scheduler.CosineAnnealingLR
 */
export function cosine(options: CosineOptions): Schedule {
  expectOptions<CosineOptions>("cosine", options, { steps: count, minimum: notNegative }, ["steps"]);
  const { steps, minimum = 0 } = options;
  return (t) => cosineBetween(1, minimum, Math.min(1, t / steps));
}

export interface CosineWithRestartsOptions {
  /** The number of steps of the first period. */
  readonly period: number;
  /** The ratio of the length of each period to the previous one. Default: 1. */
  readonly multiplier?: number;
  /** The lower bound of the factor, which it approaches at the end of every period. Default: 0. */
  readonly minimum?: number;
}

/**
 * Falls along half a cosine in every period: `cosine` of the steps since the start of the period.
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if the period or the multiplier is not a whole number of at least 1, or if the minimum is
 * negative
 * Source: Loshchilov & Hutter, "SGDR", 2017, eq. 5; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts
 */
export function cosineWithRestarts(options: CosineWithRestartsOptions): Schedule {
  expectOptions<CosineWithRestartsOptions>(
    "cosineWithRestarts",
    options,
    { period: count, multiplier: count, minimum: notNegative },
    ["period"],
  );
  const { period, multiplier = 1, minimum = 0 } = options;
  return (t) => {
    if (multiplier === 1) return cosineBetween(1, minimum, (t % period) / period);
    // By counting, because rounding makes the logarithm that gives the number of restarts wrong for some steps.
    let [start, length] = [0, period];
    while (t >= start + length) [start, length] = [start + length, length * multiplier];
    return cosineBetween(1, minimum, (t - start) / length);
  };
}

export interface OneCycleOptions {
  /** The number of steps of the cycle. */
  readonly steps: number;
  /** The fraction of the steps in which the factor grows. Default: 0.3. */
  readonly climb?: number;
  /** The ratio of the largest to the first learning rate. Default: 25. */
  readonly initialDivisor?: number;
  /** The ratio of the first to the last learning rate. Default: 10,000. */
  readonly finalDivisor?: number;
  /** Whether to interpolate linearly instead of along cosines. Default: false. */
  readonly linear?: boolean;
  /** Whether the factor first falls to its initial value, in as many steps as it grew, and then to the end. Default: false. */
  readonly threePhases?: boolean;
}

/**
 * Grows from 1/initialDivisor to 1, falls to 1/(initialDivisor · finalDivisor), then stays constant. The optimizer's learning
 * rate is the largest of the cycle. Momentum does not change, as with PyTorch's `cycle_momentum=False`.
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if `steps` is not a whole number of at least 1, if a divisor is not above 0, or if `climb` is not
 * in [0, 1), or in [0, 0.5] for three phases
 * Source: Smith & Topin, "Super-Convergence", 2018; torch.optim.lr_scheduler.OneCycleLR
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  expectOptions<OneCycleOptions>(
    "oneCycle",
    options,
    {
      steps: count,
      climb: belowOne,
      initialDivisor: positive,
      finalDivisor: positive,
      linear: flag,
      threePhases: flag,
    },
    ["steps"],
  );
  const {
    steps,
    climb = 0.3,
    initialDivisor = 25,
    finalDivisor = 1e4,
    linear = false,
    threePhases = false,
  } = options;
  if (threePhases && climb > 0.5) {
    throw new ArgumentError("oneCycle", `got climb ${climb} with three phases; expected at most 0.5`);
  }
  const [initial, final] = [1 / initialDivisor, 1 / (initialDivisor * finalDivisor)];
  // The last step of each phase, and the factor at that step.
  const turns = [
    [0, initial],
    [climb * steps - 1, 1],
    ...(threePhases ? [[2 * climb * steps - 2, initial]] : []),
    [steps - 1, final],
  ];
  const between = linear ? lineBetween : cosineBetween;
  return (t) => {
    const next = turns.findIndex(([end]) => t < end);
    if (next === -1) return final;
    const [[start, from], [end, to]] = turns.slice(next - 1);
    return between(from, to, (t - start) / (end - start));
  };
}

export interface CyclicOptions {
  /** The number of steps that a cycle rises. */
  readonly climb: number;
  /** The number of steps that it falls. Default: `climb`. */
  readonly fall?: number;
  /** The factor at the start and the end of every cycle. */
  readonly minimum: number;
  /** The height above the minimum is multiplied by this after every cycle. Default: 1. */
  readonly cycleGamma?: number;
  /** The height above the minimum is multiplied by this after every step. Default: 1. */
  readonly gamma?: number;
}

/**
 * Rises and falls linearly in every cycle: minimum + (1 − minimum) · cycleGammaᶜ · gammaᵗ · h in cycle c, counted from 0. h rises from
 * 0 to 1 and falls to 0. The optimizer's learning rate is the largest of the first cycle. PyTorch's mode "triangular" has the default
 * gammas, "triangular2" has cycleGamma 0.5, and "exp_range" has gamma. Momentum does not change, as with PyTorch's
 * `cycle_momentum=False`.
 *
 * Units: steps of the optimizer
 * Throws: ArgumentError if `climb` or `fall` is not a whole number of at least 1, or if the minimum or a gamma is negative
 * Source: Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3; torch.optim.lr_scheduler.CyclicLR
 */
export function cyclic(options: CyclicOptions): Schedule {
  expectOptions<CyclicOptions>(
    "cyclic",
    options,
    { climb: count, fall: count, minimum: notNegative, cycleGamma: notNegative, gamma: notNegative },
    ["climb", "minimum"],
  );
  const { climb, fall = climb, minimum, cycleGamma = 1, gamma = 1 } = options;
  const length = climb + fall;
  return (t) => {
    const place = t % length;
    const height = place < climb ? place / climb : (length - place) / fall;
    return minimum + (1 - minimum) * cycleGamma ** Math.floor(t / length) * gamma ** t * height;
  };
}

/**
 * Several schedules in sequence, each starting at its step 0: the first until the first milestone, and so on.
 *
 * Units: milestones in steps of the optimizer
 * Throws: ArgumentError unless they are two lists, milestones whole numbers, with one milestone fewer than schedules, in increasing order
 * Source: torch.optim.lr_scheduler.SequentialLR
 */
export function sequential(schedules: readonly Schedule[], milestones: readonly number[]): Schedule {
  expectValues("sequential", { schedules }, schedulesKind);
  expectValues("sequential", { milestones }, stepNumbers);
  if (schedules.length !== milestones.length + 1) {
    throw new ArgumentError(
      "sequential",
      `got ${schedules.length} schedules and ${milestones.length} milestones; expected one milestone fewer than schedules`,
    );
  }
  if (milestones.some((milestone, i) => milestone <= (i === 0 ? 0 : milestones[i - 1]))) {
    throw new ArgumentError(
      "sequential",
      `got the milestones [${milestones.join(", ")}]; expected increasing numbers above 0`,
    );
  }
  const [parts, ends] = [schedules.slice(), milestones.slice()];
  return (t) => {
    const passed = ends.filter((end) => end <= t).length;
    return parts[passed](passed === 0 ? t : t - ends[passed - 1]);
  };
}

function cosineBetween(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}

function lineBetween(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}
