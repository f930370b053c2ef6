import { backward, Buffer, Parameter } from "@stargrad/autograd";
import { recordAssignments } from "@stargrad/autograd/internal";
import { BatchNorm1d, Dropout, GRU, Linear, LSTM, Module, RNN, summary } from "@stargrad/nn";
import { Adam } from "@stargrad/optim";
import {
  defaultGenerator,
  Generator,
  manualSeed,
  normal,
  scan,
  stack,
  tensor,
  zeros,
  type Tensor,
} from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";
import { describe, expect, it } from "vitest";

// Loops with features of packages above `tensor`: variables that change, layers, recorded steps.

const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed) });

const valuesOf = (model: Module): Record<string, Tensor> =>
  Object.fromEntries([...model.stateDict()].map(([name, value]) => [name, value.toArraySync() as never]));

/** A state with normalization, dropout and an assignment at every step. */
class Cell extends Module {
  readonly linear = new Linear(3, 3, { generator: new Generator(1) });
  readonly norm = new BatchNorm1d(3, { momentum: null });
  readonly dropout = new Dropout(0.3);

  forward(h: Tensor, x: Tensor): Tensor {
    return this.dropout.forward(this.norm.forward(this.linear.forward(h).add(x)).tanh());
  }
}

class Looping extends Module {
  readonly cell = new Cell();

  forward(x: Tensor): Tensor {
    return scan(
      (h, each) => {
        const next = this.cell.forward(h, each);
        return { carry: next, y: next };
      },
      zeros([4, 3]),
      x,
    ).y;
  }
}

/** The same as a plain loop. */
class Unrolled extends Looping {
  override forward(x: Tensor): Tensor {
    let h: Tensor = zeros([4, 3]);
    const outputs: Tensor[] = [];
    for (let i = 0; i < x.shape[0]; i++) outputs.push((h = this.cell.forward(h, x.select(0, i))));
    return stack(outputs);
  }
}

