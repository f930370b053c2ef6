import { assignAll, type Parameter } from "@stargrad/autograd";
import { expectNotLent } from "@stargrad/autograd/internal";
import { ArgumentError, getEngine, StargradError, tensor, type Tensor } from "@stargrad/tensor";
import {
  disposeSymbol,
  expectNoRecording,
  toTensor,
  StateReader,
  expectValues,
  count,
  notNegative,
} from "@stargrad/tensor/internal";
import { readBaseRate, writeBaseRate } from "./base-rates.js";
import type { ClosureOptimizer } from "./closure-optimizer.js";
import { groupsOf, refuseSettings, type Group, type Settings } from "./groups.js";
import { warnUnlessFrozen } from "./missing-gradients.js";
import { numberIn, numbersIn, readSetting, writeSetting } from "./state-dict.js";
import { strongWolfe, type Probe } from "./strong-wolfe.js";

export interface LBFGSOptions {
  /** The step length along the direction, or the initial step length of the line search. Default: 1. */
  readonly learningRate?: number;
  /** The largest number of iterations of a step. Default: 20. */
  readonly maxIterations?: number;
  /**
   * The number of evaluations of the loss after which no further iteration starts, and a line search ends with its best point.
   * Default: 1.25 maxIterations.
   */
  readonly maxEvaluations?: number;
  /** A step ends if no element of the gradient is larger than this. Default: 1e-7. */
  readonly toleranceGradient?: number;
  /** A step ends if the loss or the parameters change by less than this. Default: 1e-9. */
  readonly toleranceChange?: number;
  /** The number of previous iterations that the curvature is estimated from. Default: 100. */
  readonly historySize?: number;
  /** Whether to search along each direction for a point that satisfies the strong Wolfe conditions. Default: false. */
  readonly strongWolfe?: boolean;
}

/** The last iteration, and the changes of parameters s and gradients y in previous iterations. */
interface History {
  readonly iterations: number;
  readonly direction: Float64Array;
  readonly length: number;
  readonly gradient: Float64Array;
  readonly s: readonly Float64Array[];
  readonly y: readonly Float64Array[];
}

/**
 * L-BFGS, a quasi-Newton method for small problems without noise. Each iteration moves along d = −H g, where H approximates
 * the inverse Hessian from the changes s of the parameters and y of the gradient in the last iterations:
 *
 *     q ← −g;  from the newest to the oldest  aᵢ = sᵢᵀq / sᵢᵀyᵢ,  q ← q − aᵢ yᵢ
 *     d ← q · sᵀy / yᵀy of the newest;  from the oldest to the newest  d ← d + (aᵢ − yᵢᵀd / sᵢᵀyᵢ) sᵢ
 *     p ← p + α d                             in the first iteration α min(1, 1 / Σ|g|) instead of α
 *
 * All parameters form one vector, so there are no groups with their own options. The vectors have the type float64 for
 * parameters of any type. They are read after each evaluation, which needs a synchronous engine.
 *
 * Defaults: learningRate α 1, maxIterations 20, maxEvaluations 1.25 maxIterations, toleranceGradient 1e-7,
 * toleranceChange 1e-9, historySize 100, strongWolfe false
 * Throws: ArgumentError if there is no parameter, if one is given twice, or if an option is unknown or out of range
 * Source: Nocedal & Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5; torch.optim.LBFGS
 */
export class LBFGS implements ClosureOptimizer {
  static {
    refuseSettings(this, "LBFGS");
  }

  /** One group, whose settings may be changed between steps. */
  readonly groups: readonly [Group<LBFGSOptions>];
  #history: History | null = null;
  #hasWarned = false;

  constructor(parameters: Iterable<Parameter>, options: LBFGSOptions = {}) {
    const { maxIterations = 20 } = { ...options };
    const [group] = groupsOf<LBFGSOptions>("LBFGS", parameters, options, {
      learningRate: 1,
      maxIterations,
      maxEvaluations: Math.floor(maxIterations * 1.25),
      toleranceGradient: 1e-7,
      toleranceChange: 1e-9,
      historySize: 100,
      strongWolfe: false,
    });
    check(group);
    this.groups = [group];
  }

