import { sizeOf, type Node } from "@stargrad/graph";
import type { Check, CheckLowering, CheckRoom, Faulty } from "./check-lowering.js";
import type { LoopExpression, Operand } from "./kernel.js";
import { combined, contiguous, digit, expand, type Layout } from "./layout.js";

type Load = Extract<LoopExpression, { kind: "load" }>;

/**
 * For targets whose kernels cannot abort a program: ordinary loops compute the finding of a check as a result of the program. The
 * program continues after a faulty number, so it replaces an index outside its axis by 0, and other faulty numbers by 1.
 */
export const reportingChecks: CheckLowering = {
  // A remainder whose divisor is checked and replaced has ten parts; a search for a faulty index reads five operands.
  least: { operands: 5, parts: 10 },
  look(check, room) {
    report(check, room);
    return usableIndex(check, room);
  },
  usableNumber: (number, faulty, { shape }) => guarded(number, contiguous(shape), faulty, 1),
};

/** Adds a finding. The first faulty element is the one with the largest number of elements from it to the end. */
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
  // Keeps the finding of an earlier iteration.
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

/** A copy of an operand with 0 in place of faulty numbers. Elements that the layout repeats are stored once. */
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

/** The elements of an operand without repetition. A leading axis of length 1 ensures that there is an axis to reduce. */
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

/** For each distinct element: the number of elements of the shape from it to the end, including itself. */
function position(shape: Node["shape"], distinctShape: Node["shape"]): LoopExpression {
  const axes = contiguous(shape).axes.map((digits, axis) =>
    distinctShape[axis + 1] === 1 ? [] : digits.map(({ length, stride }) => ({ length, stride: -stride })),
  );
  return { kind: "index", dtype: "int32", layout: { offset: sizeOf(shape), axes: [[], ...axes] } };
}

/** The expression, with faulty numbers replaced by `harmless`. */
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

/** A constant for every element of a layout: an index expression with strides 0. */
function constant(number: number, { axes }: Layout): LoopExpression {
  const repeated = axes.map((digits) =>
    digit(
      digits.reduce((length, d) => length * d.length, 1),
      0,
    ),
  );
  return { kind: "index", dtype: "int32", layout: { offset: number, axes: repeated } };
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
