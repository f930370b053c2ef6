import { assignAll, Buffer, Variable, type Assignments } from "@stargrad/autograd";
import { expectNotLent, lend } from "@stargrad/autograd/internal";
import { ArgumentError, type Tensor } from "@stargrad/tensor";
import {
  disposeSymbol,
  snapshot,
  StateReader,
  withoutHistory,
  callable,
  expectOptions,
  expectValues,
  fraction,
  refuseAssignments,
} from "@stargrad/tensor/internal";
import { disposeAll } from "./buffers.js";
import { expectEachOnce, variablesIn } from "./groups.js";
import { StepNumbers } from "./step-numbers.js";

export interface EMAOptions {
  /** The decay rate of the averages. Default: 0.999. */
  readonly decay?: number;
}

/**
 * Exponential moving averages e of weights p, which often generalize better than the weights of the last step. They are
 * initially the weights at construction. After each step of the optimizer,
 *
 *     e ← d e + (1 − d) p
 *
 * Buffers may be averaged with the parameters, so that running statistics fit the averaged weights. A buffer that is not of a
 * floating-point type, such as a count of batches, is copied at each update.
 *
 * Defaults: decay d 0.999
 * Throws: ArgumentError if the decay is not in [0, 1], if there is no parameter, or if one is given twice
 * Source: Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992;
 *         torch.optim.swa_utils.AveragedModel
 */
export class EMA {
  static {
    refuseAssignments(this, "EMA", ["decay"], "Construct another EMA");
  }

  /** The variables that are averaged. */
  readonly variables: readonly Variable[];
  readonly #averages: readonly Buffer[];
  readonly #numbers = {
    float32: new StepNumbers("float32"),
    float64: new StepNumbers("float64"),
  };
  #inUse = false;

  constructor(parameters: Iterable<Variable>, options: EMAOptions = {}) {
    expectOptions("EMA", options, { decay: fraction });
    const { decay = 0.999 } = options;
    this.variables = variablesIn("EMA", parameters, Variable);
    expectEachOnce("EMA", this.variables);
    this.#averages = this.variables.map(
      (variable) => new Buffer(snapshot(variable), { keepsPrevious: false }),
    );
    for (const numbers of Object.values(this.#numbers)) numbers.set({ decay, rest: 1 - decay });
  }

  /**
   * Updates the averages with the current weights, all in one program.
   *
   * Throws: ArgumentError while `withAverages` is running
   */
  update(): void {
    assignAll(this.updates());
  }

  /**
   * The next averages as lazy tensors, for a training step that assigns them together with other variables.
   *
   * Throws: ArgumentError while `withAverages` is running
   */
  updates(): Assignments {
    this.#expectWeights("EMA.update");
    return withoutHistory(() =>
      this.#averages.map((average, i) => [average, this.#next(average, this.variables[i])] as const),
    );
  }

  /**
   * Runs `use` with the averages instead of the weights, to evaluate or save the averaged model. The exact weights are
   * restored after `use` returns or throws. Until then, a step of an optimizer throws, and so does an assignment to a parameter, because it
   * would change the averages instead of the weights.
   *
   * Throws: ArgumentError while `withAverages` is already running; the errors of `use`
   */
  async withAverages<T>(use: () => T | Promise<T>): Promise<T> {
    this.#expectWeights("EMA.withAverages");
    expectValues("EMA.withAverages", { use }, callable);
    expectNotLent("EMA.withAverages", this.variables);
    const weights = this.variables.map(snapshot);
    this.#put(this.#averages.map(snapshot));
    const takeBack = lend("EMA.withAverages", this.variables);
    this.#inUse = true;
    try {
      return await use();
    } finally {
      takeBack();
      this.#inUse = false;
      this.#put(weights);
    }
  }

  /**
   * The current averages, `averages.0` and so on, in the order of the parameters.
   *
   * Throws: ArgumentError while `withAverages` is running: a checkpoint would contain the averages instead of the weights
   */
  stateDict(): Map<string, Tensor> {
    this.#expectWeights("EMA.stateDict");
    return new Map(this.#averages.map((average, i) => [`averages.${i}`, snapshot(average)]));
  }

  /**
   * Loads a state dict: all of it or, if anything does not fit, nothing.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type, or while `withAverages` is
   * running
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    this.#expectWeights("EMA.loadStateDict");
    const reader = new StateReader(state);
    const values = this.#averages.map((average, i) => {
      return [average, reader.take(`averages.${i}`, average) ?? average] as const;
    });
    reader.finish("EMA");
    assignAll(values);
  }

  /**
   * Frees the memory of the averages immediately. Using them afterwards throws a StaleValueError. A second call has no effect.
   * Loops that await their losses need no `dispose`: see `dispose` of a module.
   *
   * Throws: ArgumentError while `withAverages` is running
   */
  dispose(): void {
    this.#expectWeights("EMA.dispose");
    disposeAll(this.#averages);
    for (const numbers of Object.values(this.#numbers)) numbers.dispose();
  }

  /** Called by `using` at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  #next(average: Tensor, variable: Variable): Tensor {
    const { dtype } = variable;
    if (dtype !== "float32" && dtype !== "float64") return variable;
    const { decay, rest } = this.#numbers[dtype].tensors;
    return average.mul(decay).add(variable.detach().mul(rest));
  }

  #put(values: readonly Tensor[]): void {
    assignAll(this.variables.map((variable, i) => [variable, values[i]]));
  }

  #expectWeights(called: string): void {
    if (!this.#inUse) return;
    throw new ArgumentError(
      called,
      "`withAverages` is running, so the parameters contain the averages",
      "Await `withAverages` first",
    );
  }
}
