import { assignAll, Buffer, type Assignments, type Variable } from "@stargrad/autograd";
import { ArgumentError, type Tensor } from "@stargrad/tensor";
import { disposeSymbol, snapshot, withoutHistory } from "@stargrad/tensor/internal";
import { disposeAll } from "./buffers.js";
import { expectEachOnce } from "./groups.js";
import { expectFraction } from "./ranges.js";
import { StateReader } from "./state-dict.js";
import { StepNumbers } from "./step-numbers.js";

export interface EMAOptions {
  /** How much of the average is kept from update to update. Default: 0.999. */
  readonly decay?: number;
}

/**
 * Running averages e of weights p, which often do better on data that has not been seen than the weights of the last
 * step; they begin as the weights are when it is made, and after each step of the optimizer
 *
 *     e ← d e + (1 − d) p
 *
 * Buffers may be averaged with the parameters, so that running statistics fit the averaged weights; what is not of a
 * floating-point type, such as a count of batches, is as of the last update.
 *
 * Defaults: decay d 0.999
 * Throws: ArgumentError if the decay is not in [0, 1], if there is no parameter, or if one is given twice
 * Source: Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992;
 *         torch.optim.swa_utils.AveragedModel
 */
export class EMA {
  readonly #variables: readonly Variable[];
  readonly #averages: readonly Buffer[];
  readonly #numbers = {
    float32: new StepNumbers("float32"),
    float64: new StepNumbers("float64"),
  };
  #inUse = false;

  constructor(parameters: Iterable<Variable>, { decay = 0.999 }: EMAOptions = {}) {
    expectFraction("EMA", { decay });
    this.#variables = [...parameters];
    expectEachOnce("EMA", this.#variables);
    this.#averages = this.#variables.map(
      (variable) => new Buffer(snapshot(variable), { keepsPrevious: false }),
    );
    for (const numbers of Object.values(this.#numbers)) numbers.set({ decay, rest: 1 - decay });
  }

  /**
   * Takes the weights of the moment into the averages, all as one program.
   *
   * Throws: ArgumentError while the averages stand in for the weights
   */
  update(): void {
    assignAll(this.updates());
  }

  /**
   * The next averages, still to be computed, for a training step that assigns them together with others.
   *
   * Throws: ArgumentError while the averages stand in for the weights
   */
  updates(): Assignments {
    this.#expectWeights("EMA.update");
    return withoutHistory(() =>
      this.#averages.map((average, i) => [average, this.#next(average, this.#variables[i])] as const),
    );
  }

  /**
   * Runs `use` with the averages in place of the weights, to evaluate or save the averaged model. Afterwards the weights
   * are back to the bit, whether it returned or threw; what has been assigned to the parameters in between is lost.
   *
   * Throws: ArgumentError while the averages stand in for the weights already; whatever `use` throws
   */
  async withAverages<T>(use: () => T | Promise<T>): Promise<T> {
    this.#expectWeights("EMA.withAverages");
    const weights = this.#variables.map(snapshot);
    this.#put(this.#averages.map(snapshot));
    this.#inUse = true;
    try {
      return await use();
    } finally {
      this.#inUse = false;
      this.#put(weights);
    }
  }

  /** The averages as they are now, `averages.0` and so on, in the order of the parameters. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#averages.map((average, i) => [`averages.${i}`, snapshot(average)]));
  }

  /**
   * Goes on from a state dict: takes all of it or, if anything does not fit, nothing.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const reader = new StateReader(state);
    const values = this.#averages.map((average, i) => {
      return [average, reader.take(`averages.${i}`, average) ?? average] as const;
    });
    reader.finish("EMA");
    assignAll(values);
  }

  /**
   * Gives back at once what the averages take. Whoever uses them afterwards gets a StaleValueError. Disposing of them twice is
   * the same as once. Loops that await their losses do without: see `dispose` of a module.
   *
   * Throws: ArgumentError while the averages stand in for the weights
   */
  dispose(): void {
    this.#expectWeights("EMA.dispose");
    disposeAll(this.#averages);
    for (const numbers of Object.values(this.#numbers)) numbers.dispose();
  }

  /** What `using` does at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  #next(average: Tensor, variable: Variable): Tensor {
    const { dtype } = variable;
    if (dtype !== "float32" && dtype !== "float64") return variable;
    const { decay, rest } = this.#numbers[dtype].tensors;
    return average.mul(decay).add(variable.stopGradient().mul(rest));
  }

  #put(values: readonly Tensor[]): void {
    assignAll(this.#variables.map((variable, i) => [variable, values[i]]));
  }

  #expectWeights(called: string): void {
    if (!this.#inUse) return;
    throw new ArgumentError(
      called,
      "the averages stand in for the weights",
      "Wait for `withAverages` to end",
    );
  }
}
