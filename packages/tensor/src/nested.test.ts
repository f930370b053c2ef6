import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { tensor, zeros, type NestedArray } from "./index.js";

describe("nested arrays", () => {
  it.each<[NestedArray, number[]]>([
    [5, []],
    [[1, 2, 3], [3]],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
    ],
    [
      [[[1]], [[2]]],
      [2, 1, 1],
    ],
    [[], [0]],
    [
      [[], []],
      [2, 0],
    ],
  ])("%j has the shape %j, and comes back as it was", async (nested, shape) => {
    const x = tensor(nested);
    expect(x.shape).toEqual(shape);
    expect(x.toArraySync()).toEqual(nested);
    expect(await x.toArray()).toEqual(nested);
  });

  it("of booleans stay booleans", () => {
    const x = tensor([[true, false]]);
    expect(x.dtype).toBe("bool");
    expect(x.toArraySync()).toEqual([[true, false]]);
    expect(x.dataSync()).toEqual(Uint8Array.of(1, 0));
  });

  it("of any shape make the round trip", () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, seed) => {
        const size = shape.reduce((product, length) => product * length, 1);
        const elements = Float64Array.from({ length: size }, (_, i) => seed + i);
        const x = tensor(elements, { shape });
        expect(tensor(x.toArraySync(), { dtype: "float64" }).dataSync()).toEqual(elements);
        expect(tensor(x.toArraySync()).shape).toEqual(shape);
      }),
    );
  });

  it("with an empty axis lose the axes after it", () => {
    expect(zeros([2, 0, 3]).toArraySync()).toEqual([[], []]);
  });
});

describe("arrays nested deeper than the call stack", () => {
  it("make the round trip", () => {
    let deep: NestedArray = 7;
    for (let depth = 0; depth < 20_000; depth++) deep = [deep];
    const x = tensor(deep);
    expect(x.ndim).toBe(20_000);
    let back = x.toArraySync();
    let depth = 0;
    while (Array.isArray(back)) {
      back = (back as NestedArray[])[0];
      depth++;
    }
    expect([back, depth]).toEqual([7, 20_000]);
  });

  it("throw if they contain themselves", () => {
    const endless: unknown[] = [];
    endless.push(endless);
    expect(() => tensor(endless as never)).toThrow("tensor: got an array that contains itself");
    expect(() => tensor([endless, endless] as never)).toThrow("tensor: got an array that contains itself");
    expect(() => tensor([[1], endless] as never)).toThrow("[1, 0] is an array of 1; expected a number");
  });
});

describe("ragged arrays", () => {
  it("throw an error with the first index that does not fit", () => {
    expect(() => tensor([[1, 2], [3]])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensor: [1] is an array of 1; expected 2. All arrays at one depth need one length]`,
    );
    expect(() => tensor([[1, 2], 3])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensor: [1] is a number; expected an array of 2. All arrays at one depth need one length]`,
    );
    expect(() => tensor([1, [2, 3]])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensor: [1] is an array of 2; expected a number. All arrays at one depth need one length]`,
    );
    expect(() =>
      tensor([
        [[1], [2]],
        [[3], [4, 5]],
      ]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensor: [1, 1] is an array of 2; expected 1. All arrays at one depth need one length]`,
    );
    expect(() => tensor([[], [1]])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tensor: [1] is an array of 1; expected 0. All arrays at one depth need one length]`,
    );
  });

  it("throw for elements that are not numbers", () => {
    expect(() => tensor([1, "2"] as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tensor: [1] is "2"; expected a number, a boolean or an array of them]`,
    );
    expect(() => tensor([1, null] as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tensor: [1] is null; expected a number, a boolean or an array of them]`,
    );
    expect(() => tensor(undefined as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tensor: the value is undefined; expected a tensor, a number, a boolean or an array of them]`,
    );
    expect(() => tensor([1, true])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tensor: got numbers and booleans mixed; expected one kind]`,
    );
  });
});
