import { DTypeError, formatShape, sameShape, ShapeError } from "@stargrad/graph";
import { Tensor } from "@stargrad/tensor";
import { collectChangesBy, computeNodes, type Changes } from "@stargrad/tensor/internal";
import { awaitValues, dueBefore, limitAwaited } from "./awaited-values.js";
import { recordAssignment, recordAssignments, recording } from "./recorded-changes.js";
import type { Variable } from "./variable.js";

/** A variable that is kept and not learned: a `Buffer`. */
type KeptVariable = Variable & { readonly kind: "buffer" };

/** What variables are to become. */
export type Assignments = readonly (readonly [variable: Variable, value: Tensor])[];

/**
 * Gives several variables new values, all computed as one program before the first of them changes: either every
 * variable is replaced, or, if something throws, none. Of two values for one variable, the last counts.
 *
 * Throws: ShapeError or DTypeError if a value is of another shape or type than its variable
 */
export function assignAll(assignments: Assignments): void {
  for (const [variable, value] of assignments) checkFits(variable, value);
  const changes = recording();
  if (changes === null) replaceAll(new Map(assignments));
  else for (const [variable, value] of assignments) recordAssignment(changes, variable, value);
}

/**
 * Gives buffers new values that are not computed now but together with `sources`, the tensors they are made from: by the
 * program that computes one of those on its way, that reads one of the buffers, or that replaces a variable which a new
 * value is made from. From here on the buffers stand for these values, as after `assignAll`. A value that turns out not to
 * be computable, because an index is out of range say, has not been assigned.
 *
 * So a layer computes nothing in `forward`, and what it keeps costs no program of its own.
 *
 * Throws: ShapeError or DTypeError if a value is of another shape or type than its buffer
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
    node.accompany(values);
  }
  limitAwaited(assignments.map(([buffer]) => buffer));
}

function replaceAll(values: ReadonlyMap<Variable, Tensor>): void {
  const known = [...values].flatMap(([variable, { node }]) =>
    node.storage?.location === "host" ? [{ variable, elements: node.storage }] : [],
  );
  // Parameters are listed from the first layer to the last, and gradients arrive the other way round. Asked for as they
  // arrive, each lets go of what it needed before the next is computed.
  const pending = [...values].filter(([, { node }]) => node.storage?.location !== "host").reverse();
  // A gradient that is still to be computed needs the value it is the gradient at.
  const gradients = [...values.keys()].flatMap((variable) => variable.peekGradient()?.node ?? []);
  const nodes = pending.map(([, { node }]) => node);
  const due = dueBefore(values.keys(), [...nodes, ...gradients]);
  const computed = computeNodes(
    pending.map(([variable, { node }]) => [node, variable.destination]),
    [...gradients.reverse(), ...due],
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

// What the body of a loop assigns to a variable is taken over by the next iteration, and by the variable at last.
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
      // Whoever computes an output of the loop computes what becomes of buffers on the way.
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
