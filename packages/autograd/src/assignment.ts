import { DTypeError, formatShape, sameShape, ShapeError } from "@stargrad/graph";
import { Tensor } from "@stargrad/tensor";
import { collectChangesBy, computeNodes, type Changes } from "@stargrad/tensor/internal";
import { awaitValues, limitAwaited, withDue } from "./awaited-values.js";
import { expectNotLent } from "./loans.js";
import { recordAssignment, recordAssignments, recording } from "./recorded-changes.js";
import type { Variable } from "./variable.js";

/** A variable that is not trained: a `Buffer`. */
type KeptVariable = Variable & { readonly kind: "buffer" };

/** Variables with their new values. */
export type Assignments = readonly (readonly [variable: Variable, value: Tensor])[];

/**
 * Assigns new values to several variables. All values are computed as one program before the first variable changes: either every
 * variable is replaced or, on an error, none. If a variable appears twice, its last value is used.
 *
 * `called`: the function that errors name. Default: assign
 * Throws: ShapeError or DTypeError if a value has another shape or type than its variable; ArgumentError while `evaluate`, `predict` or
 * `withAverages` is using a variable
 */
export function assignAll(assignments: Assignments, called = "assign"): void {
  for (const [variable, value] of assignments) checkFits(variable, value);
  const changes = recording();
  if (changes === null) {
    const values = new Map(assignments);
    expectNotLent(called, [...values.keys()]);
    replaceAll(values);
  } else for (const [variable, value] of assignments) recordAssignment(changes, variable, value);
}

/**
 * Assigns new values to buffers without computing them now. A value is computed later, by the first program that computes one
 * of `sources` (the tensors that the values are computed from), reads one of the buffers, or replaces a variable that the
 * value depends on. From now on the buffers have these values, as after `assignAll`. If computing a value fails, for example
 * because an index is out of range, the assignment is dropped.
 *
 * With this, `forward` of a layer computes nothing, and updates of running statistics need no separate program.
 *
 * Throws: ShapeError or DTypeError if a value has another shape or type than its buffer
 */
export function assignAlong(
  sources: readonly Tensor[],
  assignments: readonly (readonly [buffer: KeptVariable, value: Tensor])[],
): void {
  if (recording() !== null) {
    assignAll(assignments);
    return;
  }
  for (const [buffer, value] of assignments) checkFits(buffer, value);
  const values = assignments.map(([buffer, value]) => buffer.standForComing(value.node));
  awaitValues(values);
  for (const node of [...sources.map((source) => source.node), ...values]) {
    node.addCoOutputs(values);
  }
  limitAwaited(assignments.map(([buffer]) => buffer));
}

function replaceAll(values: ReadonlyMap<Variable, Tensor>): void {
  const known = [...values].flatMap(([variable, { node }]) =>
    node.storage?.location === "host" ? [{ variable, elements: node.storage }] : [],
  );
  // Parameters are listed from the first layer to the last, but gradients are computed from the last to the first. Requested in
  // that order, the intermediate results of each can be freed before the next is computed.
  const pending = [...values].filter(([, { node }]) => node.storage?.location !== "host").reverse();
  // A pending gradient needs the value of the variable at which it is evaluated, so it is computed before that is replaced.
  const gradients = [...values.keys()].flatMap((variable) => variable.peekGradient()?.node ?? []);
  const nodes = pending.map(([, { node }]) => node);
  const computed = withDue(values.keys(), [...nodes, ...gradients], (due) =>
    computeNodes(
      pending.map(([variable, { node }]) => [node, variable.destination]),
      [...[...gradients].reverse(), ...due],
    ),
  );
  pending.forEach(([variable], i) => {
    variable.replaceValue(computed[i]);
  });
  for (const { variable, elements } of known) variable.replaceValue(elements);
}

function checkFits(variable: Variable, value: Tensor): void {
  variable.expectNotDisposed("assign");
  if (!sameShape(variable.shape, value.shape)) {
    throw new ShapeError(
      "assign",
      `got the shape ${formatShape(value.shape)} for a variable of shape ${formatShape(variable.shape)}`,
    );
  }
  if (variable.dtype !== value.dtype) {
    throw new DTypeError("assign", `got ${value.dtype} for a variable of ${variable.dtype}`, "Cast it first");
  }
}

function isKept(variable: Variable): variable is KeptVariable {
  return variable.kind === "buffer";
}

// A value that the body of a loop assigns to a variable is carried to the next iteration; the last one is assigned to the variable.
collectChangesBy((f) => {
  const { result, assignments } = recordAssignments(f);
  const variables = [...assignments.keys()];
  const changes: Changes = {
    before: variables.map(({ node }) => node),
    after: [...assignments.values()].map(({ node }) => node),
    commit(values) {
      const changed = variables.map((variable, i) => [variable, values[i]] as const);
      const buffers = changed.flatMap(([variable, value]) =>
        isKept(variable) ? [[variable, value] as const] : [],
      );
      // A program that computes any output of the loop also computes the new values of the buffers.
      const loops = values.flatMap(({ node }) => node.operation?.inputs ?? []);
      assignAlong(
        loops.map((loop) => new Tensor(loop)),
        buffers,
      );
      assignAll(changed.filter(([variable]) => !isKept(variable)));
    },
  };
  return { result, changes };
});
