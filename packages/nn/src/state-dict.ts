import type { Variable } from "@stargrad/autograd";
import { ArgumentError, formatShape, sameShape, type Tensor } from "@stargrad/tensor";

/**
 * Finds the value of every variable in a state dict.
 *
 * Throws: ArgumentError that lists everything that does not fit: missing keys, unexpected keys, wrong shapes and types
 */
export function matchStateDict(
  model: string,
  variables: readonly (readonly [name: string, variable: Variable])[],
  state: ReadonlyMap<string, Tensor>,
): (readonly [Variable, Tensor])[] {
  const names = new Set(variables.map(([name]) => name));
  const missing = [...names].filter((name) => !state.has(name));
  const unexpected = [...state.keys()].filter((name) => !names.has(name));
  const matches = variables.flatMap(([name, variable]) => {
    const value = state.get(name);
    return value === undefined ? [] : [{ name, variable, value }];
  });
  const problems = [
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(", ")}`]),
    ...(unexpected.length === 0 ? [] : [`unexpected: ${unexpected.join(", ")}`]),
    ...matches
      .filter(({ variable, value }) => !sameType(variable, value))
      .map(
        ({ name, variable, value }) => `${name}: got ${formatType(value)}; expected ${formatType(variable)}`,
      ),
  ];
  if (problems.length > 0) {
    throw new ArgumentError(
      "loadStateDict",
      `the state does not fit ${model}, and nothing was loaded\n  ${problems.join("\n  ")}`,
    );
  }
  return matches.map(({ variable, value }) => [variable, value]);
}

function sameType(a: Tensor, b: Tensor): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

function formatType({ dtype, shape }: Tensor): string {
  return `${dtype} ${formatShape(shape)}`;
}
