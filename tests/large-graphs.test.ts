import { backward, Parameter } from "@stargrad/autograd";
import { topologicalOrder } from "@stargrad/graph/internal";
import { BatchNorm1d, Linear, MaxPool1d, Module, Sequential } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import {
  concat,
  full,
  fromData,
  Generator,
  getEngine,
  normal,
  scan,
  stack,
  tensor,
  unfold,
  zeros,
  type Tensor,
} from "@stargrad/tensor";
import { WasmEngine } from "@stargrad/wasm";
import { trainStep } from "@stargrad/train";
import { describe, expect, it } from "vitest";
import { recurrent } from "./deep-models.js";
import { expectSameRecorded } from "./trainings.js";

// Graphs as large as users build them. The tests check that results are right; `npm run bench` measures the time.

const float64 = { dtype: "float64" } as const;

/** A model that consists only of parameters. */
class Holding extends Module {
  constructor(readonly weights: readonly Parameter[]) {
    super();
  }

  forward(): Tensor {
    return concat([...this.weights]);
  }
}

describe("a chain of 20,000 operations", () => {
  const length = 20_000;
  const chain = (x: Tensor): Tensor => {
    let h = x;
    for (let i = 0; i < length; i++) h = i % 2 === 0 ? h.sin() : h.mul(1.001);
    return h;
  };
  /** The value at the end of the chain and its derivative, computed with plain numbers. */
  const expectedOf = (x: number): readonly [end: number, derivative: number] => {
    let [h, derivative] = [x, 1];
    for (let i = 0; i < length; i++) {
      derivative *= i % 2 === 0 ? Math.cos(h) : 1.001;
      h = i % 2 === 0 ? Math.sin(h) : h * 1.001;
    }
    return [h, derivative];
  };

  it("has a gradient", () => {
    const weight = new Parameter(tensor([0.5, -0.1], float64));
    backward(chain(weight).sum());
    const expected = [0.5, -0.1].map((x) => expectedOf(x)[1]);
    weight.grad?.dataSync().forEach((element, i) => {
      expect(Math.abs(element / expected[i] - 1)).toBeLessThan(1e-9);
    });
    expect(weight.grad).not.toBeNull();
  });

  it("can be trained in a recorded step", () => {
    const weight = new Parameter(tensor(0.07, float64));
    const model = new Holding([weight]);
    const optimizer = new SGD([weight], { learningRate: 0.1 });
    const step = trainStep({ model, optimizer, loss: () => ({ loss: chain(weight) }) });
    let expected = 0.07;
    for (let i = 0; i < 3; i++) {
      const [end, derivative] = expectedOf(expected);
      expect(step({}).loss.itemSync()).toBeCloseTo(end, 10);
      expected -= 0.1 * derivative;
      expect(weight.itemSync()).toBeCloseTo(expected, 10);
    }
  });
});

describe("many operands", () => {
  it("can be stacked: 6,131 tensors of 784 elements each", () => {
    const stacked = stack(Array.from({ length: 6131 }, (_, i) => full([784], i)));
    expect(stacked.shape).toEqual([6131, 784]);
    const elements = stacked.dataSync();
    expect(elements.every((element, i) => element === Math.floor(i / 784))).toBe(true);
  });

  it("can be concatenated: 5,000 parameters, plain and recorded", () => {
    const make = () => Array.from({ length: 5000 }, (_, i) => new Parameter(tensor([i, -i])));
    const lossOf = (parameters: Parameter[]): Tensor =>
      new Holding(parameters).forward().square().sum().mul(0.5);
    const [plain, recorded] = [make(), make()];
    backward(lossOf(plain));
    const optimizer = new SGD(recorded, { learningRate: 0.5 });
    const step = trainStep({
      model: new Holding(recorded),
      optimizer,
      loss: () => ({ loss: lossOf(recorded) }),
    });
    step({});
    step({});
    for (const i of [1, 777, 4999]) {
      expect([...(plain[i].grad?.dataSync() ?? [])]).toEqual([i, -i]);
      expect([...recorded[i].dataSync()]).toEqual([i / 4, -i / 4]);
    }
  });
});

