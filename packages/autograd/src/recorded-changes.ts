import type { Tensor } from "@stargrad/tensor";
import { shared } from "@stargrad/tensor/internal";
import type { Variable } from "./variable.js";

/** The changes that a function makes while its assignments are recorded. */
export interface RecordedChanges {
  /** The last value assigned to each variable. */
  readonly assignments: Map<Variable, Tensor>;
  /** The gradients it set; parameters that are missing have none. */
  readonly gradients: Map<Variable, Tensor | null>;
  /** Functions that restore the variables' own values. */
  readonly restore: (() => void)[];
}

const current = /* @__PURE__ */ shared("recordedChanges", () => ({
  changes: null as RecordedChanges | null,
}));

/** The changes being recorded; `null` if none are. */
export function recording(): RecordedChanges | null {
  return current.changes;
}

/**
 * Runs a function and collects its assignments, and the gradients that it sets, instead of computing them. Until the function
 * returns, an assigned variable has its new value, and `grad` returns the gradients that the function has set. Afterwards all
 * are restored.
 */
export function recordAssignments<T>(f: () => T): {
  readonly result: T;
  readonly assignments: ReadonlyMap<Variable, Tensor>;
  readonly gradients: ReadonlyMap<Variable, Tensor | null>;
} {
  const outer = current.changes;
  const changes: RecordedChanges = { assignments: new Map(), gradients: new Map(), restore: [] };
  current.changes = changes;
  try {
    return { result: f(), assignments: changes.assignments, gradients: changes.gradients };
  } finally {
    current.changes = outer;
    for (const back of changes.restore.reverse()) back();
  }
}

/** Records an assignment instead of carrying it out. */
export function recordAssignment(
  { assignments, restore }: RecordedChanges,
  variable: Variable,
  value: Tensor,
): void {
  assignments.set(variable, value);
  restore.push(variable.standIn(value.node));
}
