import { assignAll, type Assignments, type Buffer, type Parameter } from "@stargrad/autograd";
import { ArgumentError, realize, tensor, type Shape, type Tensor } from "@stargrad/tensor";
import {
  disposeSymbol,
  expectNoRecording,
  snapshot,
  takeBackIfItFails,
  withoutHistory,
} from "@stargrad/tensor/internal";
import { disposeAll, filled, setBuffers } from "./buffers.js";
import { cohortsOf, type Cohort } from "./cohorts.js";
import { groupsOf, type Group, type ParameterSource, type Settings } from "./groups.js";
import { numberIn, readSetting, StateReader, writeSetting, type Setting } from "./state-dict.js";
import { StepNumbers } from "./step-numbers.js";

export interface OptimizerOptions {
  /** How far a step goes. Default: 0.001. */
  readonly learningRate?: number;
  /** Whether to climb the gradient instead of descending it. Default: false. */
  readonly maximize?: boolean;
}

/** What is kept about one parameter from step to step, by name; every tensor is of the parameter's type. */
export type State<Name extends string> = Readonly<Record<Name, Tensor>>;

/** The numbers that a method of this type names, as tensors without axes: `Tensors<Adam["numbers"]>`. */
export type Tensors<Numbers extends (settings: never, step: number) => Readonly<Record<string, number>>> = {
  readonly [Name in keyof ReturnType<Numbers>]: Tensor;
};

/** What decides which operations an update is made of. */
export type Structure = Readonly<Record<string, boolean | number>>;

/** What a step makes of one parameter. */
export interface Update<Name extends string> {
  readonly parameter: Tensor;
  readonly state: Partial<State<Name>>;
}

/** Where the gradients of parameters come from. */
type GradientSource = (parameter: Parameter) => Tensor | null;

/** How many steps a parameter has taken, and what is kept about it. */
interface History {
  steps: number;
  readonly state: Map<string, Buffer>;
}

/**
 * What all optimizers share: groups, the state of each parameter, and the step, which is one program. How one parameter
 * changes is a pure function, `update`, of tensors alone: what settings and step number say in numbers are inputs of the
 * program (`numbers`), and what they say of its operations is the same at every step (`structure`). So nothing is compiled
 * anew because time has passed, and a step that was recorded can be run again.
 *
 * Throws: ArgumentError if there is no parameter, if one is given twice, or if an option is unknown or out of range
 * Source: torch.optim.Optimizer
 */
export abstract class Optimizer<
  Options extends OptimizerOptions & { readonly [Option in keyof Options]?: Setting } = OptimizerOptions,
  Name extends string = string,
