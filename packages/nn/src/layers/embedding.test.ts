import { backward } from "@stargrad/autograd";
import { Generator, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Embedding } from "../index.js";

const indices = (values: number[]) => tensor(Int32Array.from(values));

describe("Embedding", () => {
  it("is initialized with a normal distribution, and 0 for the padding", () => {
    const layer = new Embedding(1000, 8, { paddingIdx: -1, generator: new Generator(1) });
    const rows = [...layer.weight.narrow(0, 0, 999).dataSync()];
    const mean = rows.reduce((sum, value) => sum + value, 0) / rows.length;
    const variance = rows.reduce((sum, value) => sum + value ** 2, 0) / rows.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(variance).toBeCloseTo(1, 1);
    expect(layer.weight.select(0, 999).dataSync()).toEqual(new Float32Array(8));
  });

  it("adds up the gradients of a row that is looked up more than once, and gives none to the padding", () => {
    const layer = new Embedding(4, 1, { paddingIdx: 1 });
    backward(layer.forward(indices([3, 1, 3, 0, 3])).sum());
    expect(layer.weight.grad?.dataSync()).toEqual(Float32Array.of(1, 0, 0, 3));
  });

  it("can look up the padding", () => {
    const layer = new Embedding(3, 2, { paddingIdx: 2 });
    layer.weight.assign(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    expect(layer.forward(indices([2, 0])).toArraySync()).toEqual([
      [5, 6],
      [1, 2],
    ]);
  });

  it("takes an index of any shape, including an empty one", () => {
    const layer = new Embedding(3, 2);
    expect(layer.forward(zeros([2, 0], { dtype: "int32" })).shape).toEqual([2, 0, 2]);
    expect(layer.forward(zeros([], { dtype: "int32" })).shape).toEqual([2]);
  });

  it("reports an index that is out of range, if its value is known", () => {
    const layer = new Embedding(10, 3, { paddingIdx: 0 });
    expect(() => layer.forward(indices([0, 10]))).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: Embedding(10, 3, { paddingIdx: 0 }): got the index 10 at position 1; expected 0 to 9]`,
    );
    expect(() => layer.forward(indices([0, -1]))).toThrowErrorMatchingInlineSnapshot(
      `[IndexError: Embedding(10, 3, { paddingIdx: 0 }): got the index -1 at position 1; expected 0 to 9]`,
    );
    // An index still to be computed is checked when it is.
    const later = layer.forward(indices([0, 9]).add(1));
    expect(() => later.dataSync()).toThrow("got the index 10 at position");
  });

  it("checks its options and the type of the index", () => {
    expect(() => new Embedding(10, 3).forward(zeros([2]))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: Embedding(10, 3): got an index of float32; expected int32. Cast with x.cast("int32")]`,
    );
    expect(() => new Embedding(10, 3, { paddingIdx: 10 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Embedding: got paddingIdx 10; expected a row, -10 to 9]`,
    );
    expect(() => new Embedding(0, 3)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Embedding: got numEmbeddings 0; expected a whole number of at least 1]`,
    );
  });
});
