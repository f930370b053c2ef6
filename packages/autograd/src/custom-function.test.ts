import { ones, tensor, where, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import {
  backward,
  checkGradient,
  customFunction,
  grad,
  GradientError,
  jvp,
  onGradient,
  Parameter,
} from "./index.js";

function float64(...elements: number[]): Tensor {
  return tensor(elements, { dtype: "float64" });
}

const x = float64(0.5, -1.5, 2);

describe("customFunction", () => {
  it("has the value of forward and the derivative of backward", () => {
    const roundStraightThrough = customFunction(
      (a: Tensor) => a.round(),
      (g) => [g],
    );
    const w = new Parameter(x);
    const y = roundStraightThrough(w);
    expect(y.toArraySync()).toEqual([0, -2, 2]);
    backward(y.mul(float64(1, 2, 3)).sum());
    expect(w.grad?.toArraySync()).toEqual([1, 2, 3]);
  });

  it("can be differentiated again, forwards and backwards, if backward is made of tensor operations", () => {
    // ln(1 + eˣ), whose derivative is known without its logarithm.
    const softplus = customFunction(
      (a: Tensor) => a.exp().add(1).log(),
      (g, [a]) => [g.mul(a.sigmoid())],
    );
    expect(checkGradient(softplus, [x]).checked).toBe(3);
    expect(checkGradient(softplus, [x], { order: 2 }).checked).toBe(3);
    const [v, slope] = [float64(1, 2, -1), x.sigmoid()];
    expect(jvp(softplus, [x], [v]).tangent.toArraySync()).toEqual(slope.mul(v).toArraySync());
  });

  it("gives backward the inputs and the output", () => {
    const product = customFunction(
      (a: Tensor, b: Tensor) => a.mul(b),
      (g, [a, b], y) => [g.mul(y).div(a), g.mul(a).add(b.mul(0))],
    );
    expect(checkGradient(product, [x, float64(3, 4, 5)], { order: 2 }).checked).toBe(6);
  });

  it("takes inputs without a derivative, and null for those that get none", () => {
    const pick = customFunction(
      (a: Tensor, index: Tensor) => a.take(index),
      (g, [a, index]) => [a.mul(0).scatterAdd(index, g), null],
    );
    const index = tensor([2, 2], { dtype: "int32" });
    expect(grad((a: Tensor) => pick(a, index).sum())(x).toArraySync()).toEqual([0, 0, 2]);
  });

  it("works with checkGradient", () => {
    const wrong = customFunction(
      (a: Tensor) => a.square(),
      (g, [a]) => [g.mul(a)],
    );
    expect(() => checkGradient(wrong, [x])).toThrow(GradientError);
  });

  it("is not traversed if no gradient is requested", () => {
    const never = customFunction(
      (a: Tensor) => a.square(),
      () => {
        throw new Error("asked");
      },
    );
    const w = new Parameter(x);
    expect(never(w).toArraySync()).toEqual([0.25, 2.25, 4]);
    backward(never(x).mul(w).sum());
    expect(w.grad?.toArraySync()).toEqual([0.25, 2.25, 4]);
  });

  it("throws for gradients that do not fit the inputs, before any gradient has changed", () => {
    const returning = (...gradients: (Tensor | null)[]) =>
      customFunction(
        (a: Tensor) => a.exp(),
        () => gradients,
      );
    const w = new Parameter(x);
    const backwardThrough = (f: (a: Tensor) => Tensor) => () => {
      backward(f(w).sum());
    };
    expect(backwardThrough(returning(float64(1, 2)))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: customFunction: the gradient of input 0 is [2]; expected [3]]`,
    );
    expect(backwardThrough(returning(ones([3])))).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: customFunction: the gradient of input 0 is float32; expected float64]`,
    );
    expect(backwardThrough(returning(null, null))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: customFunction: backward returned 2 gradients for 1 inputs. Return null for an input that needs none]`,
    );
    expect(w.grad).toBeNull();
  });
});

describe("onGradient", () => {
  it("observes the whole gradient of a tensor, where several paths meet", () => {
    const w = new Parameter(x);
    const seen: Tensor[] = [];
    const hidden = onGradient(w.mul(2), (g) => void seen.push(g));
    expect(hidden.toArraySync()).toEqual([1, -3, 4]);
    backward(hidden.sum().add(hidden.mul(10).sum()));
    expect(seen.map((g) => g.toArraySync())).toEqual([[11, 11, 11]]);
    expect(w.grad?.toArraySync()).toEqual([22, 22, 22]);
  });

  it("replaces it: here, by clipping", () => {
    const w = new Parameter(x);
    backward(
      onGradient(w, (g) => g.clamp({ min: -1, max: 1 }))
        .square()
        .sum(),
    );
    expect(w.grad?.toArraySync()).toEqual([1, -1, 1]);
  });

  it("ignores gradients that do not pass through the returned tensor", () => {
    const w = new Parameter(x);
    const reversed = onGradient(w, (g) => g.neg());
    backward(w.sum().add(reversed.mul(3).sum()));
    expect(w.grad?.toArraySync()).toEqual([-2, -2, -2]);
  });

  it("sees gradients of gradients", () => {
    let calls = 0;
    const cube = (a: Tensor): Tensor =>
      onGradient(a, () => {
        calls++;
        return undefined;
      })
        .pow(3)
        .sum();
    expect(grad((a: Tensor) => grad(cube)(a).sum())(x).toArraySync()).toEqual([3, -9, 12]);
    expect(calls).toBe(2);
  });

  it("throws for another shape", () => {
    const w = new Parameter(x);
    expect(() => {
      backward(onGradient(w, (g) => g.sum()).sum());
    }).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: onGradient: the gradient of input 0 is []; expected [3]]`,
    );
  });
});

it("a custom function inside of a condition affects only the elements that it is selected for", () => {
  const doubled = customFunction(
    (a: Tensor) => a,
    (g) => [g.mul(2)],
  );
  const f = (a: Tensor): Tensor => where(a.greater(0), doubled(a), a).sum();
  expect(grad(f)(x).toArraySync()).toEqual([2, 1, 2]);
});
