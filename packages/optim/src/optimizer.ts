import { assignAll, type Assignments, type Buffer, type Parameter } from "@stargrad/autograd";
import { expectNotLent } from "@stargrad/autograd/internal";
import { ArgumentError, realize, tensor, type Shape, type Tensor } from "@stargrad/tensor";
import {
  disposeSymbol,
  expectNoRecording,
  filledLeaf,
  inStep,
  snapshot,
  StateReader,
  takeBackIfItFails,
  withoutHistory,
} from "@stargrad/tensor/internal";
import { readBaseRate, writeBaseRate } from "./base-rates.js";
import { disposeAll, setBuffers } from "./buffers.js";
import { cohortsOf, type Cohort } from "./cohorts.js";
import { groupsOf, refuseSettings, type Group, type ParameterSource, type Settings } from "./groups.js";
import { numberIn, readSetting, writeSetting, type Setting } from "./state-dict.js";
import { warnUnlessFrozen } from "./missing-gradients.js";
import { StepNumbers } from "./step-numbers.js";

export interface OptimizerOptions {
  /** The learning rate. Default: 0.001. */
  readonly learningRate?: number;
  /** Whether to maximize the objective instead of minimizing it. Default: false. */
  readonly maximize?: boolean;
}

/** The state of one parameter, by name. All tensors have the parameter's element type. */
export type State<Name extends string> = Readonly<Record<Name, Tensor>>;

/** The numbers that a method of this type returns, as scalar tensors: `Tensors<Adam["numbers"]>`. */
export type Tensors<Numbers extends (settings: never, step: number) => Readonly<Record<string, number>>> = {
  readonly [Name in keyof ReturnType<Numbers>]: Tensor;
};

/** The settings that select the operations of an update. */
export type Structure = Readonly<Record<string, boolean | number>>;

/** The new value and the new state of one parameter. */
export interface Update<Name extends string> {
  readonly parameter: Tensor;
  readonly state: Partial<State<Name>>;
}

/** Returns the gradient of a parameter. */
type GradientSource = (parameter: Parameter) => Tensor | null;

/** The number of steps of a parameter, and its state. */
interface History {
  steps: number;
  readonly state: Map<string, Buffer>;
}

/**
 * The base class of all optimizers: groups, the state of each parameter, and the step, which is one program. Subclasses define
 * the update of one parameter as a pure function of tensors, `update`. Numbers that depend on settings and on the step number
 * are inputs of the program (`numbers`); settings that select operations are separate (`structure`). So a later step needs no
 * new compilation, and a recorded step can run again.
 *
 * Throws: ArgumentError if there is no parameter, if one is given twice, or if an option is unknown or out of range
 * Source: torch.optim.Optimizer
 */
export abstract class Optimizer<
  Options extends OptimizerOptions & { readonly [Option in keyof Options]?: Setting } = OptimizerOptions,
  Name extends string = string,
