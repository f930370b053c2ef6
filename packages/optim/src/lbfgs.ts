import { assignAll, type Parameter } from "@stargrad/autograd";
import { ArgumentError, getEngine, StargradError, tensor, type Tensor } from "@stargrad/tensor";
import { disposeSymbol, expectNoRecording } from "@stargrad/tensor/internal";
import type { ClosureOptimizer } from "./closure-optimizer.js";
import { groupsOf, type Group, type Settings } from "./groups.js";
import { expectCounts, expectNotNegative } from "./ranges.js";
import { numberIn, numbersIn, readSetting, StateReader, writeSetting } from "./state-dict.js";
import { strongWolfe, type Probe } from "./strong-wolfe.js";

export interface LBFGSOptions {
  /** How far an iteration goes along its direction, or where the line search begins. Default: 1. */
  readonly learningRate?: number;
  /** How many iterations a step has at most. Default: 20. */
  readonly maxIterations?: number;
  /** After how many evaluations of the loss no further iteration is begun. Default: 1.25 maxIterations. */
  readonly maxEvaluations?: number;
  /** A gradient with no element above this is a minimum. Default: 1e-7. */
  readonly toleranceGradient?: number;
  /** A step ends when loss or parameters change by less. Default: 1e-9. */
  readonly toleranceChange?: number;
  /** How many iterations the curvature is known from. Default: 100. */
  readonly historySize?: number;
  /** Whether to search along each direction for a point that satisfies the strong Wolfe conditions. Default: false. */
  readonly strongWolfe?: boolean;
}

/** Where the last iteration went, and how parameters s and gradients y changed in some iterations before. */
interface History {
  readonly iterations: number;
  readonly direction: Float64Array;
  readonly length: number;
  readonly gradient: Float64Array;
  readonly s: readonly Float64Array[];
  readonly y: readonly Float64Array[];
}

/**
 * L-BFGS, a quasi-Newton method for small problems without noise: iterations along d = −H g, with H the inverse of the
 * curvature as the changes s of the parameters and y of the gradient in the last iterations show it:
 *
 *     q ← −g;  from the newest to the oldest  aᵢ = sᵢᵀq / sᵢᵀyᵢ,  q ← q − aᵢ yᵢ
 *     d ← q · sᵀy / yᵀy of the newest;  from the oldest to the newest  d ← d + (aᵢ − yᵢᵀd / sᵢᵀyᵢ) sᵢ
 *     p ← p + α d                             the first time α min(1, 1 / Σ|g|)
 *
 * All parameters are one vector, so there are no groups with options of their own. The vectors are of float64 whatever the
 * parameters are, and are read after each evaluation: it needs a synchronous engine.
 *
 * Defaults: learningRate α 1, maxIterations 20, maxEvaluations 1.25 maxIterations, toleranceGradient 1e-7,
 * toleranceChange 1e-9, historySize 100, strongWolfe false
 * Throws: ArgumentError if there is no parameter, if one is given twice, or if an option is unknown or out of range
 * Source: Nocedal & Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5; torch.optim.LBFGS
 */
export class LBFGS implements ClosureOptimizer {
  /** One group, whose settings may be changed between steps. */
  readonly groups: readonly [Group<LBFGSOptions>];
  #history: History | null = null;

  constructor(parameters: Iterable<Parameter>, options: LBFGSOptions = {}) {
    const maxIterations = options.maxIterations ?? 20;
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
   * Throws: ArgumentError if there is no closure, a setting has been changed to something out of range, or the engine is not
   * synchronous; StargradError if
   * an iteration begins or ends at a loss that is not a finite number; whatever the closure throws. Then the parameters are
   * what they were before the step, and so is what is known of the curvature.
   */
  step(closure: () => Tensor): number {
    expectNoRecording("LBFGS.step", "a step is taken");
    const { name, capabilities } = getEngine();
    if (!capabilities.synchronous) {
      throw new ArgumentError(
        "LBFGS.step",
        `reads the loss and the gradients of each evaluation at once, which the engine ${name} cannot`,
        "Take an optimizer whose step is one program, such as Adam, or choose a synchronous engine with setEngine",
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
    const [start, history] = [this.#read(), this.#history];
    try {
      return this.#iterate(closure, settings);
    } catch (error) {
      this.#write(start);
      this.#history = history;
      throw error;
    }
  }

  /** Forgets all gradients, for the closure to call. */
  zeroGrad(): void {
    for (const parameter of this.groups[0].parameters) parameter.grad = null;
  }

  /** All settings, and what is known of the curvature: `groups.0.learningRate`, `s.0`, `y.0` and so on. */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [option, setting] of settingsOf(this.groups[0])) {
      state.set(`groups.0.${option}`, writeSetting(setting));
    }
    const history = this.#history;
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
   * Goes on from a state dict: takes all of it or, if anything does not fit, nothing.
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
    Object.assign(group, settings);
    this.#history = loaded;
  }

  /** Forgets what is known of the curvature, which is in ordinary memory. Parameters stay as they are. */
  dispose(): void {
    this.#history = null;
  }

  /** What `using` does at the end of its block. */
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
        const found = strongWolfe(probe, before, length, { size: largest(direction), toleranceChange });
        here = found.best;
        evaluations += found.evaluations;
        this.#history = { ...history, length: found.best.length };
        this.#write(plus(from, found.best.length, direction));
      } else {
        this.#write(plus(from, length, direction));
        // With data that changes from step to step, what is known at the end of this one would be of no use.
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
    const loss = closure().itemSync();
    const { parameters } = this.groups[0];
    // A parameter without a gradient is left alone: its part of every direction is 0.
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
  expectNotNegative("LBFGS", { learningRate, toleranceGradient, toleranceChange });
  expectCounts("LBFGS", { maxIterations, maxEvaluations, historySize });
}

function expectFinite(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new StargradError(
    "LBFGS.step",
    `the loss became ${loss}; the parameters are those before the step`,
    "Lower the learning rate, or search along each direction: { strongWolfe: true }",
  );
}

function settingsOf({ parameters: _, ...settings }: Group<LBFGSOptions>): [string, number | boolean][] {
  return Object.entries(settings);
}

/** The history with the last iteration's changes, and the direction of the next. */
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
  // Where the curvature is not positive, the direction would not descend.
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
