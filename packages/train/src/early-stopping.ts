import type { Module } from "@stargrad/nn";
import type { EMA } from "@stargrad/optim";
import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import {
  expectOptions,
  flag,
  isRecord,
  notNegative,
  oneOf,
  shared,
  text,
  wholeFrom,
  writeValue,
  type Kind,
} from "@stargrad/tensor/internal";

import type { Stateful } from "./stateful.js";

/** When `fit` ends before its last epoch. */
export interface EarlyStopping {
  /** The run ends after this number of epochs in a row without an improvement. */
  readonly patience: number;
  /** How much better than the best one a value has to be. Default: 0. */
  readonly minDelta?: number;
  /** The name of the metric that decides. Default: `"loss"`. */
  readonly of?: string;
  /** Whether a smaller or a larger value is better. Default: `"min"` for the loss; required for a metric. */
  readonly mode?: "min" | "max";
  /** Whether the model has the weights and buffers of the best epoch after the run. Default: true. */
  readonly restoreBest?: boolean;
}

export const earlyStoppingKind: Kind = ["options, such as { patience: 5 }", isRecord];

/** Throws: ArgumentError for wrong options, or a metric that is not reported */
export function expectEarlyStopping(options: EarlyStopping, metrics: readonly string[]): void {
  const kinds = {
    patience: wholeFrom(1),
    minDelta: notNegative,
    of: text,
    mode: oneOf("min", "max"),
    restoreBest: flag,
  };
  expectOptions<EarlyStopping>("fit({ earlyStopping })", options, kinds, ["patience"]);
  const { of = "loss", mode } = options;
  if (of === "loss") return;
  if (!metrics.includes(of)) {
    throw new ArgumentError(
      "fit({ earlyStopping })",
      `got of ${writeValue(of)}; expected "loss" or the name of a metric${metrics.length > 0 ? `: ${metrics.join(", ")}` : ""}`,
    );
  }
  if (mode !== undefined) return;
  throw new ArgumentError(
    "fit({ earlyStopping })",
    `expected mode for the metric ${of}`,
    'Pass mode: "max" if larger values are better, otherwise mode: "min"',
  );
}

/** What a run knows of its best epoch. A checkpoint contains it. */
class Stopping implements Stateful {
  /** The best value; NaN before the first epoch. */
  #best = NaN;
  /** The number of epochs since the best one. */
  #waited = 0;
  /** The state of the model after the best epoch, and that of its averages. Empty if it is not kept. */
  #weights: ReadonlyMap<string, Tensor> = new Map();
  #averages: ReadonlyMap<string, Tensor> = new Map();

  /** Forgets everything, for a run that begins anew. */
  reset(): void {
    this.#set({ best: NaN, waited: 0, weights: new Map(), averages: new Map() });
  }

  isOver({ patience }: EarlyStopping): boolean {
    return this.#waited >= patience;
  }

  /** Notes the value of an epoch. NaN is no improvement. Returns whether it is the best. */
  async note(
    value: number,
    options: EarlyStopping,
    { model, ema }: { readonly model: Module; readonly ema?: EMA | undefined },
  ): Promise<boolean> {
    const { minDelta = 0, mode = "min", restoreBest = true } = options;
    const gain = mode === "min" ? this.#best - value : value - this.#best;
    const isBest = (Number.isNaN(this.#best) && !Number.isNaN(value)) || gain > minDelta;
    if (!isBest) {
      this.#waited++;
      return false;
    }
    const kept = { weights: new Map<string, Tensor>(), averages: new Map<string, Tensor>() };
    if (restoreBest) {
      const read = (): Map<string, Tensor> => model.stateDict();
      kept.weights = ema === undefined ? read() : await ema.withAverages(read);
      kept.averages = ema?.stateDict() ?? kept.averages;
    }
    this.#set({ best: value, waited: 0, ...kept });
    return true;
  }

  /** Gives a model the weights of the best epoch, which are averages if averages were validated. */
  restoreBest({ model, ema }: { readonly model: Module; readonly ema?: EMA | undefined }): void {
    if (this.#weights.size === 0) return;
    model.loadStateDict(this.#weights);
    ema?.loadStateDict(this.#averages);
  }

  stateDict(): Map<string, Tensor> {
    return new Map([
      ["best", tensor(this.#best, { dtype: "float64" })],
      ["waited", tensor(this.#waited, { dtype: "int32" })],
      ...[...this.#weights].map(([name, value]) => [`weights.${name}`, value] as const),
      ...[...this.#averages].map(([name, value]) => [`ema.${name}`, value] as const),
    ]);
  }

  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    // Tensors of a state dict and of a file are in host memory.
    // eslint-disable-next-line no-restricted-syntax
    const [best, waited] = ["best", "waited"].map((name) => state.get(name)?.itemSync());
    if (best === undefined || waited === undefined) {
      throw new ArgumentError("earlyStopping.loadStateDict", "the state has no best value");
    }
    const within = (prefix: string): Map<string, Tensor> =>
      new Map(
        [...state].flatMap(([name, value]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
        ),
      );
    this.#set({ best, waited, weights: within("weights."), averages: within("ema.") });
  }

  #set(state: {
    readonly best: number;
    readonly waited: number;
    readonly weights: ReadonlyMap<string, Tensor>;
    readonly averages: ReadonlyMap<string, Tensor>;
  }): void {
    this.#best = state.best;
    this.#waited = state.waited;
    this.#weights = state.weights;
    this.#averages = state.averages;
  }
}

const stoppings = /* @__PURE__ */ shared("stoppings", () => new WeakMap<object, WeakMap<Module, Stopping>>());

/** What the runs of a model with an optimizer know of their best epoch, as `runOf` tells their position. */
export function stoppingOf({
  model,
  optimizer,
}: {
  readonly model: Module;
  readonly optimizer: object;
}): Stopping {
  const known = stoppings.get(optimizer) ?? new WeakMap<Module, Stopping>();
  stoppings.set(optimizer, known);
  const stopping = known.get(model) ?? new Stopping();
  known.set(model, stopping);
  return stopping;
}
