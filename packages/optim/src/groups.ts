import { Parameter, type Variable } from "@stargrad/autograd";
import { ArgumentError } from "@stargrad/tensor";
import { expectOptions, anything, flag, type OptionKinds } from "@stargrad/tensor/internal";

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
  const items = [...source];
  const groups = items.every((item) => item instanceof Parameter) ? [{ parameters: items }] : items;
  const settled = groups.map((group) => {
    expectGroup(called, group);
    const { parameters, name, ...own } = group;
    expectOptions(called, own as Options, kinds);
    const named = name === undefined ? {} : { name };
    return { ...defaults, ...options, ...own, ...named, parameters: [...parameters] };
  });
  const parameters = settled.flatMap((group) => group.parameters);
  expectParameters(called, parameters);
  expectEachOnce(called, parameters);
  return settled;
}

function expectGroup(
  called: string,
  group: object,
): asserts group is { readonly parameters: Iterable<Parameter>; readonly name?: string } {
  const parameters = "parameters" in group ? group.parameters : undefined;
  if (typeof parameters === "object" && parameters !== null && Symbol.iterator in parameters) return;
  throw new ArgumentError(
    called,
    "got something that is neither a Parameter nor a group; expected all to be Parameters, or all { parameters, …options }",
  );
}

function expectParameters(called: string, parameters: readonly unknown[]): void {
  if (parameters.every((parameter) => parameter instanceof Parameter)) return;
  throw new ArgumentError(called, "got something that is not a Parameter; only Parameters can be optimized");
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
