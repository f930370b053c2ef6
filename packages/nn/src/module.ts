import { assignAll, Buffer, Parameter, Variable } from "@stargrad/autograd";
import { ArgumentError, realize, type Tensor } from "@stargrad/tensor";
import { disposeSymbol, noteReadingsBy } from "@stargrad/tensor/internal";
import { reportForwardOf } from "./forward-reports.js";
import { readModules } from "./module-reading.js";
import { writeTree } from "./module-tree.js";
import { writeLayer } from "./options.js";
import { matchStateDict } from "./state-dict.js";

// A recorded function goes by the modules that it calls.
noteReadingsBy((f) => readModules([], f));

/**
 * What every layer and every model is: a class with fields and a `forward`.
 *
 * The fields are the model: parameters, buffers, other modules, and arrays of these, in the order they are declared.
 * Names are paths through them, as PyTorch's for the same model: `encoder.0.weight`. What a private field (`#name`), a
 * Map or a plain object holds is not part of the model.
 *
 * Source: torch.nn.Module
 */
export abstract class Module {
  /** Whether layers that behave differently while training (dropout) do so; see `train` and `eval`. */
  training = true;
  readonly #name: string;
  readonly #made: string | null;

  /**
   * `super("Linear", [2, 8], { bias: false })` says how the module was made, and `describe` returns it. A module that passes
   * nothing is called as its class is; one that passes its name keeps it where a bundler shortens the names of classes.
   */
  constructor(name?: string, values?: readonly unknown[], options?: object) {
    reportForwardOf(new.target.prototype);
    this.#name = name ?? new.target.name;
    this.#made = values === undefined ? null : writeLayer(this.#name, values, options);
  }

  /** What the module computes. Each class says what it takes and returns. */
  abstract forward(...inputs: never[]): unknown;

