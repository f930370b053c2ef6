import { ArgumentError } from "@stargrad/tensor";
import { shared } from "@stargrad/tensor/internal";
import type { Variable } from "./variable.js";

// While `evaluate` or `withAverages` is waiting, the modes or the values of a model are not those of its training. A program that
// forgets to await them would go on training, or replace the values, with wrong results and without a message.

interface Loan {
  readonly called: string;
  readonly variables: ReadonlySet<Variable>;
}

const loans = /* @__PURE__ */ shared("loans", () => new Set<Loan>());

/** Lends variables to a call, so that nothing changes them. Returns a function that takes them back. */
export function lend(called: string, variables: readonly Variable[]): () => void {
  const loan = { called, variables: new Set(variables) };
  loans.add(loan);
  return () => loans.delete(loan);
}

/** Throws: ArgumentError if a variable is lent */
export function expectNotLent(called: string, variables: Iterable<Variable>): void {
  // Usually there is no loan.
  for (const loan of loans) {
    for (const variable of variables) {
      if (!loan.variables.has(variable)) continue;
      throw new ArgumentError(called, `${loan.called} is still using the parameters`, "A forgotten await?");
    }
  }
}
