import { Parameter, type Variable } from "@stargrad/autograd";
import { ArgumentError } from "@stargrad/tensor";
import {
  anything,
  expectOptions,
  flag,
  expectList,
  refuseAssignments,
  writeValue,
  type OptionKinds,
} from "@stargrad/tensor/internal";

const hint = "Pass model.parameters()";

/** All options, with the defaults filled in. */
export type Settings<Options> = { -readonly [Option in keyof Options]-?: Options[Option] };

/** Parameters with their own options, and any name. Options that a group omits are those of the optimizer. */
export type ParameterGroup<Options> = {
  readonly parameters: Iterable<Parameter>;
  readonly name?: string;
} & Options;

/** Parameters and their settings, which may be changed between steps. */
export type Group<Options> = {
  readonly parameters: readonly Parameter[];
  readonly name?: string;
} & Settings<Options>;

/** The parameters of an optimizer, or groups of them. */
export type ParameterSource<Options> = Iterable<Parameter> | Iterable<ParameterGroup<Options>>;

/**
 * The groups of an optimizer, each with all settings: its own option, otherwise that of the optimizer, otherwise the default.
 *
 * Throws: ArgumentError if there is no parameter, if one is given twice, or if an option is unknown
 */
export function groupsOf<Options extends object>(
  called: string,
  source: ParameterSource<Options>,
  options: Options,
  defaults: Settings<Options>,
): Group<Options>[] {
  // `check` of the optimizer checks the other values, also when they change between steps.
  const kinds = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, typeof value === "boolean" ? flag : anything]),
  ) as OptionKinds<Options>;
  expectOptions(called, options, kinds);
  const items = expectList(called, source, "parameters", hint);
  const isFlat = items.every((item) => item instanceof Parameter);
  const groups = (isFlat ? [{ parameters: items }] : items) as ParameterGroup<Options>[];
  const base = groupBase(called, kinds);
  const settled = groups.map((group) => {
    expectGroup(called, group);
    const { parameters, name, ...own } = group;
    const complete = { parameters: variablesIn<Parameter>(called, parameters, Parameter) };
    expectOptions(called, own as Options, kinds);
    const named = name === undefined ? {} : { name };
    for (const [key, value] of Object.entries<unknown>({ ...defaults, ...options, ...own, ...named })) {
      Object.assign(complete, { [key]: Array.isArray(value) ? value.slice() : value });
    }
    return Object.setPrototypeOf(complete, base) as Group<Options>;
  });
  expectEachOnce(
    called,
    settled.flatMap((group) => group.parameters),
  );
  return settled;
}

/** The prototype of groups: assigning a setting that does not exist throws, because it would have no effect. */
function groupBase<Options extends object>(called: string, kinds: OptionKinds<Options>): object {
  const set = (_: object, name: string | symbol): boolean => {
    expectOptions(called, { [name]: true } as Options, kinds);
    return false;
  };
  return new Proxy({}, { set });
}

/** Makes the assignment of settings to an optimizer throw: each group has its own. */
export function refuseSettings(kind: abstract new (...values: never[]) => object, called: string): void {
  const names = ["lr", "learningRate", "weightDecay", "momentum", "betas"];
  refuseAssignments(
    kind,
    called,
    names,
    "Set optimizer.groups[0].learningRate, for example; each group has its settings",
  );
}

function expectGroup(called: string, group: unknown): void {
  if (typeof group === "object" && group !== null && "parameters" in group) return;
  throw new ArgumentError(
    called,
    `got ${writeValue(group)} among the parameters; expected all to be Parameters, or all { parameters, …options }`,
    hint,
  );
}

/** A list of variables of a class, copied. Throws an ArgumentError for anything else. */
export function variablesIn<V extends Variable>(
  called: string,
  source: Iterable<V>,
  kind: abstract new (...values: never[]) => V,
): V[] {
  const items = expectList(called, source, "parameters", hint);
  const other = items.findIndex((item) => !(item instanceof kind));
  if (other < 0) return items as V[];
  throw new ArgumentError(called, `got ${writeValue(items[other])} among the parameters`, hint);
}

/** Throws an ArgumentError if there is no variable, or if one is given twice. */
export function expectEachOnce(called: string, variables: readonly Variable[]): void {
  if (variables.length === 0) {
    throw new ArgumentError(
      called,
      "got no parameters; expected at least one, such as model.parameters()",
      "A model finds parameters in public fields and arrays, not in private fields (#layer), Maps or plain objects",
    );
  }
  if (new Set(variables).size !== variables.length) {
    throw new ArgumentError(called, "got a parameter twice; expected each once, in one group");
  }
}
