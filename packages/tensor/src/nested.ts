import { formatShape, ShapeError, type Shape } from "@stargrad/graph";

/** Numbers or booleans in nested arrays, as `[[1, 2], [3, 4]]`. */
export type NestedArray = number | boolean | readonly NestedArray[];

/**
 * Measures and flattens nested arrays.
 *
 * Throws: ShapeError if the arrays at one depth differ in length, naming the first index that does not fit
 */
export function flattenNested(
  called: string,
  nested: NestedArray,
): { shape: number[]; elements: (number | boolean)[] } {
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level); level = (level as readonly NestedArray[])[0]) {
    shape.push((level as readonly NestedArray[]).length);
  }
  const elements: (number | boolean)[] = [];
  const visit = (level: NestedArray, path: readonly number[]): void => {
    const expected = shape[path.length] as number | undefined;
    if (typeof level === "number" || typeof level === "boolean") {
      if (expected !== undefined) throw ragged(called, path, "a number", `an array of ${expected}`);
      elements.push(level);
    } else if (Array.isArray(level)) {
      if (level.length !== expected) {
        throw ragged(
          called,
          path,
          `an array of ${level.length}`,
          expected === undefined ? "a number" : `${expected}`,
        );
      }
      level.forEach((inner: NestedArray, i) => {
        visit(inner, [...path, i]);
      });
    } else {
      throw ragged(called, path, String(level), "a number, a boolean or an array of them");
    }
  };
  visit(nested, []);
  return { shape, elements };
}

/** Row-major elements as nested arrays. */
export function nest(elements: ArrayLike<number | boolean>, shape: Shape): NestedArray {
  let position = 0;
  const build = (axis: number): NestedArray =>
    axis === shape.length ? elements[position++] : Array.from({ length: shape[axis] }, () => build(axis + 1));
  return build(0);
}

function ragged(called: string, path: readonly number[], got: string, expected: string): ShapeError {
  const subject = path.length === 0 ? "the value" : formatShape(path);
  return new ShapeError(
    called,
    `${subject} is ${got}; expected ${expected}`,
    "All arrays at one depth need one length",
  );
}
