import { referenceEngine, type Node } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { sized } from "@stargrad/graph/testing";
import { getEngine, ones, realize, setEngine, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assignAll, backward, grad, Parameter, detach } from "./index.js";

// golden.test.ts compares the gradients with PyTorch; this file tests the other guarantees of `backward`.

function parameter(...elements: number[]): Parameter {
  return new Parameter(tensor(elements));
}

function nodesBehind(...tensors: Tensor[]): Node[] {
  return topologicalOrder(
    tensors.map(({ node }) => node),
    () => true,
  );
}

describe("backward", () => {
  it("stores gradients without history", () => {
    const x = parameter(1, 2);
    backward(x.square().sum());
    expect(x.grad?.node.tracked).toBe(false);
    expect(() => {
      backward(x.grad!.sum());
    }).toThrow("depends on no parameter");
  });

  it("computes nothing until something is read", () => {
    const x = parameter(1, 2);
    const loss = x.square().sum();
    backward(loss);
    expect(loss.node.storage).toBeNull();
    expect(x.grad?.node.storage).toBeNull();
  });

  it("materializes the loss when a program computes it", () => {
    const x = parameter(1, 2);
    const loss = x.square().sum();
    backward(loss);
    realize(loss.mul(2));
    expect(loss.node.storage).not.toBeNull();
  });

  it("restarts accumulation after a gradient is set to null", () => {
    const x = parameter(1, 2);
    backward(x.square().sum());
    x.grad = null;
    backward(x.sum());
    expect(x.grad!.toArraySync()).toEqual([1, 1]);
  });

  it("does not visit nodes without gradient", () => {
    const x = parameter(1, 2);
    const data = ones([2]).add(ones([2]));
    backward(x.mul(data).sum());
    expect(nodesBehind(x.grad!)).not.toContain(x.mul(data).node);
    expect(x.grad!.toArraySync()).toEqual([2, 2]);
  });

  it("throws for every kind of wrong call", () => {
    const x = parameter(1, 2, 3);
    const frozen = new Parameter(ones([3]), { requiresGradient: false });
    expect(() => {
      backward(x.square());
    }).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: backward: got a loss of shape [3]; expected a scalar. Reduce it (loss.mean()), or pass the gradient of each element]`,
    );
    expect(() => {
      // @ts-expect-error No argument takes parameters.
      backward(x.sum(), [x]);
    }).toThrow("backward: got a list of tensors as the gradient of the loss. Call backward(loss): every");
    expect(() => {
      backward(x.square(), ones([2]));
    }).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: backward: the gradient has the shape [2]; the loss has [3]]`,
    );
    expect(() => {
      backward(x.square(), ones([3], { dtype: "float64" }));
    }).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: backward: the gradient is float64; the loss is float32. Cast it first]`,
    );
    for (const lost of [ones([3]), frozen, detach(x), x.greater(0), x.cast("int32")]) {
      expect(() => {
        backward(lost.sum());
      }).toThrow("backward: the loss depends on no parameter that requires a gradient");
    }
    expect(() => {
      backward(zeros([]));
    }).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: backward: the loss depends on no parameter that requires a gradient. Compute it from Parameters, and not through item, detach, comparisons or integers]`,
    );
    expect(x.grad).toBeNull();
  });
});

describe("a training loop", () => {
  /** One step of gradient descent on a small network; returns what a user may still hold afterwards. */
  function step(weight: Parameter, bias: Parameter): { logits: Tensor; loss: Tensor } {
    const logits = tensor([[1, 2]])
      .matmul(weight)
      .add(bias);
    const loss = logits.square().sum();
    backward(loss);
    for (const variable of [weight, bias]) {
      variable.assign(variable.sub(variable.grad!.mul(0.1)));
      variable.grad = null;
    }
    return { logits, loss };
  }

  it("retains no history: an assigned parameter is a leaf, and the graph of a step does not grow", () => {
    const [weight, bias] = [new Parameter(ones([2, 2])), new Parameter(ones([2]))];
    const counts = Array.from({ length: 50 }, () => {
      const { loss } = step(weight, bias);
      expect(weight.node.operation).toBeNull();
      return nodesBehind(loss, weight, bias).length;
    });
    expect(new Set(counts).size).toBe(1);
  });

  it("leaves loss, logits and gradients readable, and right, after the parameters have changed", () => {
    const [weight, bias] = [new Parameter(ones([2, 2])), new Parameter(ones([2]))];
    const { logits, loss } = step(weight, bias);
    expect(weight.toArraySync()).not.toEqual([
      [1, 1],
      [1, 1],
    ]);
    // 1·1 + 2·1 + 1 = 4 for both logits.
    expect(logits.toArraySync()).toEqual([[4, 4]]);
    expect(loss.itemSync()).toBe(32);
  });

  it("leaves a gradient readable, and right, after its parameter has changed", () => {
    const x = parameter(1, -2);
    backward(x.pow(3).sum());
    x.assign(x.mul(100));
    expect(x.grad!.toArraySync()).toEqual([3, 12]);
  });
});

describe("a graph deeper than the stack", () => {
  const engine = getEngine();
  /** How many outputs each program had. */
  let programs: number[];

  beforeEach(() => {
    programs = [];
    setEngine({
      name: "counting",
      capabilities: engine.capabilities,
      prepare(outputs) {
        programs.push(outputs.length);
        return referenceEngine.prepare(outputs);
      },
    });
  });

  afterEach(() => {
    setEngine(engine);
  });

  it.each([
    ["whose gradients are tracked", (y: Tensor, w: Tensor) => y.mul(w)],
    ["whose gradients are not", (y: Tensor, w: Tensor) => y.add(w)],
  ])("%s is one program with its gradients, scaled by hand or not", (_, apply) => {
    const weights = Array.from({ length: 50 }, () => parameter(1, 1));
    const depth = sized({ short: 12_000, long: 20_000 });
    let y: Tensor = parameter(1, 1);
    for (let i = 0; i < depth; i++) y = apply(y, weights[i % 50]);
    const loss = y.sum();
    backward(loss);
    expect(programs).toEqual([]);
    for (const weight of weights) weight.grad = weight.grad!.mul(0.5);
    expect(programs).toEqual([]);
    assignAll(weights.map((weight) => [weight, weight.sub(weight.grad!)]));
    const changed = 1 - 0.5 * (depth / 50);
    expect(weights[7].toArraySync()).toEqual([changed, changed]);
    expect(loss.node.storage).not.toBeNull();
    expect(programs).toHaveLength(1);
  });

  it("takes linear time for gradients that are read separately", () => {
    const x = tensor([1, 2]);
    const gradients = grad((inputs: Tensor[]) => {
      const chain = inputs.reduce((sum, input) => sum.add(input));
      return chain.sum();
    })(Array.from({ length: 5000 }, () => x));
    const halves = gradients.map((gradient) => gradient.mul(0.5));
    expect(programs).toEqual([]);
    expect(halves[0].toArraySync()).toEqual([0.5, 0.5]);
  });
});