describe("variables that a loop assigns", () => {
  it("have the value of the previous iteration, and keep the last one", () => {
    const [total, steps] = [new Buffer(tensor([1, 2])), new Buffer(tensor(0, { dtype: "int32" }))];
    const { y } = scan(
      (h, x) => {
        total.assign(total.add(x));
        steps.assign(steps.add(1));
        total.assign(total.mul(2));
        return { carry: h.add(total), y: { total, steps } };
      },
      zeros([2]),
      tensor([
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
    );
    expect(y.total.toArraySync()).toEqual([
      [4, 4],
      [8, 10],
      [18, 22],
    ]);
    expect(y.steps.toArraySync()).toEqual([1, 2, 3]);
    expect(total.toArraySync()).toEqual([18, 22]);
    expect(steps.itemSync()).toBe(3);
  });

  it("continue from iteration to iteration of nested loops", () => {
    const count = new Buffer(tensor(0, { dtype: "int32" }));
    const inner = () =>
      scan(
        () => {
          count.assign(count.add(1));
          return { carry: {}, y: count };
        },
        {},
        null,
        { length: 2 },
      ).y;
    const { y } = scan(
      () => {
        const before = inner();
        count.assign(count.mul(10));
        return { carry: {}, y: before };
      },
      {},
      null,
      { length: 2 },
    );
    expect(y.toArraySync()).toEqual([
      [1, 2],
      [21, 22],
    ]);
    expect(count.itemSync()).toBe(220);
  });

  it("are assigned by a recorded program, too", () => {
    const count = new Buffer(tensor(5));
    const { assignments } = recordAssignments(() =>
      scan(
        () => {
          count.assign(count.add(1));
          return { carry: {} };
        },
        {},
        null,
        { length: 3 },
      ),
    );
    expect(assignments.get(count)?.itemSync()).toBe(8);
    expect(count.itemSync()).toBe(5);
  });

  it("do not change if there are no iterations", () => {
    const count = new Buffer(tensor(5));
    scan(
      () => {
        count.assign(count.add(1));
        return { carry: {} };
      },
      {},
      null,
      { length: 0 },
    );
    expect(count.itemSync()).toBe(5);
  });
});

describe("a layer in a loop", () => {
  const x = random(3, 6, 4, 3);

  it("with running statistics and dropout behaves as in a plain loop", () => {
    const [looping, plain] = [new Looping(), new Unrolled()];
    const runs = [looping, plain].map((model) => {
      manualSeed(4);
      const output = model.forward(x);
      backward(output.square().mean());
      const gradients = model.parameters().map(({ grad }) => grad?.toArraySync());
      return {
        output: output.toArraySync(),
        state: valuesOf(model),
        gradients,
        at: defaultGenerator().state(),
      };
    });
    expect(runs[0].output).toEqual(runs[1].output);
    expect(runs[0].state).toEqual(runs[1].state);
    expect(runs[0].at).toEqual(runs[1].at);
    runs[0].gradients.forEach((gradient, i) => {
      const [got, expected] = [gradient, runs[1].gradients[i]].map((each) => [each].flat(3).map(Number));
      got.forEach((element, k) => {
        expect(element).toBeCloseTo(expected[k], 5);
      });
    });
  });
});

class Recurrent extends Module {
  readonly head = new Linear(4, 1, { generator: new Generator(2) });

  constructor(readonly layer: RNN | GRU | LSTM) {
    super();
  }

  forward(x: Tensor, lengths?: Tensor): Tensor {
    return this.head.forward(this.layer.forward(x, lengths === undefined ? {} : { lengths }).output);
  }
}

describe("trainStep", () => {
  const recurrent = [RNN, GRU, LSTM].map(
    (Layer) => () =>
      new Recurrent(
        new Layer(3, 2, { numLayers: 2, bidirectional: true, dropout: 0.2, generator: new Generator(1) }),
      ),
  );

  it.each<[string, () => Module & { forward(x: Tensor): Tensor }]>([
    ["a loop that normalizes and drops", () => new Looping()],
    ["RNN", recurrent[0]],
    ["GRU", recurrent[1]],
    ["LSTM", recurrent[2]],
  ])("with %s equals a plain loop to the bit, and learns", (_, make) => {
    const batches = Array.from({ length: 5 }, (__, i) => random(10 + i, 6, 4, 3));
    const run = (recorded: boolean) => {
      manualSeed(7);
      const model = make();
      const optimizer = new Adam(model.parameters(), { learningRate: 0.05 });
      const lossOf = (x: Tensor): Tensor =>
        model
          .forward(x)
          .sub(x.sum({ axis: 2, keepDims: true }))
          .square()
          .mean();
      const step = trainStep({ model, optimizer, loss: ({ x }) => ({ loss: lossOf(x) }) });
      const losses = batches.map((x) => {
        if (recorded) return step({ x }).loss.itemSync();
        const loss = lossOf(x);
        for (const parameter of model.parameters()) parameter.grad = null;
        backward(loss);
        optimizer.step();
        return loss.itemSync();
      });
      return { losses, state: valuesOf(model), at: defaultGenerator().state() };
    };
    const [plain, recorded] = [run(false), run(true)];
    expect(recorded).toEqual(plain);
    expect(new Set(plain.losses).size).toBe(5);
  });

  it("accepts different lengths at each step of one recording", () => {
    const model = new Recurrent(new LSTM(3, 4, { generator: new Generator(1) }));
    const optimizer = new Adam(model.parameters());
    const step = trainStep({
      model,
      optimizer,
      loss: ({ x, lengths }) => ({ loss: model.forward(x, lengths).square().mean() }),
    });
    const x = random(1, 5, 3, 3);
    for (const lengths of [
      [1, 5, 2],
      [4, 4, 3],
    ]) {
      const given = tensor(lengths, { dtype: "int32" });
      const expected = model.forward(x, given).square().mean().itemSync();
      expect(step({ x, lengths: given }).loss.itemSync()).toBe(expected);
    }
  });
});

it("summary counts the operations of a loop once per iteration", () => {
  // Products with the input and with the state, for four gates.
  expect(summary(new LSTM(3, 2), [5, 4, 3]).multiplyAdds).toBe(5 * 4 * (3 + 2) * 8);
});

it("a parameter in a loop is trained as outside a loop", () => {
  const rate = new Parameter(tensor(0.5));
  backward(scan((h) => ({ carry: h.mul(rate) }), tensor(1), null, { length: 3 }).carry);
  expect(rate.grad?.itemSync()).toBeCloseTo(0.75);
});
