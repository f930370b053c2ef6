import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  arange,
  concat,
  expand,
  flatten,
  Generator,
  narrow,
  normal,
  ones,
  fold,
  pad,
  permute,
  repeat,
  reshape,
  roll,
  select,
  slice,
  split,
  squeeze,
  stack,
  tensor,
  transpose,
  unsqueeze,
  unfold,
  zeros,
  type Tensor,
} from "../index.js";

/** Some movement of a tensor; which one, and how far, follows from a number. */
function move(x: Tensor, choice: number): Tensor {
  const axis = x.ndim === 0 ? 0 : choice % x.ndim;
  switch (choice % 9) {
    case 0:
      return unsqueeze(x, choice % (x.ndim + 1));
    case 1:
      return expand(x, [2, ...x.shape]);
    case 2:
      return flatten(x);
    case 3:
      return permute(x, [...x.shape.keys()].reverse());
    case 4:
      return x.flip(x.ndim === 0 ? [] : axis);
    case 5:
      return slice(
        x,
        [...x.shape.keys()].map((i) =>
          i === axis ? [choice % 4, null, 1 + (choice % 2)] : [null, null, -1],
        ),
      );
    case 6:
      return pad(
        x,
        [...x.shape.keys()].map((i) => (i === axis ? [1, choice % 2] : [0, 0])),
        { value: -1 },
      );
    case 7:
      return x.ndim > 0 && x.shape[axis] > 0 ? select(x, axis, -1) : x;
    default:
      return x.ndim > 0 && x.shape[axis] > 1 ? unfold(x.transpose(axis, -1), { size: [2] }) : x;
  }
}

const copy = (x: Tensor) => tensor(x.dataSync(), { shape: x.shape });

describe("a view of a view", () => {
  it("is the same view of its copied elements", () => {
    const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
    fc.assert(
      fc.property(shapes, fc.array(fc.nat(1000), { maxLength: 5 }), (shape, choices) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const x = arange(size).reshape(shape);
        const view = choices.reduce(move, x);
        const copied = choices.reduce((each, choice) => copy(move(each, choice)), x);
        expect(view.shape).toEqual(copied.shape);
        expect(view.dataSync()).toEqual(copied.dataSync());
      }),
    );
  });
});

