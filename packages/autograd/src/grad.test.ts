import { ones, scan, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, expectTypeOf, it } from "vitest";
import { grad, Parameter, valueAndGrad } from "./index.js";

// golden.test.ts compares gradients of gradients with PyTorch.

describe("grad", () => {
  it("is a function of tensors again, so it can be applied to itself", () => {
    const cube = (x: Tensor): Tensor => x.pow(3);
    const x = tensor(2);
    expect(grad(cube)(x).itemSync()).toBe(12);
    expect(grad(grad(cube))(x).itemSync()).toBe(12);
    expect(grad(grad(grad(cube)))(x).itemSync()).toBe(6);
    expect(grad(grad(grad(grad(cube))))(x).itemSync()).toBe(0);
  });

  it("differentiates with respect to the first argument, or the given one", () => {
    const f = (x: Tensor, y: Tensor): Tensor => x.mul(y).add(y).sum();
    const [x, y] = [tensor([2, 3]), tensor([5, 7])];
    expect(grad(f)(x, y).toArraySync()).toEqual([5, 7]);
    expect(grad(f, { argument: 1 })(x, y).toArraySync()).toEqual([3, 4]);
    expect(grad((a: Tensor) => grad(f, { argument: 1 })(a, y).sum())(x).toArraySync()).toEqual([1, 1]);
  });

  it("does not differentiate with respect to other arguments, which may be integers", () => {
    const f = (x: Tensor, index: Tensor): Tensor => x.take(index).sum();
    const index = tensor([1, 1], { dtype: "int32" });
    expect(grad(f)(tensor([2, 3]), index).toArraySync()).toEqual([0, 2]);
  });

  it("refuses an asynchronous function, as scan does, without an unhandled rejection", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    const failing = (x: Tensor): never => Promise.reject(new Error(`later: ${x.ndim}`)) as never;
    expect(() => grad(failing)(tensor([1]))).toThrow("The function cannot be async");
    expect(() => scan(failing, tensor(0), tensor([1]))).toThrow("did not return { carry, y }");
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
  });

  it("is 0 for an argument that the function does not depend on", () => {
    expect(grad<[Tensor]>(() => tensor(1))(ones([2, 2])).toArraySync()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("differentiates with respect to parameters without changing their grad", () => {
    const x = new Parameter(tensor([1, 2]));
    expect(grad((p: Tensor) => p.square().sum())(x).toArraySync()).toEqual([2, 4]);
    expect(x.grad).toBeNull();
  });

  it("takes a tensor given twice as two inputs", () => {
    const x = tensor([2, 3]);
    const f = (a: Tensor, b: Tensor): Tensor => a.square().mul(b).sum();
    expect(grad(f, { argument: 1 })(x, x).toArraySync()).toEqual([4, 9]);
  });

  it("returns gradients with the nesting of the argument", () => {
    const model = {
      layers: [{ weight: tensor([1, 2]), bias: tensor(0) }, { weight: tensor([3, 4]) }],
    } as const;
    const loss = ({ layers: [first, second] }: typeof model): Tensor =>
      first.weight.mul(second.weight).add(first.bias).sum();
    const gradient = grad(loss)(model);
    expectTypeOf(gradient).toEqualTypeOf(model);
    expect(gradient.layers[0].weight.toArraySync()).toEqual([3, 4]);
    expect(gradient.layers[0].bias.itemSync()).toBe(2);
    expect(gradient.layers[1].weight.toArraySync()).toEqual([1, 2]);
  });

  it("throws for every kind of wrong call", () => {
    const identity = (x: Tensor): Tensor => x;
    expect(() => grad(identity)(ones([2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: grad: the function returned [2]; expected a scalar. Reduce it, for example with mean()]`,
    );
    expect(() => grad(identity)(tensor(1, { dtype: "int32" }))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: grad: got an input of int32; expected float32 or float64]`,
    );
  });
});

describe("valueAndGrad", () => {
  it("returns both, computing the function once", () => {
    let calls = 0;
    const f = (x: Tensor): Tensor => {
      calls++;
      return x.square().sum();
    };
    const { value, grad: gradient } = valueAndGrad(f)(tensor([1, 2]));
    expect(value.itemSync()).toBe(5);
    expect(gradient.toArraySync()).toEqual([2, 4]);
    expect(calls).toBe(1);
  });
});
