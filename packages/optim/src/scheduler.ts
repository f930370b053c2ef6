import { ArgumentError, tensor, type Tensor } from "@stargrad/tensor";
import {
  callable,
  expectValues,
  finite,
  expectList,
  StateReader,
  type Kind,
} from "@stargrad/tensor/internal";
import { baseRateOf, setRate } from "./base-rates.js";
import type { Schedule } from "./schedules.js";
import { numbersIn } from "./state-dict.js";

/** An object with learning rates, such as an optimizer. */
export interface Scheduled {
  readonly groups: readonly { learningRate: number }[];
}

const scheduledKind: Kind = [
  "an optimizer",
  (value) => Array.isArray((value as Partial<Scheduled> | null | undefined)?.groups),
];

/** Throws an ArgumentError unless the object has learning rates. */
export function expectScheduled(called: string, optimizer: unknown): void {
  expectValues(called, { optimizer }, scheduledKind);
}

/**
 * Sets the learning rate of every group for a step: the group's learning rate when the scheduler is created, times the factor
 * of the schedule. If an earlier scheduler has set that learning rate, also before the optimizer's state was saved and loaded, the
 * earlier one's base is used instead.
 *
 * Creating a scheduler does not change the optimizer, and `set` does not depend on earlier calls, so a run can resume at any
 * step.
 *
 * Throws: ArgumentError if there are several schedules, but not one for each group
 * Source: torch.optim.lr_scheduler.LambdaLR
 */
export class Scheduler {
  /** What it sets the learning rates of. */
  readonly optimizer: Scheduled;
  readonly #schedules: readonly Schedule[];
  #learningRates: readonly number[];

  constructor(optimizer: Scheduled, schedule: Schedule | readonly Schedule[]) {
    expectScheduled("Scheduler", optimizer);
    const { groups } = optimizer;
    this.optimizer = optimizer;
    this.#schedules =
      typeof schedule === "function"
        ? groups.map(() => schedule)
        : (expectList(
            "Scheduler",
            schedule,
            "schedules",
            "Pass a schedule, such as schedules.cosine({ steps: 100 })",
          ) as Schedule[]);
    for (const each of this.#schedules) expectValues("Scheduler", { schedule: each }, callable);
    this.#learningRates = groups.map(baseRateOf);
    if (this.#schedules.length !== groups.length) {
      throw new ArgumentError(
        "Scheduler",
        `got ${this.#schedules.length} schedules for ${groups.length} groups; expected one for each, or one for all`,
      );
    }
  }

  /**
   * Sets the learning rates for the step with the index `step`, from 0. Call it before `optimizer.step()`.
   *
   * Throws: ArgumentError unless it is a whole number of at least 0, and the factors of the schedules are finite numbers
   */
  set(step: number): void {
    if (!Number.isSafeInteger(step) || step < 0) {
      throw new ArgumentError("Scheduler.set", `got the step ${step}; expected a whole number of at least 0`);
    }
    const factors = this.#schedules.map((schedule) => schedule(step));
    for (const factor of factors) expectValues("Scheduler.set", { factor }, finite);
    for (const [i, group] of this.optimizer.groups.entries()) {
      const base = this.#learningRates[i];
      setRate(group, base, base * factors[i]);
    }
  }

  /** The base learning rates, by group, as `learningRates`. */
  stateDict(): Map<string, Tensor> {
    return new Map([["learningRates", tensor(this.#learningRates, { dtype: "float64" })]]);
  }

  /**
   * Loads the base learning rates; those of the optimizer change at the next `set`.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const reader = new StateReader(state);
    const learningRates = reader.take("learningRates", {
      shape: [this.#learningRates.length],
      dtype: "float64",
    });
    reader.finish("Scheduler");
    if (learningRates !== undefined) this.#learningRates = numbersIn(learningRates);
  }
}
