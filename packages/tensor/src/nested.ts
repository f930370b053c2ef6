import { ArgumentError, formatShape, ShapeError, sizeOf, type Shape } from "@stargrad/graph";
import { writeValue } from "@stargrad/graph/internal";

/** Numbers or booleans in nested arrays, as `[[1, 2], [3, 4]]`. */
export type NestedArray = number | boolean | readonly NestedArray[];

/**
 * Measures and flattens nested arrays, one depth after another: arrays may be nested deeper than the call stack.
 *
 * Throws: ShapeError if the arrays at one depth differ in length, naming the first index that does not fit; ArgumentError for an
 * element that is not a number, and for an array that contains itself
 */
export function flattenNested(
  called: string,
  nested: unknown,
): { shape: number[]; elements: (number | boolean)[] } {
  const shape: number[] = [];
  const first = new Set<unknown>();
  let level: readonly unknown[] = [nested];
  while (Array.isArray(level[0])) {
    if (first.has(level[0])) throw new ArgumentError(called, "got an array that contains itself");
    first.add(level[0]);
    const length = level[0].length;
    const inner: unknown[] = [];
    level.forEach((part, i) => {
      if (!Array.isArray(part) || part.length !== length) throw ragged(called, shape, i, part, length);
      for (const element of part as readonly unknown[]) inner.push(element);
    });
    shape.push(length);
    level = inner;
  }
  const elements: (number | boolean)[] = [];
  level.forEach((element, i) => {
    if (typeof element !== "number" && typeof element !== "boolean") throw ragged(called, shape, i, element);
    elements.push(element);
  });
  return { shape, elements };
}

/** Row-major elements as nested arrays, made from the innermost to the outermost. */
export function nest(elements: ArrayLike<number | boolean>, shape: Shape): NestedArray {
  let level: NestedArray[] = Array.from(elements);
  for (let axis = shape.length - 1, outer = sizeOf(shape); axis >= 0; axis--) {
    const length = shape[axis];
    outer = outer === 0 ? sizeOf(shape.slice(0, axis)) : outer / length;
    const inner = level;
    level = Array.from({ length: outer }, (_, i) => inner.slice(i * length, (i + 1) * length));
  }
  return level[0];
}

/** What to try, by what was given. */
const hints: Readonly<Record<string, string>> = {
  "a promise": "A forgotten await?",
  "a tensor":
    "Use a tensor as it is, convert it with x.cast(dtype), join tensors with stack, and pass the numbers of another library's tensor",
};

/** The error for the i-th part of a level that is not an array of the given length, or not a number if there is none. */
function ragged(called: string, shape: Shape, i: number, got: unknown, length?: number): Error {
  const path: number[] = [];
  for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
    path.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  const subject = path.length === 0 ? "the value" : formatShape(path);
  if (typeof got !== "number" && typeof got !== "boolean" && !Array.isArray(got)) {
    const what = writeValue(got);
    const isOperand = path.length === 0 && what !== "a tensor";
    const expected = `${isOperand ? "a tensor, " : ""}a number, a boolean or an array of them`;
    return new ArgumentError(called, `${subject} is ${what}; expected ${expected}`, hints[what]);
  }
  const written = Array.isArray(got) ? `an array of ${got.length}` : "a number";
  const ordinary =
    length === undefined ? "a number" : Array.isArray(got) ? `${length}` : `an array of ${length}`;
  return new ShapeError(
    called,
    `${subject} is ${written}; expected ${ordinary}`,
    "All arrays at one depth need one length",
  );
}