> {
  static {
    refuseSettings(this, "Optimizer");
  }

  readonly groups: readonly Group<Options>[];
  readonly #options: readonly string[];
  readonly #histories = new Map<Parameter, History>();
  /** The numbers of each cohort, by its name. */
  readonly #numbers = new Map<string, StepNumbers>();
  #isDisposed = false;
  #hasWarned = false;

  constructor(parameters: ParameterSource<Options>, options: Options, defaults: Settings<Options>) {
    this.#options = Object.keys(defaults);
    this.groups = groupsOf(this.constructor.name, parameters, options, defaults);
    for (const group of this.groups) this.check(group);
  }

  /**
   * Updates every parameter that has a gradient. The others do not change; weight decay does not apply to them either.
   *
   * A step without any gradient changes nothing. The first one warns, because it usually is a mistake that would otherwise show only
   * as a loss that does not fall: no `backward`, gradients that were set to null before the step, or a loss of another model. It is
   * no mistake for the optimizer of a branch that this step did not take, or if all parameters are frozen.
   *
   * Throws: ArgumentError if a changed setting is out of range, or if `evaluate` or `withAverages` was not awaited; then nothing has
   * changed
   */
  step(): void {
    const parameters = this.#parameters().filter((parameter) => parameter.peekGradient() !== null);
    if (parameters.length === 0) this.#warnUnlessFrozen();
    this.advance(parameters, (updates) => {
      assignAll(updates());
    });
  }

  /**
   * A step as part of a larger program. It sets the numbers of the step for those of the given parameters that belong to the
   * optimizer, calls `take`, and counts the step when `take` returns. `take` assigns the result of `updates`, which is built
   * from the gradients, or runs a program that recorded these assignments, one for each `programKey`. Returns the result of
   * `take`.
   *
   * Throws: ArgumentError if a changed setting is out of range; the errors of `take`. The step is then not counted.
   */
  advance<R>(parameters: Iterable<Parameter>, take: (updates: () => Assignments) => R): R {
    expectNoRecording(`${this.constructor.name}.step`, "a step is taken");
    this.#expectNotDisposed("step");
    for (const group of this.groups) this.check(group);
    const cohorts = this.#cohortsOf(parameters);
    expectNotLent(`${this.constructor.name}.step`, this.#parameters());
    for (const cohort of cohorts) {
      this.#numbersOf(cohort).set(this.numbers(cohort.group, cohort.step));
      // Before its first step, a parameter may still have states from a step that failed or from a state dict of step 0.
      this.#beginStates(cohort, { anew: cohort.step === 1 });
    }
    const result = inStep(
      () => `step ${Math.max(0, ...cohorts.map(({ step }) => step))} of ${this.constructor.name}`,
      () => take(() => this.#updatesOf(cohorts, (parameter) => parameter.peekGradient())),
    );
    for (const { group, indices } of cohorts) {
      for (const index of indices) {
        const history = this.#historyOf(group.parameters[index]);
        history.steps++;
        takeBackIfItFails(() => history.steps--);
      }
    }
    return result;
  }

  /**
   * The assignments of a step of these parameters as lazy tensors: their next values and states. It computes and changes
   * nothing, so it can be recorded; `advance` takes the step later.
   *
   * Throws: ArgumentError if a parameter has no gradient
   */
  updates(parameters: Iterable<Parameter>): Assignments {
    const cohorts = this.#cohortsOf(parameters);
    for (const cohort of cohorts) {
      this.#numbersOf(cohort).begin(this.numbers(cohort.group, cohort.step));
      this.#beginStates(cohort, { anew: false });
    }
    return this.#updatesOf(cohorts, ({ grad }) => grad);
  }

  /**
   * A key that is equal for two steps of these parameters if and only if they consist of the same operations on the same
   * variables. It does not depend on learning rates and step numbers. It depends on whether weight decay is 0, and on which
   * parameters have the same number of steps.
   */
  programKey(parameters: Iterable<Parameter>): string {
    return JSON.stringify(
      this.#cohortsOf(parameters).map(({ name, group, indices }) => [
        name,
        group.maximize === true,
        this.structure(group),
        indices,
      ]),
    );
  }

  /** Sets all gradients to null; otherwise the next `backward` adds to them. */
  zeroGrad(): void {
    for (const parameter of this.#parameters()) parameter.grad = null;
  }

  /**
   * All current settings, step counts and states, by name, such as `groups.0.learningRate` or `groups.0.parameters.3.step`.
   * Together with the values of the parameters, this is everything that is needed to resume training.
   */
  stateDict(): Map<string, Tensor> {
    this.#expectNotDisposed("stateDict");
    const state = new Map<string, Tensor>();
    for (const [i, group] of this.groups.entries()) {
      for (const [option, setting] of this.#settingsOf(group)) {
        state.set(`groups.${i}.${option}`, writeSetting(setting));
      }
      writeBaseRate(state, `groups.${i}`, group);
      for (const [j, parameter] of group.parameters.entries()) {
        const path = `groups.${i}.parameters.${j}`;
        const history = this.#historyOf(parameter);
        state.set(`${path}.step`, tensor(history.steps, { dtype: "int32" }));
        if (history.steps === 0) continue;
        for (const [name, value] of entriesOf(this.initialState(group))) {
          const kept = history.state.get(name) ?? this.#initialTensor(parameter, name, value);
          state.set(`${path}.${name}`, snapshot(kept));
        }
      }
    }
    return state;
  }

  /** All values by name, for `JSON.stringify`: the state dict. Throws as `toJSON` of a tensor does. */
  toJSON(): Record<string, Tensor> {
    return Object.fromEntries(this.stateDict());
  }

  /**
   * Loads a state dict: all of it or, if anything does not fit, nothing.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    this.#expectNotDisposed("loadStateDict");
    const reader = new StateReader(state);
    const loaded = this.groups.map((group, i) => {
      const settings = this.#readSettings(reader, `groups.${i}`, group);
      const histories = group.parameters.map((parameter, j) =>
        this.#readHistory(reader, `groups.${i}.parameters.${j}`, parameter, settings),
      );
      return { group, settings, histories, setBaseRate: readBaseRate(state, reader, `groups.${i}`) };
    });
    reader.finish(this.constructor.name);
    for (const { settings } of loaded) this.check(settings);
    const histories = loaded.flatMap((group) => group.histories);
    realize(...histories.flatMap(({ tensors }) => tensors.map(([, value]) => value)));
    for (const { group, settings, setBaseRate } of loaded) setBaseRate(Object.assign(group, settings));
    for (const { parameter, steps, tensors } of histories) {
      const history = this.#historyOf(parameter);
      setBuffers(history.state, tensors);
      history.steps = steps;
    }
  }

  /**
   * Frees the memory of all states immediately. Parameters and their gradients do not change. A later step throws an
   * ArgumentError. A second call has no effect. Loops that await their losses need no `dispose`: see `dispose` of a module.
   *
   * Throws: ArgumentError inside of a recorded function
   */
  dispose(): void {
    expectNoRecording("dispose", "an optimizer is disposed of");
    this.#isDisposed = true;
    for (const { state } of this.#histories.values()) disposeAll(state.values());
    for (const numbers of this.#numbers.values()) numbers.dispose();
    this.#histories.clear();
    this.#numbers.clear();
  }

  /** Called by `using` at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Throws an ArgumentError if a setting is out of range. */
  protected abstract check(settings: Settings<Options>): void;

  /** The names of the state tensors of a parameter, each with the initial value of all its elements. */
  protected abstract initialState(settings: Settings<Options>): Partial<Readonly<Record<Name, number>>>;

  /** The shape of a state tensor: that of the parameter, unless a subclass stores one number for the whole parameter. */
  protected stateShape(_name: Name, parameter: Parameter): Shape {
    return parameter.shape;
  }

  /** All numbers that `update` uses, by name, for the given step number, from 1. */
  protected abstract numbers(settings: Settings<Options>, step: number): Readonly<Record<string, number>>;

  /** The settings by which `update` selects its operations, such as whether there is weight decay. */
  protected abstract structure(settings: Settings<Options>): Structure;

  /**
   * One step of one parameter. A pure function that builds the same operations whenever `structure` is the same.
   */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: State<Name>,
    numbers: Readonly<Record<string, Tensor>>,
    structure: Structure,
  ): Update<Name>;

  #expectNotDisposed(method: string): void {
    if (!this.#isDisposed) return;
    throw new ArgumentError(
      `${this.constructor.name}.${method}`,
      "the optimizer has been disposed of, with its state",
      "Create a new one; to keep the state, call stateDict before dispose",
    );
  }

  /** Warns once, unless all parameters are frozen. */
  #warnUnlessFrozen(): void {
    this.#expectNotDisposed("step");
    if (this.#hasWarned) return;
    this.#hasWarned = warnUnlessFrozen(`${this.constructor.name}.step`, this.#parameters());
  }

  #parameters(): Parameter[] {
    return this.groups.flatMap(({ parameters }) => parameters);
  }

  #cohortsOf(parameters: Iterable<Parameter>): Cohort<Options>[] {
    return cohortsOf(this.groups, new Set(parameters), (parameter) => this.#historyOf(parameter).steps);
  }

  #numbersOf({ name, dtype }: Cohort<Options>): StepNumbers {
    return getOrMake(this.#numbers, name, () => new StepNumbers(dtype));
  }

  #historyOf(parameter: Parameter): History {
    return getOrMake(this.#histories, parameter, () => ({ steps: 0, state: new Map<string, Buffer>() }));
  }

  #initialTensor(parameter: Parameter, name: Name, value: number): Tensor {
    return filledLeaf(this.stateShape(name, parameter), parameter.dtype, value);
  }

  /** Creates the initial states for a step: all of them if `anew`, otherwise the missing ones. */
  #beginStates({ group, indices }: Cohort<Options>, { anew }: { readonly anew: boolean }): void {
    const initial = entriesOf(this.initialState(group));
    for (const parameter of indices.map((index) => group.parameters[index])) {
      const { state } = this.#historyOf(parameter);
      const missing = initial.filter(([name]) => anew || !state.has(name));
      setBuffers(
        state,
        missing.map(([name, value]) => [name, this.#initialTensor(parameter, name, value)]),
      );
    }
  }

  /** The next values of the parameters of cohorts and of their states, as lazy tensors. */
  #updatesOf(cohorts: readonly Cohort<Options>[], gradientOf: GradientSource): Assignments {
    return withoutHistory(() => cohorts.flatMap((cohort) => this.#updatesOfCohort(cohort, gradientOf)));
  }

  #updatesOfCohort(cohort: Cohort<Options>, gradientOf: GradientSource): Assignments {
    const { group, indices } = cohort;
    const { tensors } = this.#numbersOf(cohort);
    const structure = this.structure(group);
    return indices.flatMap((index): Assignments => {
      const parameter = group.parameters[index];
      const gradient = this.#directed(gradientOf(parameter), parameter, group);
      const state = Object.fromEntries(this.#historyOf(parameter).state) as Record<Name, Buffer>;
      // Without detach, the graph of the new value would keep all previous values alive.
      const next = this.update(parameter.detach(), gradient, state, tensors, structure);
      return [
        [parameter, next.parameter],
        ...entriesOf(next.state).map(([name, value]) => [state[name], value] as const),
      ];
    });
  }

  /** The gradient of the function to minimize: negated for `maximize`. */
  #directed(gradient: Tensor | null, { name, shape }: Parameter, { maximize }: Settings<Options>): Tensor {
    if (gradient !== null) return maximize === true ? gradient.neg() : gradient;
    throw new ArgumentError(
      `${this.constructor.name}.advance`,
      `got the parameter ${name ?? `of shape [${shape.join(", ")}]`}, which has no gradient`,
      "Call `backward` first, or leave it out",
    );
  }

  #settingsOf(group: Group<Options>): [name: string, setting: Setting][] {
    const settings = Object.entries(group) as [string, Setting][];
    return settings.filter(([name]) => this.#options.includes(name));
  }

  #readSettings(reader: StateReader, path: string, group: Group<Options>): Settings<Options> {
    const settings = { ...group };
    for (const [option, setting] of this.#settingsOf(group)) {
      const written = reader.take(`${path}.${option}`, writeSetting(setting));
      if (written !== undefined) Object.assign(settings, { [option]: readSetting(written) });
    }
    return settings;
  }

  /** Reads the step count and the states of a parameter from a state dict. */
  #readHistory(
    reader: StateReader,
    path: string,
    parameter: Parameter,
    settings: Settings<Options>,
  ): { parameter: Parameter; steps: number; tensors: [Name, Tensor][] } {
    const written = reader.take(`${path}.step`, { shape: [], dtype: "int32" });
    const steps = written && numberIn(written);
    const names = steps === 0 ? [] : entriesOf(this.initialState(settings)).map(([name]) => name);
    const tensors = names.flatMap((name): [Name, Tensor][] => {
      const shape = this.stateShape(name, parameter);
      const value = reader.take(`${path}.${name}`, { shape, dtype: parameter.dtype });
      return value === undefined ? [] : [[name, value]];
    });
    return { parameter, steps: steps ?? 0, tensors };
  }
}

function entriesOf<Name extends string, Value>(
  named: Readonly<Partial<Record<Name, Value>>>,
): [Name, Value][] {
  return Object.entries(named) as [Name, Value][];
}

function getOrMake<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