describe("fold", () => {
  it("is the transpose of unfold: ⟨unfold(x), u⟩ = ⟨x, fold(u)⟩", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(lengths, fc.nat(), (lengths, seed) => {
        const options = { generator: new Generator(seed), dtype: "float64" } as const;
        const laid = {
          size: lengths.map((length, axis) => 1 + ((seed + axis) % length)),
          stride: lengths.map((_, axis) => 1 + ((seed + axis) % 3)),
          dilation: lengths.map((length, axis) => ((seed + axis) % length <= length / 2 - 1 ? 2 : 1)),
        };
        const x = normal([2, ...lengths], options);
        const views = unfold(x, laid);
        const u = normal(views.shape, options);
        const { stride, dilation } = laid;
        const back = fold(u, { stride, dilation, lengths });
        expect(back.shape).toEqual(x.shape);
        expect(back.mul(x).sum().itemSync()).toBeCloseTo(views.mul(u).sum().itemSync(), 10);
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  it("says which axes do not have such windows", () => {
    expect(() => fold(ones([3, 2]), { lengths: [5] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fold: got [3, 2]; windows of [5] have the shape [4, 2]]`,
    );
    expect(() => fold(ones([3]), { lengths: [4], stride: 2 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: fold: got [3]; expected 1 axes of window positions and 1 of window elements]`,
    );
  });
});

describe("movements that undo each other", () => {
  const x = arange(24).reshape([2, 3, 4]);
  it.each<[string, Tensor]>([
    ["transpose twice", x.transpose(0, 2).transpose(0, 2)],
    ["flip twice", x.flip([0, 2]).flip([0, 2])],
    ["permute and its inverse", x.permute([1, 2, 0]).permute([2, 0, 1])],
    ["unsqueeze and squeeze", x.unsqueeze(1).squeeze(1)],
    ["split and concat", concat(x.split([1, 2], { axis: 1 }), { axis: 1 })],
    [
      "pad and slice",
      x
        .pad([
          [1, 2],
          [0, 1],
          [3, 0],
        ])
        .slice([[1, 3], [0, 3], [3]]),
    ],
    ["roll there and back", x.roll(5, { axis: 1 }).roll(-5, { axis: 1 })],
  ])("%s", (_, back) => {
    expect(back.toArraySync()).toEqual(x.toArraySync());
  });
});

describe("messages", () => {
  const x = ones([2, 3]);

  it("of reshape, flatten, squeeze and unsqueeze", () => {
    expect(() => reshape(x, [4, -1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: reshape: [2, 3] has 6 elements; [4, -1] does not divide them]`,
    );
    expect(() => reshape(x, [-1, -1])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: reshape: [2, 3] has 6 elements; [-1, -1] does not divide them. At most one axis can be −1, and then no other axis can be 0]`,
    );
    expect(() => reshape(zeros([0]), [0, -1])).toThrow("At most one axis can be −1");
    // @ts-expect-error TypeScript sees it too
    expect(() => reshape(x, [7])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: reshape: [2, 3] has 6 elements; [7] has 7]`,
    );
    expect(() => flatten(x, { startAxis: 1, endAxis: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: flatten: got startAxis 1 after endAxis 0]`,
    );
    expect(() => squeeze(x, 1)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: squeeze: axis 1 of [2, 3] has length 3; expected 1]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => unsqueeze(x, 3)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: unsqueeze: got axis 3 for a tensor with 3 axes; expected a whole number from -3 to 2]`,
    );
  });

  it("of permute, transpose, expand and flip", () => {
    // @ts-expect-error TypeScript sees it too
    expect(() => permute(x, [0])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: permute: got the axes [0] for the shape [2, 3]; expected each axis once]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => permute(x, [0, 2])).toThrow("permute: got axis 2");
    expect(() => transpose(ones([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: transpose: got axis -2 for a tensor with 1 axes; expected a whole number from -1 to 0]`,
    );
    expect(() => expand(x, [2, 4])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: expand: [2, 3] cannot become [2, 4]; only new axes in front and axes of length 1 can change]`,
    );
    expect(() => expand(x, [3])).toThrow("expand: [2, 3] cannot become [3]");
    expect(() => expand(x, [-1, 2, 3])).toThrow("expand");
    expect(() => x.flip([0, -2])).toThrow("flip: got the axes [0, -2], which name one axis twice");
  });

  it("of slice, narrow, select and split", () => {
    expect(() => slice(x, [null, null, null])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: slice: got 3 ranges for the shape [2, 3]]`,
    );
    expect(() => slice(x, [[0, 2, 0]])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: slice: got the step 0; expected a whole number that is not 0]`,
    );
    expect(() => slice(x, [[0.5, 2]])).toThrow("slice: starts [0.5, 0]");
    expect(() => narrow(x, 1, 2, 2)).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: narrow: got 2 elements from 2 for an axis of length 3]`,
    );
    expect(() => narrow(x, 0, -3, 1)).toThrow("narrow: got 1 elements from -3 for an axis of length 2");
    expect(() => select(x, 1, 3)).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: select: got the index 3 for an axis of length 3]`,
    );
    expect(() => select(x, 1, 0.5)).toThrow("select: got the index 0.5");
    expect(() => split(x, [1, 1], { axis: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: split: got the sizes [1, 1] for an axis of length 3]`,
    );
    expect(() => split(x, [4, -1], { axis: 1 })).toThrow("split: got the sizes [4, -1]");
    expect(() => split(x, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: split: got pieces of 0; expected a whole number of at least 1]`,
    );
  });

  it("of concat, stack, pad, repeat, roll and windows", () => {
    expect(() => concat([])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: concat: got no tensors; expected at least one]`,
    );
    expect(() => concat([x, ones([2, 4])])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: concat: got [2, 3], [2, 4] along axis 0; expected shapes that differ only there]`,
    );
    expect(() => stack([])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: stack: got no tensors; expected at least one]`,
    );
    expect(() => stack([x, ones([3])])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: stack: got [2, 3], [3]; expected one shape]`,
    );
    expect(() => pad(x, [[1, 1]])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: pad: got 1 pairs for the shape [2, 3]; expected one per axis]`,
    );
    expect(() => pad(arange(3), [[1, 0]], { value: 0.5 })).toThrow(
      "pad: got the value 0.5, which int32 cannot hold",
    );
    expect(() => repeat(x, [2])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: repeat: got the counts [2] for the shape [2, 3]; expected a whole number for each axis]`,
    );
    expect(() => repeat(x, [2, -1])).toThrow("repeat: got the counts [2, -1]");
    expect(() => roll(x, 0.5)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: roll: got the shift 0.5; expected a whole number]`,
    );
    expect(() => unfold(x, { size: [4] })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: unfold: windows of [4] (stride [1], dilation [1]) do not fit in [2, 3]]`,
    );
    expect(() => unfold(x, { size: [2, 2], stride: [1] })).toThrow("do not fit in [2, 3]");
  });
});

describe("stack", () => {
  it("joins tensors along any new axis: select returns each of them", () => {
    for (const shape of [[], [3], [2, 3], [2, 0], [2, 1, 4]]) {
      const tensors = [0, 1, 2].map((i) => ones(shape).mul(i));
      for (let axis = -shape.length - 1; axis <= shape.length; axis++) {
        const stacked: Tensor = stack(tensors, { axis });
        const place = axis < 0 ? axis + shape.length + 1 : axis;
        expect(stacked.shape).toEqual(shape.toSpliced(place, 0, 3));
        for (const [i, x] of tensors.entries()) {
          expect(stacked.select(axis, i).toArraySync()).toEqual(x.toArraySync());
        }
      }
      expect(() => stack(tensors, { axis: shape.length + 1 })).toThrow("stack");
    }
  });
});
