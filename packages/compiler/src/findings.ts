import { sizeOf, type Node } from "@stargrad/graph";
import type { Check, CheckLowering, CheckRoom, Faulty } from "./check-lowering.js";
import type { LoopExpression, Operand } from "./kernel.js";
import { combined, contiguous, digit, expand, type Layout } from "./layout.js";

type Load = Extract<LoopExpression, { kind: "load" }>;

/**
 * For targets whose kernels cannot end a program: what a check finds is a result of the program, made by ordinary loops. The
 * program goes on whatever they find, so an index that is outside is replaced by 0, and another faulty number by 1.
 */
export const reportingChecks: CheckLowering = {
  look(check, room) {
    report(check, room);
    return usableIndex(check, room);
  },
  usableNumber: (number, faulty, { shape }) => guarded(number, contiguous(shape), faulty, 1),
};

/** Adds a finding: the largest count of elements that come from a faulty one on, itself included, is that of the first. */
function report(
  { node: { shape }, operand, ...check }: Check,
  { kernels, addBuffer, findings, isBody }: CheckRoom,
): void {
  const numbers = distinct(operand, shape);
  const one = numbers.shape.map(() => 1);
  const scalar = (name: string): Load =>
    load(
      addBuffer({ contents: `${check.primitive} ${name}`, shape: [], dtype: "int32", size: 1 }),
      contiguous(one),
    );
  const [found, value] = [scalar("check"), scalar("check value")];
  const [foundNow, valueNow] = isBody ? [scalar("check"), scalar("check value")] : [found, value];

  const zero = constant(0, numbers.load.layout);
  const remaining = position(shape, numbers.shape);
  const find = (expression: LoopExpression, { buffer }: Load): void => {
    const axes = [...one.keys()];
    const layout = combined(numbers.shape, axes);
    kernels.push({ kind: "reduce", combine: "max", shape: numbers.shape, axes, expression, buffer, layout });
  };
  find(where(isFaulty(numbers.load, numbers.load.layout, check.faulty), remaining, zero), foundNow);
  const isFirst = apply("bool", "equal", [
    remaining,
    load(foundNow.buffer, expand(contiguous(one), numbers.shape)),
  ]);
  find(where(isFirst, numbers.load, constant(-(2 ** 31), numbers.load.layout)), valueNow);

  findings.all.push({ ...check, size: sizeOf(shape), found: found.buffer, value: value.buffer });
  if (!isBody) return;
  // What an earlier iteration has found stays.
  const isNew = apply("bool", "equal", [found, constant(0, found.layout)]);
  for (const [known, now] of [
    [value, valueNow],
    [found, foundNow],
  ]) {
    findings.fills.push({ kind: "fill", buffer: known.buffer, value: 0 });
    const result = { expression: where(isNew, now, known), buffer: known.buffer, layout: known.layout };
    kernels.push({ kind: "map", shape: one, results: [result] });
  }
}

/** An operand with 0 for what is faulty, in a buffer of its own; elements that a layout repeats are there once. */
function usableIndex(
  { faulty, node: { shape }, operand }: Check,
  { kernels, addBuffer }: CheckRoom,
): Operand {
  const numbers = distinct(operand, shape);
  const layout = contiguous(numbers.shape);
  const buffer = addBuffer({
    contents: "index",
    shape: numbers.shape,
    dtype: "int32",
    size: sizeOf(numbers.shape),
  });
  const expression = guarded(numbers.load, numbers.load.layout, faulty, 0);
  kernels.push({ kind: "map", shape: numbers.shape, results: [{ expression, buffer, layout }] });
  const [, ...axes] = layout.axes;
  return { buffer, layout: expand({ offset: 0, axes }, shape) };
}

/** The elements of an operand, without what its layout repeats, behind an axis of length 1: so that there is one to combine. */
function distinct({ buffer, layout }: Operand, shape: Node["shape"]) {
  const moves = layout.axes.map((digits) => digits.some(({ stride }) => stride !== 0));
  return {
    shape: [1, ...shape.map((length, axis) => (moves[axis] ? length : 1))],
    load: load(buffer, {
      offset: layout.offset,
      axes: [[], ...layout.axes.map((digits, axis) => (moves[axis] ? digits : []))],
    }),
  };
}

/** How many elements of a shape come after each of those that are distinct, itself included. */
function position(shape: Node["shape"], distinctShape: Node["shape"]): LoopExpression {
  const axes = contiguous(shape).axes.map((digits, axis) =>
    distinctShape[axis + 1] === 1 ? [] : digits.map(({ length, stride }) => ({ length, stride: -stride })),
  );
  return { kind: "place", dtype: "int32", layout: { offset: sizeOf(shape), axes: [[], ...axes] } };
}

/** The expression, or a number that is harmless where it is faulty. */
function guarded(
  expression: LoopExpression,
  layout: Layout,
  faulty: Faulty,
  harmless: number,
): LoopExpression {
  return where(isFaulty(expression, layout, faulty), constant(harmless, layout), expression);
}

function isFaulty(number: LoopExpression, layout: Layout, { from, to }: Faulty): LoopExpression {
  const above = apply("bool", "lessEqual", [constant(from, layout), number]);
  const below = apply("bool", "lessEqual", [number, constant(to, layout)]);
  return apply("bool", from <= to ? "minimum" : "maximum", [above, below]);
}

/** The same number for every element of what has this layout: a place from which nothing moves. */
function constant(number: number, { axes }: Layout): LoopExpression {
  const still = axes.map((digits) =>
    digit(
      digits.reduce((length, d) => length * d.length, 1),
      0,
    ),
  );
  return { kind: "place", dtype: "int32", layout: { offset: number, axes: still } };
}

function where(condition: LoopExpression, a: LoopExpression, b: LoopExpression): LoopExpression {
  return apply("int32", "where", [condition, a, b]);
}

function apply(
  dtype: "bool" | "int32",
  primitive: "where" | "equal" | "lessEqual" | "minimum" | "maximum",
  inputs: readonly LoopExpression[],
): LoopExpression {
  return { kind: "apply", dtype, primitive, inputs };
}

function load(buffer: number, layout: Layout): Load {
  return { kind: "load", dtype: "int32", buffer, layout };
}