  /** Every parameter once, also one that several layers share. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Every parameter once, by its first name, which messages about it will use from here on. */
  namedParameters(): Map<string, Parameter> {
    return named(firstNames(this.#everyNamed(Parameter)));
  }

  /** Every buffer once, by its first name. */
  namedBuffers(): Map<string, Buffer> {
    return named(firstNames(this.#everyNamed(Buffer)));
  }

  /** Every module once, this one first, by its first name; its own is empty. */
  namedModules(): Map<string, Module> {
    return firstNames<Module>([["", this], ...this.#everyNamed(Module)]);
  }

  /** Every module once, this one first. */
  modules(): Module[] {
    return [...this.namedModules().values()];
  }

  /** The modules in its own fields, each once, and not the modules in those. */
  children(): Module[] {
    return [...new Set([...this.parts()].flatMap(([, part]) => (part instanceof Module ? [part] : [])))];
  }

  /**
   * What its own fields hold, by name: parameters, buffers and modules. One that stands in several fields has each of
   * their names.
   */
  *parts(): Generator<readonly [name: string, part: Variable | Module]> {
    for (const [name, value] of this.fields()) yield* partsOf(name, value);
  }

  /**
   * Calls a function with every module in it, children before what holds them, and with the module itself at last. For
   * weights that are to begin otherwise, say.
   *
   * Source: torch.nn.Module.apply
   */
  apply(f: (module: Module) => void): this {
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }

  /**
   * Has its parameters stay as they are: no gradient reaches them, so no optimizer changes them, from the next `forward`
   * on. A gradient that has arrived is dropped, or the next step would still follow it. Running statistics are not
   * parameters; `eval` keeps those.
   *
   * Source: torch.nn.Module.requires_grad_(False)
   */
  freeze(): this {
    for (const [, parameter] of this.#everyNamed(Parameter)) {
      parameter.requiresGradient = false;
      parameter.grad = null;
    }
    return this;
  }

  /** Has all its parameters learn (again). Source: torch.nn.Module.requires_grad_(True) */
  unfreeze(): this {
    for (const [, parameter] of this.#everyNamed(Parameter)) parameter.requiresGradient = true;
    return this;
  }

  /**
   * The values of all parameters and buffers as they are now, by name: what a checkpoint stores. One that is shared
   * stands there under each of its names.
   */
  stateDict(): Map<string, Tensor> {
    const state = new Map(
      this.#everyNamed(Variable).map(([name, variable]) => [name, variable.stopGradient()]),
    );
    // Computed now, so that what was saved does not depend on what happens to the variables until it is read.
    realize(...state.values());
    return state;
  }

  /**
   * Takes on the values of a state dict: all of them or, if anything does not fit, none. A parameter that is shared takes
   * the value under its last name.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    assignAll(matchStateDict(this.constructor.name, this.#everyNamed(Variable), state));
  }

  /** Tells the module and everything in it that it is being trained, or not. */
  train(training = true): this {
    for (const module of this.modules()) module.training = training;
    return this;
  }

  /** Tells the module and everything in it that it is only being used. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Gives back at once what its parameters and buffers and their gradients take, those of the modules in it included. What
   * has been computed stays as it is; whoever computes with the module, or reads what was still to be computed, gets a
   * StaleValueError that names a parameter. Disposing of it twice is the same as once. A parameter that other modules share is
   * gone for them too; the state of an optimizer is the optimizer's to dispose of.
   *
   * A loop that awaits its losses does without: there, what is dropped is given back by itself. One that is synchronous
   * from beginning to end makes its models with `using model = new Linear(2, 8)`, or disposes of them.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  dispose(): void {
    for (const variable of named(firstNames(this.#everyNamed(Variable))).values()) variable.dispose();
  }

  /** What `using` does at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** The module without what is in it, as it was made: `Linear(2, 8)`. Errors and trees call it that. */
  describe(): string {
    return this.#made ?? `${this.#name}${this.children().length === 0 ? "()" : ""}`;
  }

  /** The module and the modules in it, as a tree, with the number of their parameters and the shapes of their own. */
  toString(): string {
    return writeTree<Module>(this);
  }

  /** What `console.log` prints in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** What the module is made of, by name: its fields, unless a class names its parts otherwise. */
  protected fields(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this);
  }

  /** The parts, and their parts, depth first, by their full names. Modules may be nested as deeply as there is memory for. */
  *#contents(): Generator<Named<Variable | Module>> {
    /** The modules that lead to where it is, and what is left of each. */
    const path: { module: Module; prefix: string; parts: Iterator<Named<Variable | Module>, void> }[] = [];
    const within = new Set<Module>();
    const enter = (module: Module, prefix: string): void => {
      path.push({ module, prefix, parts: module.parts() });
      within.add(module);
    };
    enter(this, "");
    while (path.length > 0) {
      const { module, prefix, parts } = path[path.length - 1];
      const next = parts.next();
      if (next.done === true) {
        path.pop();
        within.delete(module);
        continue;
      }
      const [name, part] = next.value;
      yield [prefix + name, part];
      if (!(part instanceof Module)) continue;
      if (within.has(part)) {
        throw new ArgumentError(
          this.constructor.name,
          `${name} of ${module.constructor.name} leads back to a module that it is part of`,
          "Keep a reference to what is outside in a private field, such as #parent",
        );
      }
      enter(part, `${prefix}${name}.`);
    }
  }

  #everyNamed<T extends Variable | Module>(kind: abstract new (...values: never[]) => T): Named<T>[] {
    const found: Named<T>[] = [];
    for (const [name, part] of this.#contents()) if (part instanceof kind) found.push([name, part]);
    return found;
  }
}

type Named<T> = readonly [name: string, value: T];

function* partsOf(name: string, value: unknown): Generator<Named<Variable | Module>> {
  if (value instanceof Variable || value instanceof Module) {
    yield [name, value];
  } else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) yield* partsOf(`${name}.${index}`, element);
  }
}

/** Tells each variable its name, unless it has one already. */
function named<T extends Variable>(variables: Map<string, T>): Map<string, T> {
  for (const [name, variable] of variables) variable.name ??= name;
  return variables;
}

/** Each value under the first of its names. */
function firstNames<T>(named: readonly Named<T>[]): Map<string, T> {
  const values = new Set<T>();
  return new Map(named.filter(([, value]) => !values.has(value) && values.add(value)));
}
