import { ArgumentError } from "@stargrad/tensor";
import { shared } from "@stargrad/tensor/internal";
import type { Variable } from "./variable.js";

// While `evaluate` or `withAverages` is waiting, the modes or the values of a model are not those of its training. A program that
// forgets to await them would go on training, with wrong results and without a message.

interface Loan {
  readonly called: string;
  readonly variables: ReadonlySet<Variable>;
}

const loans = /* @__PURE__ */ shared("loans", () => new Set<Loan>());

/** Lends variables to a call, so that no optimizer changes them. Returns a function that takes them back. */
export function lend(called: string, variables: readonly Variable[]): () => void {
  const loan = { called, variables: new Set(variables) };
  loans.add(loan);
  return () => loans.delete(loan);
}

/** Throws: ArgumentError if a parameter of an optimizer's groups is lent */
export function expectNotLent(
  called: string,
  groups: readonly { readonly parameters: readonly Variable[] }[],
): void {
  for (const loan of loans) {
    if (!groups.some(({ parameters }) => parameters.some((parameter) => loan.variables.has(parameter))))
      continue;
    throw new ArgumentError(called, `${loan.called} is still using the parameters`, "A forgotten await?");
  }
}