describe("windows that overlap widely", () => {
  it("of 2,000 elements have maxima, and their gradients add up", () => {
    const [size, length] = [2000, 3000];
    const x = new Parameter(normal([1, 1, length], { generator: new Generator(1) }));
    const weights = normal([1, 1, length - size + 1], { generator: new Generator(2) });
    const largest = new MaxPool1d(size, { stride: 1 }).forward(x);
    backward(largest.mul(weights).sum());
    const [elements, factors, maxima] = [x, weights, largest].map((each) => each.dataSync());
    const expected = new Float64Array(length);
    for (let start = 0; start + size <= length; start++) {
      let best = start;
      for (let i = start; i < start + size; i++) if (elements[i] > elements[best]) best = i;
      expect(maxima[start]).toBe(elements[best]);
      expected[best] += factors[start];
    }
    const gradient = x.grad?.dataSync() ?? [];
    expect(gradient).toHaveLength(length);
    for (const [i, element] of expected.entries()) expect(gradient[i]).toBeCloseTo(element, 3);
  });

  it("of 100 × 100 elements: the gradient of an element is the sum over all its windows", () => {
    const [length, size, stride] = [200, 100, 20];
    const x = new Parameter(normal([length, length], { generator: new Generator(1) }));
    backward(
      unfold(x, { size: [size, size], stride })
        .square()
        .sum(),
    );
    /** The number of windows that contain an element, along one axis. */
    const count = (i: number): number =>
      Array.from({ length: (length - size) / stride + 1 }, (_, k) => k * stride).filter(
        (start) => start <= i && i < start + size,
      ).length;
    const counts = Array.from({ length }, (_, i) => count(i));
    const [elements, gradient] = [x.dataSync(), x.grad?.dataSync() ?? []];
    expect(gradient).toHaveLength(length * length);
    elements.forEach((element, i) => {
      const windowsOf = counts[Math.floor(i / length)] * counts[i % length];
      expect(Math.abs(gradient[i] - 2 * windowsOf * element)).toBeLessThan(1e-4 * (1 + windowsOf));
    });
  });
});

describe("unread results", () => {
  const pending = (x: Tensor): number =>
    topologicalOrder([x.node], (node) => node.operation !== null && node.storage === null).length;

  it.each<[string, () => (total: Tensor) => Tensor]>([
    ["constants", () => (total) => total.add(1)],
    [
      "values detached from a parameter",
      () => {
        const weight = new Parameter(tensor(1));
        return (total) => total.add(weight.mul(1).detach());
      },
    ],
  ])("a running sum of %s over 100,000 steps stays small", (_, make) => {
    const next = make();
    let total: Tensor = tensor(0);
    let most = 0;
    for (let i = 1; i <= 100_000; i++) {
      total = next(total);
      if (i % 1000 === 0) most = Math.max(most, pending(total));
    }
    expect(most).toBeLessThan(10_000);
    expect(total.itemSync()).toBe(100_000);
  });

  it("of 10,000 dropped forward passes of a norm take bounded memory, and update its statistics", () => {
    const engine = getEngine();
    if (!(engine instanceof WasmEngine)) throw new Error("this test needs the WebAssembly engine");
    const norm = new BatchNorm1d(16);
    const model = new Sequential(new Linear(16, 16), norm);
    const x = normal([8, 16], { generator: new Generator(1) });
    for (let i = 0; i < 100; i++) model.forward(x);
    const before = engine.memory().used;
    for (let i = 100; i < 10_000; i++) model.forward(x);
    expect(engine.memory().used - before).toBeLessThan(2 ** 20);
    expect(norm.stateDict().get("num_batches_tracked")?.itemSync()).toBe(10_000);
  });
});

describe("long loops", () => {
  it("of 10,000 iterations have values and gradients", () => {
    const weight = new Parameter(tensor(0.9, float64));
    const xs = Array.from({ length: 10_000 }, (_, i) => Math.sin(i));
    const { carry, y } = scan(
      (h: Tensor, x: Tensor) => {
        const next = h.mul(weight).add(x);
        return { carry: next, y: next };
      },
      zeros([], float64),
      fromData(Float64Array.from(xs), [xs.length]),
    );
    backward(y.mean());
    let [h, derivative, mean] = [0, 0, 0];
    for (const x of xs) {
      [h, derivative] = [h * 0.9 + x, derivative * 0.9 + h];
      mean += derivative / xs.length;
    }
    expect(carry.itemSync()).toBeCloseTo(h, 9);
    expect(weight.grad?.itemSync()).toBeCloseTo(mean, 9);
  });

  it("of no iterations return the initial carry, and pass its gradient on", () => {
    const weight = new Parameter(tensor([1, 2]));
    const step = (h: Tensor, x: Tensor) => ({ carry: h.mul(x), y: h.sin() });
    const { carry, y } = scan(step, weight.mul(3), zeros([0, 2]));
    backward(carry.sum().add(y.sum()));
    expect(carry.toArraySync()).toEqual([3, 6]);
    expect(y.shape).toEqual([0, 2]);
    expect(weight.grad?.toArraySync()).toEqual([3, 3]);
  });

  it("of an LSTM over 5,000 steps can be trained, plain and recorded", () => {
    expectSameRecorded(() => recurrent("LSTM", 5000), 3);
  });
});
