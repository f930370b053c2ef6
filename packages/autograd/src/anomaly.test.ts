import { getEngine, tensor, where, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { AnomalyError, backward, customFunction, detectAnomaly, grad, Parameter } from "./index.js";

// The workspace's tests check the line of the user's call, because there the caller is outside of this package.

function found(f: () => unknown): AnomalyError {
  try {
    detectAnomaly(f);
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error("nothing was found");
}

describe("detectAnomaly", () => {
  it("returns what the function returns, and changes nothing about it", () => {
    const engine = getEngine();
    const y = detectAnomaly(() => tensor([1, 2]).exp());
    expect(y.node.storage).not.toBeNull();
    expect(y.toArraySync()).toEqual(tensor([1, 2]).exp().toArraySync());
    expect(detectAnomaly(() => "anything")).toBe("anything");
    expect(getEngine()).toBe(engine);
  });

  it("restores the engine after an error", () => {
    const engine = getEngine();
    expect(() =>
      detectAnomaly(() => {
        throw new RangeError("by the user");
      }),
    ).toThrow(RangeError);
    found(() => tensor(0).log());
    expect(getEngine()).toBe(engine);
    expect(tensor(0).log().itemSync()).toBe(-Infinity);
  });

  it("continues until a promise settles", async () => {
    const engine = getEngine();
    const promise = detectAnomaly(async () => {
      await Promise.resolve();
      return tensor(-1).sqrt().item();
    });
    expect(getEngine()).not.toBe(engine);
    await expect(promise).rejects.toThrow("sqrt made NaN");
    expect(getEngine()).toBe(engine);
  });

  it("names the first of several operations, and the value it produced", () => {
    const error = found(() => tensor([1, -1]).sqrt().log().sub(5).exp());
    expect(error.primitive).toBe("sqrt");
    expect(error.message).toContain("sqrt made NaN in element [1] of [2]");
    expect(error.cause).toBeInstanceOf(Error);
    expect(found(() => tensor(1).div(0)).message).toContain("div made Infinity in element [] of []");
  });

  it("finds NaN that infinities make", () => {
    const infinite = tensor(Infinity);
    expect(found(() => infinite.sub(infinite)).primitive).toBe("sub");
    expect(found(() => infinite.mul(0)).primitive).toBe("mul");
  });

  it("finds what a later operation hides", () => {
    expect(found(() => tensor([1, 0]).log().tanh()).primitive).toBe("log");
    expect(found(() => tensor(1).div(tensor(0).reciprocal())).primitive).toBe("div");
  });

  it("ignores infinities of the data, and elements that where does not select", () => {
    const masked = tensor([1, -Infinity, 2]);
    expect(detectAnomaly(() => masked.softmax()).dataSync()[1]).toBe(0);
    expect(detectAnomaly(() => masked.add(1)).dataSync()[1]).toBe(-Infinity);
    const x = tensor([0, 4]);
    expect(detectAnomaly(() => where(x.greater(0), x.log(), 0)).dataSync()[0]).toBe(0);
    const y = detectAnomaly(() => {
      const quotient = x.reciprocal();
      return where(quotient.isFinite(), quotient.mul(2).sub(1), 0);
    });
    expect(y.toArraySync()).toEqual([0, -0.5]);
  });

  it("distinguishes a derivative from the differentiated operation, at any order", () => {
    const x = tensor([0, 1], { dtype: "float64" });
    const root = (y: Tensor): Tensor => y.pow(1.5).sum();
    expect(detectAnomaly(() => grad(root)(x)).toArraySync()).toEqual([0, 1.5]);
    const error = found(() => grad((y: Tensor) => grad(root)(y).sum())(x));
    expect(error.derivativeOf).toBe("pow");
    expect(error.location).not.toBeNull();
  });

  it("names custom functions", () => {
    const w = new Parameter(tensor([1, 2]));
    const broken = customFunction(
      (y: Tensor) => y,
      (g) => [g.div(0)],
    );
    const error = found(() => {
      backward(broken(w).sum());
      return w.grad;
    });
    expect(error.message).toMatch(/the derivative of customFunction made Infinity .* \(by div\)/);
  });

  it("says so if the operation was called before it began", () => {
    const y = tensor(0).log();
    expect(found(() => y.mul(2)).message).toBe(
      "detectAnomaly: log made -Infinity in element [] of [], called before detectAnomaly began",
    );
  });
});