> {
  readonly groups: readonly Group<Options>[];
  readonly #options: readonly string[];
  readonly #histories = new Map<Parameter, History>();
  /** By the name of the cohort. */
  readonly #numbers = new Map<string, StepNumbers>();
  #isDisposed = false;

  constructor(parameters: ParameterSource<Options>, options: Options, defaults: Settings<Options>) {
    this.#options = Object.keys(defaults);
    this.groups = groupsOf(this.constructor.name, parameters, options, defaults);
    for (const group of this.groups) this.check(group);
  }

  /**
   * Gives every parameter that has a gradient its next value. The others stay as they are; they do not even decay.
   *
   * Throws: ArgumentError if a setting has been changed to something out of range; then nothing has changed
   */
  step(): void {
    const parameters = this.#parameters().filter((parameter) => parameter.peekGradient() !== null);
    this.advance(parameters, (updates) => {
      assignAll(updates());
    });
  }

  /**
   * A step in its three parts, for whoever runs it as part of a larger program: sets the numbers of the step for those of
   * these parameters that are the optimizer's own, calls `take`, and counts the step when that returns. `take` assigns
   * what `updates` builds from the gradients, or runs a program in which that was recorded, one for each `programKey`;
   * what it returns is passed on.
   *
   * Throws: ArgumentError if a setting has been changed to something out of range; whatever `take` throws. Then the step
   * does not count.
   */
  advance<R>(parameters: Iterable<Parameter>, take: (updates: () => Assignments) => R): R {
    expectNoRecording(`${this.constructor.name}.step`, "a step is taken");
    this.#expectNotDisposed("step");
    for (const group of this.groups) this.check(group);
    const cohorts = this.#cohortsOf(parameters);
    for (const cohort of cohorts) {
      this.#numbersOf(cohort).set(this.numbers(cohort.group, cohort.step));
      // At its first step a parameter may still have the states of a training that was taken back.
      this.#beginStates(cohort, { anew: cohort.step === 1 });
    }
    const result = take(() => this.#updatesOf(cohorts, (parameter) => parameter.peekGradient()));
    for (const { group, places } of cohorts) {
      for (const place of places) {
        const history = this.#historyOf(group.parameters[place]);
        history.steps++;
        takeBackIfItFails(() => history.steps--);
      }
    }
    return result;
  }

  /**
   * What a step of these parameters assigns, still to be computed: their next values and those of their states. It
   * computes and changes nothing, so it can be recorded, and the step taken later by `advance`.
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
   * A text that is the same for two steps of these parameters exactly if they are the same operations on the same
   * variables. Learning rates and step numbers do not matter to it; a weight decay that becomes 0 does, and so does which
   * parameters have taken equally many steps.
   */
  programKey(parameters: Iterable<Parameter>): string {
    return JSON.stringify(
      this.#cohortsOf(parameters).map(({ name, group, places }) => [
        name,
        group.maximize === true,
        this.structure(group),
        places,
      ]),
    );
  }

  /** Forgets all gradients; without it the next `backward` adds to them. */
  zeroGrad(): void {
    for (const parameter of this.#parameters()) parameter.grad = null;
  }

  /**
   * All settings, step counts and states as they are now, by name, `groups.0.learningRate` or `groups.0.parameters.3.step`:
   * with the values of the parameters, everything that is needed to go on from here.
   */
  stateDict(): Map<string, Tensor> {
    this.#expectNotDisposed("stateDict");
    const state = new Map<string, Tensor>();
    for (const [i, group] of this.groups.entries()) {
      for (const [option, setting] of this.#settingsOf(group)) {
        state.set(`groups.${i}.${option}`, writeSetting(setting));
      }
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

  /**
   * Goes on from a state dict: takes all of it or, if anything does not fit, nothing.
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
      return { group, settings, histories };
    });
    reader.finish(this.constructor.name);
    for (const { settings } of loaded) this.check(settings);
    const histories = loaded.flatMap((group) => group.histories);
    realize(...histories.flatMap(({ tensors }) => tensors.map(([, value]) => value)));
    for (const { group, settings } of loaded) Object.assign(group, settings);
    for (const { parameter, steps, tensors } of histories) {
      const history = this.#historyOf(parameter);
      setBuffers(history.state, tensors);
      history.steps = steps;
    }
  }

  /**
   * Gives back at once what is kept about its parameters, which stay as they are, and so do their gradients. Whoever takes a
   * step with it afterwards gets an ArgumentError. Disposing of it twice is the same as once. Loops that await their losses do
   * without: see `dispose` of a module.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  dispose(): void {
    expectNoRecording("dispose", "an optimizer is disposed of");
    this.#isDisposed = true;
    for (const { state } of this.#histories.values()) disposeAll(state.values());
    for (const numbers of this.#numbers.values()) numbers.dispose();
    this.#histories.clear();
    this.#numbers.clear();
  }

  /** What `using` does at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Throws an ArgumentError if a setting is out of range. */
  protected abstract check(settings: Settings<Options>): void;

  /** What is kept about a parameter, by name, and the value that all its elements have before the first step. */
  protected abstract initialState(settings: Settings<Options>): Partial<Readonly<Record<Name, number>>>;

  /** The shape of a tensor of the state: the parameter's own, unless a subclass keeps one number for all of it. */
  protected stateShape(_name: Name, parameter: Parameter): Shape {
    return parameter.shape;
  }

  /** Every number that `update` computes with, by name, for the step of this number, from 1. */
  protected abstract numbers(settings: Settings<Options>, step: number): Readonly<Record<string, number>>;

  /** All that `update` has to know of the settings to choose its operations, such as whether there is weight decay. */
  protected abstract structure(settings: Settings<Options>): Structure;

  /**
   * One step of one parameter. It depends on its arguments alone, changes nothing, and builds the same operations whenever
   * `structure` is the same.
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
      "the optimizer has been disposed of, and its state is gone",
      "Make another, or save its state before",
    );
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
    return filled(this.stateShape(name, parameter), parameter.dtype, value);
  }

  /** Makes the states that a step begins with: all of them anew, or those that are not there yet. */
  #beginStates({ group, places }: Cohort<Options>, { anew }: { readonly anew: boolean }): void {
    const initial = entriesOf(this.initialState(group));
    for (const parameter of places.map((place) => group.parameters[place])) {
      const { state } = this.#historyOf(parameter);
      const missing = initial.filter(([name]) => anew || !state.has(name));
      setBuffers(
        state,
        missing.map(([name, value]) => [name, this.#initialTensor(parameter, name, value)]),
      );
    }
  }

  /** The next values of the parameters of cohorts and of their states, still to be computed. */
  #updatesOf(cohorts: readonly Cohort<Options>[], gradientOf: GradientSource): Assignments {
    return withoutHistory(() => cohorts.flatMap((cohort) => this.#updatesOfCohort(cohort, gradientOf)));
  }

  #updatesOfCohort(cohort: Cohort<Options>, gradientOf: GradientSource): Assignments {
    const { group, places } = cohort;
    const { tensors } = this.#numbersOf(cohort);
    const structure = this.structure(group);
    return places.flatMap((place): Assignments => {
      const parameter = group.parameters[place];
      const gradient = this.#directed(gradientOf(parameter), parameter, group);
      const state = Object.fromEntries(this.#historyOf(parameter).state) as Record<Name, Buffer>;
      // Without stopGradient the new value would remember how it came about, and with it every value before.
      const next = this.update(parameter.stopGradient(), gradient, state, tensors, structure);
      return [
        [parameter, next.parameter],
        ...entriesOf(next.state).map(([name, value]) => [state[name], value] as const),
      ];
    });
  }

  /** The gradient in the direction that is descended. */
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

  /** What a state dict says about a parameter. */
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
