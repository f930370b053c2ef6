import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { sizeOf, type Shape } from "./shape.js";
import {
  contiguousView,
  forEachRow,
  gatherView,
  rowLengthOf,
  repeatedView,
  scatterAddView,
  scatterView,
  type View,
} from "./strided.js";

/** The offset of each element of a view, by its definition: the sum of index times stride. */
function offsetsOf(shape: Shape, { offset, strides }: View): number[] {
  const [length, ...inner] = shape;
  if (shape.length === 0) return [offset];
  const [stride, ...innerStrides] = strides;
  return Array.from({ length }, (_, i) =>
    offsetsOf(inner, { offset: offset + i * stride, strides: innerStrides }),
  ).flat();
}

/** A shape with a view of it that stays within an array of `size` elements; its strides repeat, skip and reverse elements. */
const views = fc
  .array(fc.record({ length: fc.nat(4), stride: fc.integer({ min: -5, max: 5 }) }), { maxLength: 4 })
  .map((axes) => {
    const reach = axes.map(({ length, stride }) => Math.max(length - 1, 0) * stride);
    const sum = (numbers: number[]) => numbers.reduce((total, x) => total + x, 0);
    const offset = 0 - sum(reach.filter((x) => x < 0));
    return {
      shape: axes.map(({ length }) => length),
      view: { offset, strides: axes.map(({ stride }) => stride) },
      size: offset + sum(reach.filter((x) => x > 0)) + 1,
    };
  });

const counting = (size: number) => Float64Array.from({ length: size }, (_, i) => i + 1);

describe("any view", () => {
  it("visits rows in order", () => {
    fc.assert(
      fc.property(views, ({ shape, view }) => {
        const visited: [number, number][] = [];
        forEachRow(shape, view, (start, offset) => visited.push([start, offset]));
        const expected = offsetsOf(shape, view)
          .map((offset, position) => [position, offset] as const)
          .filter(([position]) => position % rowLengthOf(shape) === 0);
        expect(visited).toEqual(expected);
      }),
    );
  });

  it("is gathered from the positions given by its strides", () => {
    fc.assert(
      fc.property(views, ({ shape, view, size }) => {
        const source = counting(size);
        const target = new Float64Array(sizeOf(shape));
        gatherView(source, view, shape, target);
        expect([...target]).toEqual(offsetsOf(shape, view).map((offset) => source[offset]));
      }),
    );
  });

  it("is scattered to the positions given by its strides; the last write to a position wins", () => {
    fc.assert(
      fc.property(views, ({ shape, view, size }) => {
        const source = counting(sizeOf(shape));
        const expected = new Float64Array(size);
        offsetsOf(shape, view).forEach((offset, position) => (expected[offset] = source[position]));
        const target = new Float64Array(size);
        scatterView(source, view, shape, target);
        expect(target).toEqual(expected);
      }),
    );
  });

  it("accumulates at the positions given by its strides", () => {
    fc.assert(
      fc.property(views, ({ shape, view, size }) => {
        const source = counting(sizeOf(shape));
        const expected = counting(size);
        offsetsOf(shape, view).forEach((offset, position) => (expected[offset] += source[position]));
        const target = counting(size);
        scatterAddView(source, view, shape, target);
        expect(target).toEqual(expected);
      }),
    );
  });
});

describe("repeatedView", () => {
  it("repeats an array along new axes, and along axes of length 1", () => {
    expect(repeatedView([], [2, 3])).toEqual({ offset: 0, strides: [0, 0] });
    expect(repeatedView([3], [2, 3])).toEqual({ offset: 0, strides: [0, 1] });
    expect(repeatedView([4, 1, 3], [4, 2, 3])).toEqual({ offset: 0, strides: [3, 0, 1] });
  });
});

describe("contiguousView", () => {
  it("is row-major from the first element", () => {
    const source = counting(24);
    const target = new Float64Array(24);
    gatherView(source, contiguousView([2, 3, 4]), [2, 3, 4], target);
    expect(target).toEqual(source);
  });
});
