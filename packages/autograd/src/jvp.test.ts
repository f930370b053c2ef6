import { matmul, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { checkGradient, grad, hessian, hvp, jvp } from "./index.js";

function float64(data: number | number[] | number[][]): Tensor {
  return tensor(data, { dtype: "float64" });
}

const x = float64([0.5, -1.5, 2]);
const v = float64([1, 0.25, -2]);
const matrix = float64([
  [1, 2, 3],
  [0, -1, 0.5],
]);

describe("jvp", () => {
  it("is the directional derivative", () => {
    const { value, tangent } = jvp((a: Tensor) => matmul(matrix, a), [x], [v]);
    expect(value.toArraySync()).toEqual([3.5, 2.5]);
    expect(tangent.toArraySync()).toEqual(matmul(matrix, v).toArraySync());
  });

  it("takes and returns trees", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }) => [a.mul(b), a.sum()] as const;
    const { tangent } = jvp(f, [{ a: x, b: v }], [{ a: v, b: x }]);
    expect(tangent.map((leaf) => leaf.toArraySync())).toEqual([[1.25, 2.3125, 8], -0.75]);
  });

  it("is 0 where the inputs do not matter, and where the output is not real", () => {
    const { tangent } = jvp((a: Tensor) => [a.argsort(), zeros([2]), a] as const, [x], [v]);
    expect(tangent.map((leaf) => leaf.toArraySync())).toEqual([[0, 0, 0], [0, 0], v.toArraySync()]);
  });

  it("never computes the pull-back it is derived from", () => {
    // ln 0 is −∞ and its pull-back ∞; neither is needed for the tangent of the other element.
    const { tangent } = jvp((a: Tensor) => a.log().narrow(0, 1, 1), [float64([0, 2])], [float64([0, 1])]);
    expect(tangent.toArraySync()).toEqual([0.5]);
  });

  it("can be differentiated, by itself and by grad", () => {
    const f = (a: Tensor): Tensor => a.pow(3).sum();
    const slope = (a: Tensor): Tensor => jvp(f, [a], [v]).tangent;
    // d/da Σ 3a²v = 6av, and along v again Σ 6av².
    expect(grad(slope)(x).toArraySync()).toEqual([3, -2.25, -24]);
    expect(jvp(slope, [x], [v]).tangent.itemSync()).toBe(3 - 0.5625 + 48);
    expect(checkGradient(slope, [x], { order: 2 }).checked).toBe(3);
  });

  it("throws for tangents that do not fit the inputs", () => {
    const f = (a: Tensor): Tensor => a;
    expect(() => jvp(f, [x], [matrix])).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: jvp: got [2, 3] for a tensor of [3]]`,
    );
    expect(() => jvp(f, [x.cast("int32")], [x])).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: jvp: got an input of int32; expected float32 or float64]`,
    );
  });
});

describe("hvp", () => {
  it("multiplies by the Hessian without forming it, and returns value and gradient with it", () => {
    const f = (a: Tensor, b: Tensor): Tensor => a.square().mul(b).sum();
    const { value, grad: gradient, product } = hvp(f, [x, v], [v, x]);
    expect(value.itemSync()).toBe(0.25 + 0.5625 - 8);
    expect(gradient.map((leaf) => leaf.toArraySync())).toEqual([
      [1, -0.75, -8],
      [0.25, 2.25, 4],
    ]);
    // H = [[2b, 2a], [2a, 0]], element by element.
    expect(product[0].toArraySync()).toEqual(v.mul(v).mul(2).add(x.mul(x).mul(2)).toArraySync());
    expect(product[1].toArraySync()).toEqual(x.mul(v).mul(2).toArraySync());
  });

  it("is the Hessian times the vector", () => {
    const f = (a: Tensor): Tensor => a.mul(a.exp()).logsumexp().add(a.prod());
    const expected = matmul(hessian(f)(x), v).dataSync();
    hvp(f, [x], [v])
      .product[0].dataSync()
      .forEach((element, i) => {
        expect(element).toBeCloseTo(expected[i], 12);
      });
  });

  it("requires a scalar function", () => {
    expect(() => hvp((a: Tensor) => a, [x], [v])).toThrow(
      "hvp: the function returned [3]; expected a scalar",
    );
  });
});
