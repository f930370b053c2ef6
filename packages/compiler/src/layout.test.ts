import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { refine } from "./iteration.js";
import * as layouts from "./layout.js";
import { axisOffsets, contiguous, isContiguous, shapeOf, type Layout } from "./layout.js";

/** The position of every element of a layout, row-major, which defines the expected result of every operation on layouts. */
function places({ offset, axes }: Layout): number[] {
  return axes.reduce(
    (outer: number[], digits) => {
      const offsets = [...axisOffsets(digits)];
      return outer.flatMap((offset) => offsets.map((inner) => offset + inner));
    },
    [offset],
  );
}

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

/** A layout after a few movements, none of which needs a copy. */
const moved = fc
  .tuple(
    shape,
    fc.array(fc.tuple(fc.constantFrom("permute", "flip", "merge", "halve"), fc.nat()), { maxLength: 4 }),
  )
  .map(([start, moves]) =>
    moves.reduce((layout: Layout, [move, pick]) => {
      const rank = layout.axes.length;
      const lengths = shapeOf(layout);
      switch (move) {
        case "permute":
          return layouts.permute(
            layout,
            lengths.map((_, axis) => (axis + pick) % rank),
          );
        case "flip":
          return layouts.flip(layout, [pick % rank]);
        case "merge":
          return layouts.reshape(layout, [lengths.reduce((size, length) => size * length, 1)]) ?? layout;
        default: {
          const starts = lengths.map(() => 0);
          const half = lengths.map((length, axis) => (axis === pick % rank ? Math.ceil(length / 2) : length));
          const steps = lengths.map((length, axis) => (half[axis] === length ? 1 : 2));
          return layouts.slice(layout, starts, half, steps) ?? layout;
        }
      }
    }, contiguous(start)),
  );

describe("layouts", () => {
  it("of a whole buffer are contiguous", () => {
    expect(places(contiguous([2, 3]))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(isContiguous(contiguous([2, 1, 3]))).toBe(true);
    expect(isContiguous(layouts.permute(contiguous([2, 3]), [1, 0]))).toBe(false);
  });

  it("permute, flip, expand and slice like array indexing", () => {
    const x = contiguous([2, 3]);
    expect(places(layouts.permute(x, [1, 0]))).toEqual([0, 3, 1, 4, 2, 5]);
    expect(places(layouts.flip(x, [1]))).toEqual([2, 1, 0, 5, 4, 3]);
    expect(places(layouts.expand(contiguous([2, 1]), [2, 3]))).toEqual([0, 0, 0, 1, 1, 1]);
    expect(places(layouts.expand(contiguous([2]), [3, 2]))).toEqual([0, 1, 0, 1, 0, 1]);
    expect(places(layouts.slice(x, [0, 0], [2, 2], [1, 2]) ?? x)).toEqual([0, 2, 3, 5]);
  });

  it("unfold windows", () => {
    const seen = layouts.unfold(contiguous([5]), [2], [2], [1], [2]);
    expect(seen && places(seen)).toEqual([0, 1, 2, 3]);
    const dilated = layouts.unfold(contiguous([5]), [2], [1], [3], [2]);
    expect(dilated && places(dilated)).toEqual([0, 3, 1, 4]);
  });

  it("merge the axes of a transposed tensor without a copy, and split them again", () => {
    const transposed = layouts.permute(contiguous([2, 3, 4]), [2, 0, 1]);
    const joined = layouts.reshape(transposed, [24]);
    expect(joined && places(joined)).toEqual(places(transposed));
    const apart = joined && layouts.reshape(joined, [2, 2, 6]);
    expect(apart && places(apart)).toEqual(places(transposed));
    expect(layouts.reshape(transposed, [3, 8])).toBeNull();
  });

  it("keep their elements in order through any reshape they allow", () => {
    fc.assert(
      fc.property(moved, shape, (layout, target) => {
        const size = (lengths: readonly number[]) => lengths.reduce((total, length) => total * length, 1);
        fc.pre(size(shapeOf(layout)) === size(target));
        const reshaped = layouts.reshape(layout, target);
        if (reshaped === null) return;
        expect(shapeOf(reshaped)).toEqual(target);
        expect(places(reshaped)).toEqual(places(layout));
      }),
    );
  });
});

describe("refine", () => {
  it("joins digits that are contiguous in every layout", () => {
    expect(refine([2, 3, 4], [contiguous([2, 3, 4])])).toEqual({ lengths: [24], strides: [[1]], axes: [0] });
  });

  it("keeps groups of axes apart", () => {
    const { lengths } = refine([2, 3], [contiguous([2, 3])], (axis) => axis) ?? { lengths: [] };
    expect(lengths).toEqual([2, 3]);
  });

  it("finds digits that fit every layout", () => {
    const a = layouts.reshape(layouts.permute(contiguous([3, 4]), [1, 0]), [12]) ?? contiguous([12]);
    const found = refine([12], [contiguous([12]), a]);
    expect(found).toEqual({
      lengths: [4, 3],
      strides: [
        [3, 1],
        [1, 4],
      ],
      axes: [0, 0],
    });
  });

  it("returns null if there are none", () => {
    const cut = (rows: number, columns: number) =>
      layouts.reshape(layouts.permute(contiguous([columns, rows]), [1, 0]), [rows * columns]) ??
      contiguous([12]);
    expect(refine([12], [cut(3, 4), cut(4, 3)])).toBeNull();
  });

  it("traverses the elements of every layout in order", () => {
    fc.assert(
      fc.property(moved, (layout) => {
        const lengths = shapeOf(layout);
        const found = refine(lengths, [layout, contiguous(lengths)]);
        if (found === null) return;
        const walk = (strides: readonly number[], start: number) =>
          found.lengths.reduce(
            (outer: number[], length, digit) =>
              outer.flatMap((offset) => Array.from({ length }, (_, i) => offset + i * strides[digit])),
            [start],
          );
        expect(walk(found.strides[0], layout.offset)).toEqual(places(layout));
        expect(walk(found.strides[1], 0)).toEqual(places(contiguous(lengths)));
      }),
    );
  });
});
