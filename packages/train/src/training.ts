import type { DataLoader } from "@stargrad/datasets";
import type { Module } from "@stargrad/nn";
import { moduleKind } from "@stargrad/nn/internal";
import {
  Scheduler,
  type ClosureOptimizer,
  type EMA,
  type Optimizer,
  type Schedule,
  type Scheduled,
} from "@stargrad/optim";
import { ArgumentError, type Generator } from "@stargrad/tensor";
import {
  anything,
  callable,
  count,
  expectOptions,
  warn,
  wholeFrom,
  type Kind,
  type OptionKinds,
} from "@stargrad/tensor/internal";

import { clipKind, type Clip } from "./clip.js";
import { earlyStoppingKind, stoppingOf, type EarlyStopping } from "./early-stopping.js";
import { expectLoader } from "./expect-loader.js";
import { metricsKind, type AnyMetric } from "./metrics.js";
import type { Stateful } from "./stateful.js";

/** A schedule for all groups of an optimizer, one for each, or a Scheduler. */
export type FitSchedule = Schedule | readonly Schedule[] | Scheduler;

/**
 * All objects of a training run whose state changes from step to step. The default generator is always included. `fit` takes the
 * same object.
 */
export interface Training {
  readonly model: Module;
  readonly optimizer?: Optimizer | ClosureOptimizer;
  readonly loader?: DataLoader<unknown>;
  /** A Scheduler is saved. A schedule has no state; the optimizer's state contains the learning rates that it multiplies. */
  readonly schedule?: FitSchedule;
  readonly ema?: EMA;
  /** Further generators that the run uses, such as one passed to a dropout layer. */
  readonly generators?: Readonly<Record<string, Generator>>;
  /** Further objects with a state, such as `{ plateau: new ReduceOnPlateau(optimizer) }`. */
  readonly states?: Readonly<Record<string, Stateful>>;
  /** Of `fit`; not saved, as the following. */
  readonly forward?: ((model: never, batch: never) => unknown) | undefined;
  readonly loss?: AnyMetric;
  readonly metrics?: Readonly<Record<string, AnyMetric>>;
  readonly validation?: DataLoader<unknown>;
  /** What is known of the best epoch is saved. It needs the optimizer. */
  readonly earlyStopping?: EarlyStopping;
  readonly signal?: { readonly aborted: boolean };
  readonly clip?: Clip;
  readonly accumulate?: number;
  readonly epochs?: number;
  readonly startEpoch?: number;
}

const scheduleKind: Kind = [
  "a schedule, such as schedules.cosine({ steps: 1000 }), or a Scheduler",
  (value) =>
    typeof value === "function" ||
    (Array.isArray(value) ? value.every(callable[1]) : hasMethods(value, "set", "stateDict")),
];

/** By its methods, because an optimizer may extend neither class. */
export const optimizerKind: Kind = [
  "an optimizer, such as new Adam(model.parameters())",
  (value) => hasMethods(value, "step", "stateDict", "loadStateDict") && "groups" in Object(value),
];

/** Of every option of `fit` and every part of a training. */
export const trainingKinds: OptionKinds<Training> = {
  model: moduleKind,
  optimizer: optimizerKind,
  // Checked by expectLoader.
  loader: anything,
  forward: callable,
  loss: callable,
  metrics: metricsKind,
  // Checked by expectLoader.
  validation: anything,
  earlyStopping: earlyStoppingKind,
  signal: ["an AbortSignal, such as new AbortController().signal", (value) => "aborted" in Object(value)],
  clip: clipKind,
  accumulate: count,
  epochs: /* @__PURE__ */ wholeFrom(0),
  startEpoch: /* @__PURE__ */ wholeFrom(0),
  schedule: scheduleKind,
  ema: ["an EMA", (value) => hasMethods(value, "update", "stateDict")],
  generators: anything,
  states: [
    "objects with stateDict and loadStateDict, by name",
    (value) =>
      typeof value === "object" &&
      value !== null &&
      Object.values(value).every((each) => hasMethods(each, "stateDict", "loadStateDict")),
  ],
};

/** Checks the parts of a training at run time. Throws: ArgumentError unless all are what their names say */
export function expectTraining<Options extends { readonly loader?: unknown }>(
  called: string,
  options: Options,
  kinds: OptionKinds<Options>,
  required: readonly (keyof Options & string)[] = ["model" as keyof Options & string],
): void {
  expectOptions(called, options, kinds, required);
  if (options.loader !== undefined) expectLoader(called, options.loader);
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  const methods = Object(value) as Readonly<Record<string, unknown>>;
  return names.every((name) => typeof methods[name] === "function");
}

/** A function that sets the learning rates of an optimizer for a step, counted from 0. */
export function rateSetter(
  optimizer: Optimizer | ClosureOptimizer,
  schedule: FitSchedule | undefined,
): (step: number) => void {
  if (schedule === undefined) return () => undefined;
  if (typeof schedule === "object" && "set" in schedule)
    return (step) => {
      schedule.set(step);
    };
  // Groups of an optimizer of one's own may have no learning rate, which the type does not tell; the next line checks.
  const { groups } = optimizer as unknown as Scheduled;
  if (!groups.every(({ learningRate }) => Number.isFinite(learningRate))) {
    throw new ArgumentError("fit", "got a schedule for an optimizer without learning rates");
  }
  const scheduler = new Scheduler({ groups }, schedule);
  let rates: readonly number[] | null = null;
  let hasWarned = false;
  return (step) => {
    const changed = groups.find(({ learningRate }, i) => rates !== null && learningRate !== rates[i]);
    const changedTo = changed?.learningRate;
    scheduler.set(step);
    if (changed !== undefined && !hasWarned) {
      hasWarned = true;
      warn(
        `fit: the learning rate was changed to ${changedTo}, but \`schedule\` sets it at every step, to ${changed.learningRate} now. Use either a schedule or changes of your own, such as ReduceOnPlateau.`,
      );
    }
    rates = groups.map(({ learningRate }) => learningRate);
  };
}

/** The objects of a training with a state dict, by name, besides the model and the optimizer. */
export function statefulParts({
  model,
  optimizer,
  schedule,
  ema,
  earlyStopping,
  states = {},
}: Training): Map<string, Stateful> {
  const parts = new Map<string, Stateful>();
  if (earlyStopping !== undefined && optimizer !== undefined) {
    parts.set("earlyStopping", stoppingOf({ model, optimizer }));
  }
  if (schedule !== undefined && "stateDict" in schedule) parts.set("schedule", schedule);
  if (ema !== undefined) parts.set("ema", ema);
  for (const [name, state] of Object.entries(states)) {
    if (parts.has(name) || name.includes(".")) {
      throw new ArgumentError("Checkpoint", `got a state named ${name}`, "Choose another name, without dots");
    }
    parts.set(name, state);
  }
  return parts;
}
