import { assignAll, type Parameter } from "@stargrad/autograd";
import { ArgumentError, realize, type Tensor } from "@stargrad/tensor";
import { expectEachOnce } from "./groups.js";
import { expectFraction } from "./ranges.js";
import { StateReader } from "./state-dict.js";

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
 * Defaults: decay d 0.999
 * Throws: ArgumentError if the decay is not in [0, 1], if there is no parameter, or if one is given twice
 * Source: Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992;
 *         torch.optim.swa_utils.AveragedModel
 */
export class EMA {
  readonly #parameters: readonly Parameter[];
  readonly #decay: number;
  #averages: readonly Tensor[];
  #inUse = false;

  constructor(parameters: Iterable<Parameter>, { decay = 0.999 }: EMAOptions = {}) {
    expectFraction("EMA", { decay });
    this.#parameters = [...parameters];
    expectEachOnce("EMA", this.#parameters);
    this.#decay = decay;
    this.#averages = this.#weights();
  }

  /**
   * Takes the weights of the moment into the averages, all as one program.
   *
   * Throws: ArgumentError while the averages stand in for the weights
   */
  update(): void {
    this.#expectWeights("EMA.update");
    const next = this.#parameters.map((parameter, i) =>
      this.#averages[i].mul(this.#decay).add(parameter.stopGradient().mul(1 - this.#decay)),
    );
    realize(...next);
    this.#averages = next;
  }

  /**
   * Runs `use` with the averages in place of the weights, to evaluate or save the averaged model. Afterwards the weights
   * are back to the bit, whether it returned or threw; what has been assigned to the parameters in between is lost.
   *
   * Throws: ArgumentError while the averages stand in for the weights already; whatever `use` throws
   */
  async withAverages<T>(use: () => T | Promise<T>): Promise<T> {
    this.#expectWeights("EMA.withAverages");
    const weights = this.#weights();
    this.#put(this.#averages);
    this.#inUse = true;
    try {
      return await use();
    } finally {
      this.#inUse = false;
      this.#put(weights);
    }
  }

  /** The averages, as `averages.0` and so on, in the order of the parameters. */
  stateDict(): Map<string, Tensor> {
    return new Map(this.#averages.map((average, i) => [`averages.${i}`, average]));
  }

  /**
   * Goes on from a state dict: takes all of it or, if anything does not fit, nothing.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const reader = new StateReader(state);
    const averages = this.#averages.map((average, i) => reader.take(`averages.${i}`, average) ?? average);
    reader.finish("EMA");
    realize(...averages);
    this.#averages = averages;
  }

  #weights(): Tensor[] {
    const weights = this.#parameters.map((parameter) => parameter.stopGradient());
    realize(...weights);
    return weights;
  }

  #put(values: readonly Tensor[]): void {
    assignAll(this.#parameters.map((parameter, i) => [parameter, values[i]]));
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
