import { assignAll, type Parameter } from "@stargrad/autograd";
import { realize, tensor, type Shape, type Tensor } from "@stargrad/tensor";
import { groupsOf, type Group, type ParameterSource, type Settings } from "./groups.js";
import { readSetting, StateReader, writeSetting, type Setting } from "./state-dict.js";

export interface OptimizerOptions {
  /** How far a step goes. Default: 0.001. */
  readonly learningRate?: number;
  /** Whether to climb the gradient instead of descending it. Default: false. */
  readonly maximize?: boolean;
}

/** What is kept about one parameter from step to step, by name; every tensor is of the parameter's type. */
export type StateTensors<Name extends string> = { readonly [N in Name]?: Tensor };

/** The same, and the number of the step that is being taken, from 1. At the first there are no tensors yet. */
export type State<Name extends string> = StateTensors<Name> & { readonly step: number };

/** What a step makes of one parameter. */
export interface Update<Name extends string> {
  readonly parameter: Tensor;
  readonly state: StateTensors<Name>;
}

/** How many steps a parameter has taken, and what has been kept from the last. */
interface History<Name extends string> {
  readonly steps: number;
  readonly tensors: StateTensors<Name>;
}

/**
 * What all optimizers share: groups, the state of each parameter, and the step, which is one program. How one parameter
 * changes is a pure function, `update`. Settings and step numbers are inputs of the program: nothing is compiled anew
 * because they have changed.
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
  readonly #histories = new Map<Parameter, History<Name>>();

  constructor(parameters: ParameterSource<Options>, options: Options, defaults: Settings<Options>) {
    this.#options = Object.keys(defaults);
    this.groups = groupsOf(this.constructor.name, parameters, options, defaults);
    for (const group of this.groups) this.check(group);
  }

  /**
   * Gives every parameter that has a gradient its next value. The others stay as they are; they do not even decay.
   *
   * Throws: ArgumentError if a setting has been changed to something out of range
   */
  step(): void {
    const updates = this.groups.flatMap((group) => {
      this.check(group);
      return group.parameters.flatMap((parameter) => this.#next(parameter, group));
    });
    // Values and states are computed together, as one program; assigning them then only takes them over.
    realize(
      ...updates.flatMap(({ value, history }) => [
        value,
        ...entriesOf(history.tensors).map(([, kept]) => kept),
      ]),
    );
    assignAll(updates.map(({ parameter, value }) => [parameter, value]));
    for (const { parameter, history } of updates) this.#histories.set(parameter, history);
  }

  /** Forgets all gradients; without it the next `backward` adds to them. */
  zeroGrad(): void {
    for (const parameter of this.groups.flatMap(({ parameters }) => parameters)) parameter.grad = null;
  }

  /**
   * All settings, step counts and states by name, `groups.0.learningRate` or `groups.0.parameters.3.step`: with the values
   * of the parameters, everything that is needed to go on from here.
   */
  stateDict(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const [i, group] of this.groups.entries()) {
      for (const [option, setting] of this.#settingsOf(group)) {
        state.set(`groups.${i}.${option}`, writeSetting(setting));
      }
      for (const [j, parameter] of group.parameters.entries()) {
        const path = `groups.${i}.parameters.${j}`;
        const history = this.#historyOf(parameter);
        state.set(`${path}.step`, tensor(history.steps, { dtype: "int32" }));
        for (const [name, value] of entriesOf(history.tensors)) state.set(`${path}.${name}`, value);
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
    for (const { group, settings, histories } of loaded) {
      Object.assign(group, settings);
      for (const [j, parameter] of group.parameters.entries()) this.#histories.set(parameter, histories[j]);
    }
  }

  /** Throws an ArgumentError if a setting is out of range. */
  protected abstract check(settings: Settings<Options>): void;

  /** Which tensors the state of a parameter has once it has taken a step. */
  protected abstract stateNames(settings: Settings<Options>): readonly Name[];

  /** The shape of a tensor of the state: the parameter's own, unless a subclass keeps one number for all of it. */
  protected stateShape(_name: Name, parameter: Parameter): Shape {
    return parameter.shape;
  }

  /** One step of one parameter: it depends on its arguments alone, and changes nothing. */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    state: State<Name>,
    settings: Settings<Options>,
  ): Update<Name>;

  #historyOf(parameter: Parameter): History<Name> {
    return this.#histories.get(parameter) ?? { steps: 0, tensors: {} };
  }

  /** The next value and history of a parameter, still to be computed; none without a gradient. */
  #next(
    parameter: Parameter,
    settings: Settings<Options>,
  ): { parameter: Parameter; value: Tensor; history: History<Name> }[] {
    const { grad } = parameter;
    if (grad === null) return [];
    const { steps, tensors } = this.#historyOf(parameter);
    const state = { ...tensors, step: steps + 1 };
    const gradient = settings.maximize === true ? grad.neg() : grad;
    // Without stopGradient the new value would remember how it came about, and with it every value before.
    const next = this.update(parameter.stopGradient(), gradient, state, settings);
    return [{ parameter, value: next.parameter, history: { steps: state.step, tensors: next.state } }];
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

  #readHistory(
    reader: StateReader,
    path: string,
    parameter: Parameter,
    settings: Settings<Options>,
  ): History<Name> {
    const steps = reader.take(`${path}.step`, { shape: [], dtype: "int32" })?.itemSync();
    const names = steps === 0 ? [] : this.stateNames(settings);
    const tensors = names.map((name) => {
      const shape = this.stateShape(name, parameter);
      return [name, reader.take(`${path}.${name}`, { shape, dtype: parameter.dtype })];
    });
    return { steps: steps ?? 0, tensors: Object.fromEntries(tensors) as StateTensors<Name> };
  }
}

function entriesOf<Name extends string>(tensors: StateTensors<Name>): [Name, Tensor][] {
  return Object.entries(tensors) as [Name, Tensor][];
}