  /**
   * Iterates until a limit is met, and returns the loss before the first iteration. `closure` sets gradients to null,
   * computes the loss, calls `backward` and returns the loss; it is called at least once for every iteration.
   *
   * Throws: ArgumentError if there is no closure, a changed setting is out of range, or the engine is not synchronous;
   * StargradError if the loss before or after an iteration is not finite; the errors of the closure. The parameters and the
   * history are then those before the step.
   */
  step(closure: () => Tensor): number {
    expectNoRecording("LBFGS.step", "a step is taken");
    const { name, capabilities } = getEngine();
    if (!capabilities.synchronous) {
      throw new ArgumentError(
        "LBFGS.step",
        `got the asynchronous engine ${name}; expected a synchronous one, because each evaluation reads the loss and the gradients`,
        "Use an optimizer whose step is one program, such as Adam, or choose a synchronous engine with setEngine",
      );
    }
    const [settings] = this.groups;
    check(settings);
    if (typeof closure !== "function") {
      throw new ArgumentError(
        "LBFGS.step",
        "got no closure; expected a function that computes the loss, calls `backward` and returns the loss",
      );
    }
    expectNotLent("LBFGS.step", settings.parameters);
    const [start, history] = [this.#read(), this.#history];
    try {
      return this.#iterate(closure, settings);
    } catch (error) {
      this.#write(start);
      this.#history = history;
      throw error;
    }
  }

  /** Sets all gradients to null. Call it in the closure. */
  zeroGrad(): void {
    for (const parameter of this.groups[0].parameters) parameter.grad = null;
  }

  /** All values by name, for `JSON.stringify`: the state dict. Throws as `toJSON` of a tensor does. */
  toJSON(): Record<string, Tensor> {
    return Object.fromEntries(this.stateDict());
  }

  /** All settings and the history: `groups.0.learningRate`, `s.0`, `y.0` and so on. */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [option, setting] of settingsOf(this.groups[0])) {
      state.set(`groups.0.${option}`, writeSetting(setting));
    }
    const history = this.#history;
    writeBaseRate(state, "groups.0", this.groups[0]);
    state.set("iterations", tensor(history?.iterations ?? 0, { dtype: "int32" }));
    state.set("pairs", tensor(history?.s.length ?? 0, { dtype: "int32" }));
    if (history === null) return state;
    state.set("length", tensor(history.length, { dtype: "float64" }));
    state.set("direction", tensor(history.direction));
    state.set("gradient", tensor(history.gradient));
    for (const [i, s] of history.s.entries()) state.set(`s.${i}`, tensor(s));
    for (const [i, y] of history.y.entries()) state.set(`y.${i}`, tensor(y));
    return state;
  }

  /**
   * Loads a state dict: all of it or, if anything does not fit, nothing.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const [group] = this.groups;
    const reader = new StateReader(state);
    const settings = { ...group };
    for (const [option, setting] of settingsOf(group)) {
      const written = reader.take(`groups.0.${option}`, writeSetting(setting));
      if (written !== undefined) Object.assign(settings, { [option]: readSetting(written) });
    }
    const number = (name: string, dtype: "int32" | "float64") => {
      const written = reader.take(name, { shape: [], dtype });
      return written === undefined ? 0 : numberIn(written);
    };
    const shape = [group.parameters.reduce((total, { size }) => total + size, 0)];
    const vector = (name: string) => {
      const written = reader.take(name, { shape, dtype: "float64" });
      return Float64Array.from(written === undefined ? [] : numbersIn(written));
    };
    const [iterations, pairs] = [number("iterations", "int32"), number("pairs", "int32")];
    const setBaseRate = readBaseRate(state, reader, "groups.0");
    const history = (): History => ({
      iterations,
      length: number("length", "float64"),
      direction: vector("direction"),
      gradient: vector("gradient"),
      s: Array.from({ length: pairs }, (_, i) => vector(`s.${i}`)),
      y: Array.from({ length: pairs }, (_, i) => vector(`y.${i}`)),
    });
    const loaded = iterations === 0 ? null : history();
    reader.finish("LBFGS");
    check(settings);
    setBaseRate(Object.assign(group, settings));
    this.#history = loaded;
  }

  /** Drops the history, which is in host memory. Parameters do not change. */
  dispose(): void {
    this.#history = null;
  }

  /** Called by `using` at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  #iterate(closure: () => Tensor, settings: Settings<LBFGSOptions>): number {
    const { learningRate, maxIterations, maxEvaluations, toleranceGradient, toleranceChange } = settings;
    let here = this.#evaluate(closure);
    const { loss } = here;
    expectFinite(loss);
    let evaluations = 1;
    if (largest(here.gradient) <= toleranceGradient) return loss;

    for (let iteration = 1; iteration <= maxIterations; iteration++) {
      const { gradient } = here;
      const history = nextHistory(this.#history, gradient, settings);
      const { direction } = history;
      const length = learningRate * (history.iterations === 1 ? Math.min(1, 1 / sumOfSizes(gradient)) : 1);
      this.#history = { ...history, length };
      const before = { ...here, length: 0, slope: dot(gradient, direction) };
      if (before.slope > -toleranceChange) break;

      const from = this.#read();
      if (settings.strongWolfe) {
        const probe = (length: number): Probe => {
          this.#write(plus(from, length, direction));
          const there = this.#evaluate(closure);
          return { ...there, length, slope: dot(there.gradient, direction) };
        };
        const mostEvaluations = maxEvaluations - evaluations;
        const found = strongWolfe(probe, before, length, { size: largest(direction), mostEvaluations });
        here = found.best;
        evaluations += found.evaluations;
        this.#history = { ...history, length: found.best.length };
        this.#write(plus(from, found.best.length, direction));
      } else {
        this.#write(plus(from, length, direction));
        // Without an evaluation, because the next step starts with one, perhaps of other data.
        if (iteration === maxIterations) break;
        here = this.#evaluate(closure);
        evaluations++;
      }
      expectFinite(here.loss);

      if (evaluations >= maxEvaluations || largest(here.gradient) <= toleranceGradient) break;
      if (this.#history.length * largest(direction) <= toleranceChange) break;
      if (Math.abs(here.loss - before.loss) < toleranceChange) break;
    }
    return loss;
  }

  #evaluate(closure: () => Tensor): { loss: number; gradient: Float64Array } {
    const loss = toTensor("LBFGS.step", closure()).itemSync();
    const { parameters } = this.groups[0];
    if (!this.#hasWarned && parameters.every((parameter) => parameter.peekGradient() === null)) {
      this.#hasWarned = warnUnlessFrozen("LBFGS.step", parameters);
    }
    // A parameter without a gradient does not change: its gradient counts as 0.
    return {
      loss,
      gradient: joined(parameters.map(({ grad, size }) => grad?.dataSync() ?? new Float64Array(size))),
    };
  }

  #read(): Float64Array {
    return joined(this.groups[0].parameters.map((parameter) => parameter.dataSync()));
  }

  #write(vector: Float64Array): void {
    let offset = 0;
    const values = this.groups[0].parameters.map((parameter): [Parameter, Tensor] => {
      const part = vector.slice(offset, offset + parameter.size);
      offset += parameter.size;
      return [parameter, tensor(part, { shape: parameter.shape, dtype: parameter.dtype })];
    });
    assignAll(values);
  }
}

function check(settings: Settings<LBFGSOptions>): void {
  const { learningRate, toleranceGradient, toleranceChange } = settings;
  const { maxIterations, maxEvaluations, historySize } = settings;
  expectValues("LBFGS", { learningRate, toleranceGradient, toleranceChange }, notNegative);
  expectValues("LBFGS", { maxIterations, maxEvaluations, historySize }, count);
}

function expectFinite(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new StargradError(
    "LBFGS.step",
    `the loss became ${loss}; the parameters are those before the step`,
    "Lower the learning rate, or use a line search: { strongWolfe: true }",
  );
}

function settingsOf({
  parameters: _,
  name: _name,
  ...settings
}: Group<LBFGSOptions>): [string, number | boolean][] {
  return Object.entries(settings);
}

/** Adds the changes of the last iteration to the history, and computes the direction of the next one. */
function nextHistory(
  last: History | null,
  gradient: Float64Array,
  { historySize }: Settings<LBFGSOptions>,
): Omit<History, "length"> {
  if (last === null)
    return { iterations: 1, direction: directionOf(gradient, [], []), gradient, s: [], y: [] };
  let { s, y } = last;
  const newestS = last.direction.map((value) => value * last.length);
  const newestY = plus(gradient, -1, last.gradient);
  // With a curvature that is not positive, the direction would not be a descent direction.
  if (dot(newestY, newestS) > 1e-10) {
    s = [...s, newestS].slice(-historySize);
    y = [...y, newestY].slice(-historySize);
  }
  return { iterations: last.iterations + 1, direction: directionOf(gradient, s, y), gradient, s, y };
}

function directionOf(
  gradient: Float64Array,
  s: readonly Float64Array[],
  y: readonly Float64Array[],
): Float64Array {
  let direction: Float64Array = gradient.map((value) => -value);
  const newest = s.length - 1;
  if (newest === -1) return direction;
  const shares: number[] = [];
  for (let i = newest; i >= 0; i--) {
    shares[i] = dot(s[i], direction) / dot(s[i], y[i]);
    direction = plus(direction, -shares[i], y[i]);
  }
  const scale = dot(s[newest], y[newest]) / dot(y[newest], y[newest]);
  direction = direction.map((value) => value * scale);
  for (let i = 0; i <= newest; i++) {
    direction = plus(direction, shares[i] - dot(y[i], direction) / dot(s[i], y[i]), s[i]);
  }
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

/** a + factor · b */
function plus(a: Float64Array, factor: number, b: Float64Array): Float64Array {
  return a.map((value, i) => value + factor * b[i]);
}

function largest(vector: Float64Array): number {
  return vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function sumOfSizes(vector: Float64Array): number {
  return vector.reduce((sum, value) => sum + Math.abs(value), 0);
}

function joined(parts: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}
