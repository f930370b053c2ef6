import type { PlainName } from "@stargrad/graph";
import { einsum, sub, tensor, where, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { differentiableSamples } from "../scripts/gradient-table.js";
import { assignAlong, Buffer, checkGradient, GradientError, detach } from "./index.js";
import { rules, type Rule } from "./internal.js";

type Differentiable = (...inputs: Tensor[]) => Tensor;

/** A function with the value of `f` and the derivative of another function, to simulate a wrong gradient rule. */
function planted(f: Differentiable, derivedFrom: Differentiable): Differentiable {
  return (...inputs) => {
    const other = derivedFrom(...inputs);
    return detach(f(...inputs)).add(other.sub(detach(other)));
  };
}

function float64(data: number[] | number[][]): Tensor {
  return tensor(data, { dtype: "float64" });
}

function errorOf(f: Differentiable, inputs: readonly Tensor[], order: 1 | 2 = 1): GradientError {
  try {
    checkGradient(f, inputs, { order });
  } catch (error) {
    if (error instanceof GradientError) return error;
    throw error;
  }
  throw new Error("the fault was not caught");
}

const x = float64([0.5, -1.25, 2]);
const y = float64([1.5, 0.75, -0.5]);
const matrix = float64([
  [0.5, -1, 2],
  [1.5, 3, -0.25],
  [-2, 0.75, 1],
]);
const other = matrix.mul(matrix).sub(1);
const index = tensor([0, 0, 2], { dtype: "int32" });

const faults: Record<string, readonly [fault: Differentiable, inputs: readonly Tensor[]]> = {
  "a wrong sign: sub gives its second input +g": [planted(sub, (a, b) => a.add(b)), [x, y]],
  "a factor forgotten: square without the 2": [
    planted(
      (a) => a.square(),
      (a) => a.square().mul(0.5),
    ),
    [x],
  ],
  "a factor a little off": [
    planted(
      (a) => a.sin(),
      (a) => a.sin().mul(1.003),
    ),
    [x],
  ],
  "the inner derivative forgotten: sin 3x without the 3": [
    planted(
      (a) => a.mul(3).sin(),
      (a) => a.mul(3).sin().div(3),
    ),
    [x],
  ],
  "a mean that is not divided by the count": [
    planted(
      (a) => a.mean(),
      (a) => a.sum(),
    ),
    [x],
  ],
  "a matrix product that does not transpose": [
    planted(
      (a, b) => a.matmul(b),
      (a, b) => einsum("ji,jk->ik", a, b),
    ),
    [matrix, other],
  ],
  "a maximum that sends the gradient to every element": [
    planted(
      (a) => a.amax({ axis: 1 }),
      (a) => a.sum({ axis: 1 }),
    ),
    [matrix],
  ],
  "a product that divides by the element, which is 0": [
    planted(
      (a) => a.prod(),
      (a) => a.abs().log().sum().exp(),
    ),
    [float64([2, 0, 3])],
  ],
  "a running total that does not turn around": [
    planted(
      (a) => a.cumsum(),
      (a) => a.flip().cumsum().flip(),
    ),
    [x],
  ],
  "a gather whose repeated index counts once": [
    planted(
      (a) => a.gather(index),
      (a) => a.gather(index).mul(tensor([1, 0, 1])),
    ),
    [x],
  ],
  "an input that receives nothing": [
    planted(
      (a, b) => a.mul(b),
      (a, b) => a.mul(detach(b)),
    ),
    [x, y],
  ],
  "a broadcast input that receives one row instead of their sum": [
    planted(
      (a, b) => a.add(b),
      (a, b) => a.add(b.mul(tensor([[1], [0], [0]]))),
    ),
    [matrix, x],
  ],
  "one wrong element of many": [
    planted(
      (a) => a.exp(),
      (a) => where(a.greater(1.9), a.exp().mul(2), a.exp()),
    ),
    [matrix],
  ],
};

/** Wrong rows for the table of rules. */
const wrongRows: { readonly [P in PlainName]?: Rule<P> } = {
  abs: (g) => [g],
  tanh: (g, _, y) => [g.mul(y.neg().add(1))],
  sub: (g) => [g, g],
  mul: (g, [a, b]) => [g.mul(a), g.mul(b)],
  div: (g, [, b], y) => [g.div(b), g.mul(y).div(b)],
  pow: (g, [a, b], y) => [g.mul(y).div(a), g.mul(y).mul(a.log()).add(b.mul(0))],
  where: (g, [condition]) => [null, where(condition, 0, g), where(condition, g, 0)],
  maximum: (g) => [g.mul(0.5), g.mul(0.5)],
  cumsum: (g, _inputs, _y, { axis }) => [g.cumsum({ axis })],
  flip: (g) => [g],
  scatterAdd: (g, [index], _y, { axis }) => [null, g.gather(index, { axis }).mul(2)],
  max: (g, [x], y) => [x.mul(0).add(g.sum().div(y.sum()))],
};

describe("checkGradient", () => {
  it.each(Object.keys(wrongRows) as PlainName[])("catches a wrong row for %s", (name) => {
    const table = rules as Record<string, unknown>;
    const right = table[name];
    const samples = differentiableSamples(name);
    const check = (): void => {
      for (const { f, inputs } of samples) checkGradient(f, inputs);
    };
    expect(check).not.toThrow();
    table[name] = wrongRows[name];
    try {
      expect(check).toThrow(GradientError);
    } finally {
      table[name] = right;
    }
  });

  it.each(Object.entries(faults))("catches %s", (_, [fault, inputs]) => {
    const { mismatches } = errorOf(fault, inputs);
    expect(mismatches.length).toBeGreaterThan(0);
  });

  it("catches a gradient that is right but cannot be differentiated again", () => {
    const cube: Differentiable = planted(
      (a) => a.pow(3),
      (a) => detach(a.square()).mul(a).mul(3),
    );
    expect(checkGradient(cube, [x]).checked).toBe(3);
    expect(errorOf(cube, [x], 2).mismatches).toHaveLength(3);
  });

  it("reports the number of derivatives and the largest error", () => {
    const report = checkGradient((a, b) => a.matmul(b).tanh(), [matrix, other]);
    expect(report.checked).toBe(18);
    expect(report.largestError).toBeLessThan(1e-8);
    const number = String.raw`-?\d\S*`;
    expect(String(report)).toMatch(
      new RegExp(
        String.raw`^18 derivatives agree; the worst is input \d, element \[\d, \d\]: got ${number}, expected ${number}$`,
      ),
    );
    expect(String(checkGradient((a) => a.exp(), [float64([])]))).toBe("there was no derivative to compare");
  });

  it("names each wrong derivative: which input, which element, expected and got", () => {
    const [fault, inputs] = faults["one wrong element of many"];
    const { mismatches, message } = errorOf(fault, inputs);
    expect(mismatches.map(({ input, index }) => ({ input, index }))).toEqual([
      { input: 0, index: [0, 2] },
      { input: 0, index: [1, 1] },
    ]);
    for (const { expected, got } of mismatches) expect(got / expected).toBeCloseTo(2, 6);
    expect(message.replaceAll(/(\.\d{3})\d+/g, "$1")).toMatchInlineSnapshot(`
      "checkGradient: 2 of 9 derivatives are wrong:
        input 0, element [0, 2]: got 10.974, expected 5.487
        input 0, element [1, 1]: got 22.940, expected 11.470"
    `);
  });

  it("shows the first five of many", () => {
    const [fault, inputs] = faults["a matrix product that does not transpose"];
    const { message, mismatches } = errorOf(fault, inputs);
    expect(message.split("\n")).toHaveLength(7);
    expect(message).toContain(`and ${mismatches.length - 5} more`);
  });

  it("takes a finer step and narrower tolerances", () => {
    const almost = planted(
      (a) => a.sin(),
      (a) => a.sin().mul(1.000_01),
    );
    expect(checkGradient(almost, [x]).checked).toBe(3);
    expect(() => checkGradient(almost, [x], { relativeTolerance: 1e-6, absoluteTolerance: 1e-7 })).toThrow(
      GradientError,
    );
  });

  it("calls the function once for its values, and once for the gradient of each input", () => {
    let calls = 0;
    const counted = (a: Tensor, b: Tensor): Tensor => {
      calls++;
      return a.matmul(b).tanh();
    };
    expect(checkGradient(counted, [matrix, other]).checked).toBe(18);
    expect(calls).toBe(1 + 2);
  });

  it.each<[how: string, scale: (a: Tensor) => number]>([
    ["reads its input", (a) => a.dataSync()[0]],
    ["reads what it computed", (a) => detach(a).square().sum().itemSync()],
    ["branches on a value", (a) => (a.sum().itemSync() > x.sum().itemSync() ? 2 : 1)],
  ])("sees the derivative that is missing if the function %s", (_, scale) => {
    expect(checkGradient((a) => a.mul(scale(x)), [x]).checked).toBe(3);
    expect(errorOf((a) => a.mul(scale(a)), [x]).mismatches.length).toBeGreaterThan(0);
  });

  it.each<[what: string, f: Differentiable]>([
    [
      "reads its input without waiting for it",
      (a) => {
        void a.item().catch(() => undefined);
        return a.square();
      },
    ],
    [
      "assigns to a buffer along with its result",
      (a) => {
        const mean = a.mean();
        assignAlong([mean], [[new Buffer(float64([0]).sum()), detach(mean)]]);
        return a.sub(mean);
      },
    ],
  ])("calls a function that %s for each value", (_, f) => {
    let calls = 0;
    checkGradient(
      (a) => {
        calls++;
        return f(a);
      },
      [x],
    );
    expect(calls).toBe(1 + 1 + 6);
  });

  it("moves one of two inputs that are the same tensor", () => {
    expect(checkGradient((a, b) => a.mul(b), [x, x]).checked).toBe(6);
    expect(errorOf(faults["an input that receives nothing"][0], [x, x]).mismatches).toHaveLength(3);
  });

  it("works in float64 only", () => {
    expect(() => checkGradient((a) => a.exp(), [tensor([1, 2])])).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: checkGradient: input 0 is float32; expected float64. Cast it with x.cast("float64")]`,
    );
  });
});
