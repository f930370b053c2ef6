import type { Tensor } from "@stargrad/tensor";
import type { Variable } from "./variable.js";

/** What a function changes while its assignments are recorded. */
export interface RecordedChanges {
  /** What each variable was assigned last. */
  readonly assignments: Map<Variable, Tensor>;
  /** The gradients it left; a parameter that is not among them has none. */
  readonly gradients: Map<Variable, Tensor | null>;
  /** What makes each variable stand for its own value again. */
  readonly restore: (() => void)[];
}

let current: RecordedChanges | null = null;

/** What is being recorded; `null` most of the time. */
export function recording(): RecordedChanges | null {
  return current;
}

/**
 * Runs a function and collects what it assigns, and the gradients that it leaves, instead of computing them. Until the
 * function returns, a variable that has been assigned to stands for its new value, and gradients are those that the function
 * has left; afterwards all are as they were.
 */
export function recordAssignments<T>(f: () => T): {
  readonly result: T;
  readonly assignments: ReadonlyMap<Variable, Tensor>;
  readonly gradients: ReadonlyMap<Variable, Tensor | null>;
} {
  const outer = current;
  const changes: RecordedChanges = { assignments: new Map(), gradients: new Map(), restore: [] };
  current = changes;
  try {
    return { result: f(), assignments: changes.assignments, gradients: changes.gradients };
  } finally {
    current = outer;
    for (const back of changes.restore.reverse()) back();
  }
}

/** Notes an assignment instead of carrying it out. */
export function recordAssignment(
  { assignments, restore }: RecordedChanges,
  variable: Variable,
  value: Tensor,
): void {
  assignments.set(variable, value);
  restore.push(variable.standIn(value.node));
}
