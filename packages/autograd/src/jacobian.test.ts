import { Generator, matmul, ones, tensor, uniform, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, expectTypeOf, it } from "vitest";
import { hessian, jacobian } from "./index.js";

function float64(data: number | number[] | number[][]): Tensor {
  return tensor(data, { dtype: "float64" });
}

const x = float64([0.5, -1.5, 2]);
const v = float64([1, 0.25, -2]);
const matrix = float64([
  [1, 2, 3],
  [0, -1, 0.5],
]);

describe("jacobian", () => {
  it("of a matrix product is the matrix", () => {
    expect(jacobian((a: Tensor) => matmul(matrix, a))(x).toArraySync()).toEqual(matrix.toArraySync());
  });

  it("has the axes of the output, then those of the input", () => {
    const f = (a: Tensor): Tensor => a.mul(2).unsqueeze(0);
    expect(jacobian(f)(ones([2, 3])).shape).toEqual([1, 2, 3, 2, 3]);
    expect(jacobian((a: Tensor) => a.sum())(matrix).shape).toEqual([2, 3]);
    expect(jacobian((a: Tensor) => a.mul(1))(float64(2)).toArraySync()).toBe(1);
    expect(jacobian((a: Tensor) => a.narrow(0, 0, 0))(x).shape).toEqual([0, 3]);
    expect(jacobian((a: Tensor) => a.sum({ axis: 0 }))(zeros([0, 2])).shape).toEqual([2, 0, 2]);
  });

  it("has the nesting of the output, and at each leaf that of the argument", () => {
    const f = (scale: Tensor, { a, b }: { a: Tensor; b: Tensor }) => ({
      y: a.mul(b).mul(scale),
      z: [a] as const,
    });
    const derivatives = jacobian(f, { argument: 1 })(float64(2), { a: x, b: v.abs() });
    expectTypeOf(derivatives.z[0].b).toEqualTypeOf<Tensor>();
    expect(derivatives.y.a.toArraySync()).toEqual([
      [2, 0, 0],
      [0, 0.5, 0],
      [0, 0, 4],
    ]);
    expect(derivatives.z[0].b.toArraySync()).toEqual(zeros([3, 3]).toArraySync());
  });
});

describe("hessian", () => {
  it("of a quadratic form is A + Aᵀ", () => {
    const a = uniform([3, 3], { dtype: "float64", generator: new Generator(1) });
    const form = (y: Tensor): Tensor => y.dot(matmul(a, y));
    const expected = a.add(a.transpose()).dataSync();
    hessian(form)(x)
      .dataSync()
      .forEach((element, i) => {
        expect(element).toBeCloseTo(expected[i], 14);
      });
  });

  it("has the nesting of the argument, twice", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }): Tensor => a.mul(b).sum();
    const blocks = hessian(f)({ a: x, b: float64(3) });
    expectTypeOf(blocks.a.b).toEqualTypeOf<Tensor>();
    expect(blocks.a.a.toArraySync()).toEqual(zeros([3, 3]).toArraySync());
    expect(blocks.a.b.toArraySync()).toEqual([1, 1, 1]);
    expect(blocks.b.a.toArraySync()).toEqual([1, 1, 1]);
    expect(blocks.b.b.itemSync()).toBe(0);
  });
});
