import { matmul, ones, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, expectTypeOf, it } from "vitest";
import { vjp } from "./index.js";

function float64(data: number | number[] | number[][]): Tensor {
  return tensor(data, { dtype: "float64" });
}

const x = float64([0.5, -1.5, 2]);
const v = float64([1, 0.25, -2]);
const matrix = float64([
  [1, 2, 3],
  [0, -1, 0.5],
]);

describe("vjp", () => {
  it("pulls gradients back through a function, any number of times", () => {
    const { value, pullBack } = vjp((a: Tensor) => matmul(matrix, a), x);
    expect(value.toArraySync()).toEqual([3.5, 2.5]);
    expect(pullBack(float64([1, 0]))[0].toArraySync()).toEqual([1, 2, 3]);
    expect(pullBack(float64([0, 2]))[0].toArraySync()).toEqual([0, -2, 1]);
  });

  it("takes and returns trees", () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor[] }, c: Tensor) => ({
      product: a.mul(b[0]),
      rest: [c.mul(2), b[1]] as const,
    });
    const { value, pullBack } = vjp(f, { a: x, b: [v, float64(3)] }, float64(4));
    expectTypeOf(value.rest).toEqualTypeOf<readonly [Tensor, Tensor]>();
    expect(value.product.toArraySync()).toEqual([0.5, -0.375, -4]);
    const [{ a, b }, c] = pullBack({
      product: ones([3], { dtype: "float64" }),
      rest: [float64(5), float64(7)],
    });
    expect(a.toArraySync()).toEqual(v.toArraySync());
    expect(b.map((leaf) => leaf.toArraySync())).toEqual([x.toArraySync(), 7]);
    expect(c.itemSync()).toBe(10);
  });

  it("adds gradients of an output that appears twice, and is 0 for an unused input", () => {
    const { pullBack } = vjp(
      (...[a]: [used: Tensor, unused: Tensor]) => {
        const y = a.mul(3);
        return [y, y] as const;
      },
      x,
      v,
    );
    const [byA, byUnused] = pullBack([x, v]);
    expect(byA.toArraySync()).toEqual([4.5, -3.75, 0]);
    expect(byUnused.toArraySync()).toEqual([0, 0, 0]);
  });

  it("ignores the gradient of an output that is not differentiable", () => {
    const { value, pullBack } = vjp((a: Tensor) => ({ order: a.argsort(), y: a.exp() }), x);
    const [gradient] = pullBack({ order: value.order, y: float64([0, 0, 0]) });
    expect(gradient.toArraySync()).toEqual([0, 0, 0]);
  });

  it("throws for gradients that do not fit the output", () => {
    const { pullBack } = vjp((a: Tensor): { y: Tensor; z: Tensor } => ({ y: a, z: a }), x);
    expect(() => pullBack({ y: x, z: float64([1]) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: vjp: got [1] for a tensor of [3]]`,
    );
    expect(() => pullBack({ y: x, z: ones([3]) })).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: vjp: got float32 for a tensor of float64. Cast it first]`,
    );
    expect(() => pullBack({ y: x } as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: vjp: got an object of y for an object of y, z; expected the same nesting]`,
    );
    expect(() => pullBack([x, x] as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: vjp: got an array of 2 for an object of y, z; expected the same nesting]`,
    );
    expect(() => pullBack(x as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: vjp: got a tensor for an object of y, z; expected the same nesting]`,
    );
  });
});
