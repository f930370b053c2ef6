import { assignAll, Buffer, Parameter, Variable } from "@stargrad/autograd";
import { ArgumentError, realize, type Tensor } from "@stargrad/tensor";
import {
  disposeSymbol,
  expectOptions,
  noteReadingsBy,
  anything,
  expectValues,
  flag,
  recognizeCopies,
  StateReader,
  callable,
  isPlainObject,
  warn,
  type Kind,
} from "@stargrad/tensor/internal";
import { reportForwardOf } from "./forward-reports.js";
import { readModules } from "./module-reading.js";
import { writeTree } from "./module-tree.js";
import { writeLayer } from "./options.js";

// A recording is valid only while the fields of the modules that the function calls are unchanged.
noteReadingsBy((f) => readModules([], f));

/**
 * The base class of every layer and every model: a class with fields and a `forward`.
 *
 * The fields define the model: parameters, buffers, other modules, and arrays of these, in the order of their declaration.
 * Names are paths through the fields, as in PyTorch for the same model: `encoder.0.weight`. The contents of private fields
 * (`#name`), Maps, Sets and plain objects are not part of the model; a warning names a field, other than a private one, in which they
 * contain parts.
 *
 * Source: torch.nn.Module
 */
export abstract class Module {
  static {
    recognizeCopies(this, "Module");
  }

  /** Whether the module is in training mode, which changes layers such as dropout; see `train` and `eval`. */
  training = true;
  readonly #name: string;
  readonly #made: string | null;

