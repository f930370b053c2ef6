import { readFileSync } from "node:fs";

import { AnomalyError, backward, detectAnomaly, Parameter } from "@stargrad/autograd";
import { Linear, Module } from "@stargrad/nn";
import { full, tensor, type Tensor } from "@stargrad/tensor";
import { expect, it } from "vitest";

// These tests are here and not in autograd, because the reported line must be the user's, not one of the library.

const lines = readFileSync(import.meta.filename, "utf8").split("\n");

/** The line of this file with the comment `// fault: name`, in the format of a stack trace. */
function lineOf(fault: string): string {
  return `anomaly.test.ts:${lines.findIndex((line) => line.endsWith(`// fault: ${fault}`)) + 1}:`;
}

function anomalyOf(f: () => unknown): AnomalyError {
  try {
    detectAnomaly(f);
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error("nothing was found");
}

it("names the line of a logarithm of 0 in a loss", () => {
  const w = new Parameter(tensor([0.5, 0, 2]));
  const entropy = (p: Tensor): Tensor => {
    const surprise = p.log().neg(); // fault: log
    return p.mul(surprise).sum();
  };
  const error = anomalyOf(() => {
    const loss = entropy(w.relu());
    backward(loss);
    return loss;
  });
  expect(error.message).toContain("log made -Infinity in element [1] of [3]");
  expect(error.location).toContain(lineOf("log"));
  expect(error.derivativeOf).toBeNull();
});

it("names the line of a model's layer that overflows", () => {
  class Growing extends Module {
    readonly layer = new Linear(2, 3);
    override forward(x: Tensor): Tensor {
      const large = this.layer.forward(x); // fault: matmul
      return large.tanh();
    }
  }
  const model = new Growing();
  model.layer.weight.assign(full([3, 2], 1e20));
  const error = anomalyOf(() => model.forward(full([1, 2], 1e20)).square());
  expect(error).toMatchObject({ primitive: "matmul", derivativeOf: null });
  expect(error.location).toContain("Growing.forward");
  expect(error.location).toContain(lineOf("matmul"));
});

it("names the line whose derivative is infinite, although its value is finite", () => {
  const w = new Parameter(tensor([4, 0]));
  const error = anomalyOf(() => {
    const length = w.sqrt(); // fault: sqrt
    backward(length.sum());
    w.assign(w.sub(w.grad ?? w));
  });
  expect(error.derivativeOf).toBe("sqrt");
  expect(error.message).toContain("the derivative of sqrt made Infinity in element [1] of [2] (by div)");
  expect(error.location).toContain(lineOf("sqrt"));
  expect(w.toArraySync()).toEqual([4, 0]);
});