  /**
   * `super("Scaled", [2], options, ["bias"])` passes the arguments that the module was constructed with, and the names of all
   * options that it has. Any other option is refused, and `describe` returns the arguments. Instead of the names,
   * `{ bias: ["true or false", (value) => typeof value === "boolean"] }` says what their values have to be.
   *
   * Without arguments, the name is that of the class. Pass a name to keep it when a bundler shortens class names.
   *
   * Throws: ArgumentError if an option is unknown, or if its value is not of its kind
   */
  constructor(
    name?: string,
    values?: readonly unknown[],
    options?: object,
    known?: readonly string[] | Readonly<Record<string, Kind>>,
  ) {
    reportForwardOf(this.constructor.prototype as object);
    this.#name = name ?? this.constructor.name;
    if (options !== undefined) expectKnown(this.#name, options, known);
    this.#made = values === undefined ? null : writeLayer(this.#name, values, options);
  }

  /** Computes the output of the module. Each class declares its own inputs and outputs. */
  abstract forward(...inputs: never[]): unknown;

  /** Every parameter once, even if several layers share it. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Every parameter once, by its first name. Later messages about the parameter use this name. */
  namedParameters(): Map<string, Parameter> {
    return named(firstNames(this.#everyNamed(Parameter)));
  }

  /** Every buffer once, by its first name. */
  namedBuffers(): Map<string, Buffer> {
    return named(firstNames(this.#everyNamed(Buffer)));
  }

  /** Every module once, this one first, by its first name; the name of this one is empty. */
  namedModules(): Map<string, Module> {
    return firstNames<Module>([["", this], ...this.#everyNamed(Module)]);
  }

  /** Every module once, this one first. */
  modules(): Module[] {
    return [...this.namedModules().values()];
  }

  /** The modules in the fields of this module, each once, without the modules inside of them. */
  children(): Module[] {
    return [...new Set([...this.parts()].flatMap(([, part]) => (part instanceof Module ? [part] : [])))];
  }

  /**
   * The parameters, buffers and modules in the fields of this module, by name. A value in several fields is listed under
   * each name.
   */
  *parts(): Generator<readonly [name: string, part: Variable | Module]> {
    for (const [name, value] of this.fields()) yield* childrenOf(name, value);
  }

  /**
   * Calls a function with every module inside of this one, children before their parents, and finally with this module. Use
   * it to initialize weights differently, for example.
   *
   * Source: torch.nn.Module.apply
   */
  apply(f: (module: Module) => void): this {
    expectValues("apply", { f }, callable);
    for (const child of this.children()) child.apply(f);
    f(this);
    return this;
  }

  /**
   * Freezes all parameters: from the next `forward` on they get no gradient, so no optimizer changes them. Existing
   * gradients are dropped, because the next step would still use them. Running statistics are not parameters; `eval`
   * freezes those.
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

  /** Makes all parameters trainable (again). Source: torch.nn.Module.requires_grad_(True) */
  unfreeze(): this {
    for (const [, parameter] of this.#everyNamed(Parameter)) parameter.requiresGradient = true;
    return this;
  }

  /**
   * The current values of all parameters and buffers, by name, as a checkpoint stores them. A shared variable is listed
   * under each of its names.
   */
  stateDict(): Map<string, Tensor> {
    const state = new Map(this.#everyNamed(Variable).map(([name, variable]) => [name, variable.detach()]));
    // Materialized now, so that later changes of the variables cannot affect the saved values.
    realize(...state.values());
    return state;
  }

  /**
   * Loads the values of a state dict: all of them or, if anything does not fit, none. A shared parameter takes the value
   * under its last name.
   *
   * Throws: ArgumentError with every missing key, every unexpected key and every wrong shape or type
   */
  loadStateDict(state: ReadonlyMap<string, Tensor>): void {
    const reader = new StateReader(state);
    const values = this.#everyNamed(Variable).map(([name, variable]) => {
      return [variable, reader.take(name, variable) ?? variable] as const;
    });
    reader.finish(this.#name);
    assignAll(values, "loadStateDict");
  }

  /** Sets the module and all modules inside of it to training mode, or to evaluation mode. */
  train(training = true): this {
    expectValues("train", { training }, flag);
    for (const module of this.modules()) module.training = training;
    return this;
  }

  /** Sets the module and all modules inside of it to evaluation mode. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Frees the memory of all parameters, buffers and gradients immediately, including those of the modules inside. Computed
   * values stay valid; a computation with the module, or reading a value that is not yet computed, throws a StaleValueError
   * that names a parameter. A second call has no effect. A parameter that other modules share is disposed of for them too.
   * The state of an optimizer is not disposed of; call `dispose` of the optimizer.
   *
   * A loop that awaits its losses needs no `dispose`, because garbage collection then frees unused memory. A loop that is
   * synchronous from beginning to end creates its models with `using model = new Linear(2, 8)`, or disposes of them.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  dispose(): void {
    for (const variable of named(firstNames(this.#everyNamed(Variable))).values()) variable.dispose();
  }

  /** Called by `using` at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** The name and the constructor arguments, without the modules inside: `Linear(2, 8)`. Errors and trees show this text. */
  describe(): string {
    return this.#made ?? `${this.#name}${this.children().length === 0 ? "()" : ""}`;
  }

  /** All values by name, for `JSON.stringify`: the state dict. Throws as `toJSON` of a tensor does. */
  toJSON(): Record<string, Tensor> {
    return Object.fromEntries(this.stateDict());
  }

  /** The module and all modules inside as a tree, with the number of parameters and the shapes of each module's own ones. */
  toString(): string {
    return writeTree<Module>(this);
  }

  /** Called by `console.log` in Node. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /** The values that may contain parameters, buffers and modules, by name: the fields, unless a subclass names them differently. */
  protected fields(): Iterable<readonly [name: string, value: unknown]> {
    return Object.entries(this);
  }

  /** All parts at any depth, depth first, by their full names. An explicit stack, so that only memory limits the depth. */
  *#contents(): Generator<Named<Variable | Module>> {
    /** The modules from the root to the current one, each with its remaining parts. */
    const path: { module: Module; prefix: string; parts: Iterator<Named<Variable | Module>, void> }[] = [];
    const within = new Set<Module>();
    const enter = (module: Module, prefix: string): void => {
      expectFields(module);
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
          this.#name,
          `${name} of ${module.#name} is a module that contains it`,
          "Store a reference to an outer module in a private field, such as #parent",
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

function expectKnown(
  name: string,
  options: object,
  known: readonly string[] | Readonly<Record<string, Kind>> | undefined,
): void {
  if (known === undefined) {
    throw new ArgumentError(
      name,
      "got options without the names of all that exist",
      'Pass them as the fourth argument of super: ["bias", …]',
    );
  }
  const kinds: object = Array.isArray(known)
    ? Object.fromEntries((known as readonly string[]).map((each) => [each, anything]))
    : known;
  expectOptions<object>(name, options, kinds);
}

type Named<T> = readonly [name: string, value: T];

function* childrenOf(name: string, value: unknown): Generator<Named<Variable | Module>> {
  if (value instanceof Variable || value instanceof Module) {
    yield [name, value];
  } else if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) yield* childrenOf(`${name}.${index}`, element);
  }
}

/** The modules of which a warning has named a field. A module of another copy has no private fields of this one. */
const warned = new WeakSet<Module>();

/** Throws if a field hides a method of all modules. Warns once of a field whose modules or variables are not part of the model. */
function expectFields(module: Module): void {
  for (const [name, value] of Object.entries(module as object)) {
    if (name in Module.prototype && typeof value !== "function") {
      throw new ArgumentError(
        module.constructor.name,
        `got a field ${name}, which hides the method of every module`,
        "Rename it",
      );
    }
    if (
      Reflect.get(module, "fields") !== Reflect.get(Module.prototype, "fields") ||
      warned.has(module) ||
      !hasParts(value)
    )
      continue;
    warned.add(module);
    warn(
      `${module.constructor.name}: what ${name} contains is not part of the model: it is neither trained nor saved. Use an array or a ModuleDict.`,
    );
  }
}

/** Whether a Map, a Set or a plain object contains modules or variables. */
function hasParts(value: unknown): boolean {
  const isKeyed = value instanceof Map || value instanceof Set;
  if (!isKeyed && !isPlainObject(value)) return false;
  const values: Iterable<unknown> = isKeyed ? value.values() : Object.values(value);
  return [...values].some((each) => each instanceof Variable || each instanceof Module);
}

/** Sets the name of each variable that has none yet. */
function named<T extends Variable>(variables: Map<string, T>): Map<string, T> {
  for (const [name, variable] of variables) variable.name ??= name;
  return variables;
}

/** Each value under the first of its names. */
function firstNames<T>(named: readonly Named<T>[]): Map<string, T> {
  const values = new Set<T>();
  return new Map(named.filter(([, value]) => !values.has(value) && values.add(value)));
}
