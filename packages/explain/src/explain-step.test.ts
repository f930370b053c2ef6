import { backward, Buffer, Parameter } from "@stargrad/autograd";
import { bernoulli, Generator, normal, tensor, type Tensor } from "@stargrad/tensor";
import { beforeEach, describe, expect, it } from "vitest";
import { explainStep, watchStep, type ModelUpdate } from "./explain-step.js";

interface Network extends ModelUpdate {
  readonly parameters: Map<string, Parameter>;
}

/** A small perceptron with a nonlinearity, and plain gradient descent. */
function network(learningRate: number, dtype: "float32" | "float64" = "float64"): Network {
  const generator = new Generator(7);
  const draw = (...shape: number[]): Parameter => new Parameter(normal(shape, { generator, dtype }));
  const parameters = new Map([
    ["hidden.weight", draw(6, 3)],
    ["hidden.bias", draw(6)],
    ["output.weight", draw(2, 6)],
    ["output.bias", draw(2)],
  ]);
  const [w1, b1, w2, b2] = parameters.values();
  const [x, y] = [normal([8, 3], { generator, dtype }), normal([8, 2], { generator, dtype })];
  x.dataSync();
  y.dataSync();
  return {
    parameters,
    loss: () => x.matmul(w1.transpose()).add(b1).relu().matmul(w2.transpose()).add(b2).sub(y).square().mean(),
    step: () => {
      for (const p of parameters.values()) {
        if (p.grad !== null) p.assign(p.detach().sub(p.grad.mul(learningRate)));
      }
    },
  };
}

const bits = (parameters: ReadonlyMap<string, Parameter>) =>
  [...parameters.values()].map((p) => p.dataSync());

describe("explainStep", () => {
  it("refuses parameters that have no names", async () => {
    const update = { ...network(0.1), parameters: [] as never };
    await expect(explainStep(update)).rejects.toThrow("such as model.namedParameters()");
  });

  for (const rate of [0.01, 0.3, 2]) {
    it(`explains the whole change at learning rate ${rate}, where the predicted decrease is wrong`, async () => {
      const step = await explainStep(network(rate));
      expect(Math.abs(step.unexplained)).toBeLessThanOrEqual(0.001 * step.moved);
      expect(step.gain).toBeCloseTo(step.lossBefore - step.lossAfter, 12);
      expect(step.paid + step.unexplained).toBeCloseTo(step.gain, 12);
      // Gradient descent predicts a decrease of |g|² · rate. The actual decrease is smaller, because the loss is curved.
      expect(step.promise).toBeGreaterThan(step.paid + 0.01 * step.moved);
    });
  }

  it("agrees with the known path integral of a quadratic", async () => {
    const w = new Parameter(tensor([3, -2], { dtype: "float64" }));
    const scale = tensor([1, 10], { dtype: "float64" });
    const step = await explainStep({
      parameters: new Map([["w", w]]),
      loss: () => w.square().mul(scale).sum(),
      step: () => {
        w.assign(tensor([2, -1.5], { dtype: "float64" }));
      },
    });
    const { blame, promise, paid } = step.parameters.get("w") ?? { blame: [], promise: [], paid: [] };
    expect([...blame]).toEqual([6, -40]);
    expect([...promise]).toEqual([6, 20]);
    // s·(w₀² − w₁²), element by element
    expect(paid[0]).toBeCloseTo(9 - 4, 12);
    expect(paid[1]).toBeCloseTo(10 * (4 - 2.25), 12);
    expect(step.unexplained).toBeCloseTo(0, 12);
    expect(step.gradients).toBe(6);
  });

  it("halves curved segments of the path until the error is below the tolerance", async () => {
    const w = new Parameter(tensor([-1], { dtype: "float64" }));
    const update = {
      parameters: new Map([["w", w]]),
      loss: () => w.sub(0.3).abs().sum(),
      step: () => {
        w.assign(tensor([2], { dtype: "float64" }));
      },
    };
    const step = await explainStep(update, { tolerance: 0.001, maxDepth: 12 });
    expect(step.gain).toBeCloseTo(1.3 - 1.7, 12);
    expect(Math.abs(step.unexplained)).toBeLessThanOrEqual(0.001 * step.moved);
    expect(step.gradients).toBeGreaterThan(12);
  });

  it("leaves parameters and gradients bit for bit as the plain step does", async () => {
    const [explained, plain] = [network(0.3, "float32"), network(0.3, "float32")];
    await explainStep(explained);
    backward(plain.loss());
    plain.step();
    expect(bits(explained.parameters)).toEqual(bits(plain.parameters));
    const gradients = (update: Network) => [...update.parameters.values()].map((p) => p.grad?.dataSync());
    expect(gradients(explained)).toEqual(gradients(plain));
  });

  it("restores the state after the step when the loss throws at a point of the path", async () => {
    const { parameters, loss, step } = network(0.3);
    let calls = 0;
    const failing = () => {
      if (++calls === 4) throw new Error("the loss failed");
      return loss();
    };
    const plain = network(0.3);
    backward(plain.loss());
    plain.step();
    await expect(explainStep({ parameters, loss: failing, step })).rejects.toThrow("the loss failed");
    expect(bits(parameters)).toEqual(bits(plain.parameters));
  });

  describe("with a loss that draws random numbers", () => {
    const generator = new Generator(0);
    beforeEach(() => {
      generator.restore({ seed: 3, block: 0 });
    });
    const dropping = (): Network => {
      const inner = network(0.1);
      const mask = (): Tensor => bernoulli([6], { probability: 0.5, generator }).cast("float64");
      const [w1, b1, w2] = inner.parameters.values();
      const x = normal([8, 3], { generator: new Generator(1), dtype: "float64" });
      return {
        ...inner,
        loss: () => x.matmul(w1.transpose()).add(b1).mul(mask()).matmul(w2.transpose()).square().mean(),
      };
    };

    it("repeats the random numbers of the first evaluation, and leaves the generator as after one evaluation", async () => {
      const step = await explainStep(dropping(), { generators: [generator] });
      expect(Math.abs(step.unexplained)).toBeLessThanOrEqual(0.001 * step.moved);
      const once = new Generator(3);
      bernoulli([6], { probability: 0.5, generator: once });
      expect(generator.state()).toEqual(once.state());
    });

    it("throws when the generator was not passed", async () => {
      await expect(explainStep(dropping())).rejects.toThrow(
        /again at the same weights\. Pass the generators/,
      );
    });
  });
});

describe("watchStep", () => {
  /** A model with dropout in the hidden layer, and a buffer that changes in every evaluation. */
  function dropping() {
    const { parameters, step } = network(0.1, "float32");
    const generator = new Generator(3);
    const attempts = new Buffer(tensor([0]));
    const x = normal([8, 3], { generator: new Generator(1) });
    const [w1, b1, w2] = parameters.values();
    const loss = (): Tensor => {
      attempts.assign(attempts.add(1).detach());
      const mask = bernoulli([6], { probability: 0.5, generator }).cast("float32");
      return x.matmul(w1.transpose()).add(b1).tanh().mul(mask).matmul(w2.transpose()).square().mean();
    };
    const train = (): number => {
      const mistake = loss();
      backward(mistake);
      step();
      return mistake.itemSync();
    };
    const everything = () => ({
      weights: bits(parameters),
      gradients: [...parameters.values()].map((p) => p.grad?.dataSync()),
      attempts: attempts.dataSync(),
      generator: generator.state(),
    });
    const options = { generators: [generator], buffers: [attempts] };
    return { update: { parameters, loss, step }, options, train, everything };
  }

  it("gives the same numbers as explainStep", async () => {
    const [watched, explained] = [dropping(), dropping()];
    const account = await watchStep(watched.update, watched.options);
    const step = await account(watched.train());
    expect(step).toEqual(await explainStep(explained.update, explained.options));
    expect(Math.abs(step.unexplained)).toBeLessThanOrEqual(0.001 * step.moved);
  });

  it("changes nothing in a training run with random numbers and running statistics", async () => {
    const [watched, plain] = [dropping(), dropping()];
    for (let step = 0; step < 3; step++) {
      const account = await watchStep(watched.update, watched.options);
      await account(watched.train());
      plain.train();
      expect(watched.everything()).toEqual(plain.everything());
    }
  });

  it("throws when the given loss is not the loss before the update", async () => {
    const { update, options, train } = dropping();
    const account = await watchStep(update, options);
    const loss = train();
    await expect(account(loss + 1)).rejects.toThrow(/^watchStep: the loss was .* again at the same weights/);
  });
});

describe("StepExplanation", () => {
  it("counts the weights that helped, and gives the unexplained rest as a fraction of all changes", async () => {
    const step = await explainStep(network(0.3));
    const paid = [...step.parameters.values()].flatMap((credit) => [...credit.paid]);
    expect(step.helped).toBe(paid.filter((value) => value > 0).length);
    expect(step.helped).toBeGreaterThan(0);
    expect(step.unexplainedShare).toBe(Math.abs(step.unexplained) / step.moved);
    const still = await explainStep({ ...network(0.3), step: () => undefined });
    expect([still.helped, still.moved, still.unexplainedShare]).toEqual([0, 0, 0]);
  });

  it("adds up by parameter, by layer and by unit", async () => {
    const step = await explainStep(network(0.3));
    const total = (credits: Iterable<{ paid: number }>) =>
      [...credits].reduce((sum, { paid }) => sum + paid, 0);
    expect(total(step.byParameter().values())).toBeCloseTo(step.paid, 12);
    expect([...step.byLayer().keys()]).toEqual(["hidden", "output"]);
    expect(total(step.byLayer().values())).toBeCloseTo(step.paid, 12);
    const units = step.byUnit("hidden");
    expect(units).toHaveLength(6);
    expect(total(units)).toBeCloseTo(step.byLayer().get("hidden")?.paid ?? NaN, 12);
    expect(() => step.byUnit("nowhere")).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: byUnit: "nowhere" is not a layer whose parameters have the same first axis; layers: hidden, output]`,
    );
  });

  it("has complete sums when only a sample of the weights is explained one by one", async () => {
    const [whole, sampled] = [
      await explainStep(network(0.3)),
      await explainStep(network(0.3), { sample: 5 }),
    ];
    expect(sampled.paid).toBeCloseTo(whole.paid, 12);
    expect(sampled.promise).toBeCloseTo(whole.promise, 12);
    const credit = sampled.parameters.get("hidden.weight");
    expect(credit?.paid).toHaveLength(5);
    const position = credit?.positions[3] ?? NaN;
    expect(credit?.paid[3]).toBeCloseTo(whole.parameters.get("hidden.weight")?.paid[position] ?? NaN, 12);
    expect(() => sampled.byUnit("hidden")).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: byUnit: only a sample of the weights was explained. Explain the step without the option sample]`,
    );
    const missing = [...Array(18).keys()].find((i) => !credit?.positions.includes(i)) ?? NaN;
    expect(() => sampled.weight("hidden.weight", [Math.floor(missing / 3), missing % 3])).toThrow(
      "not in the sample",
    );
  });

  it("finds a weight by name and index, and the largest credits", async () => {
    const step = await explainStep(network(0.3));
    const weight = step.weight("output.weight", [1, 2]);
    const credit = step.parameters.get("output.weight");
    expect(weight.paid).toBe(credit?.paid[8]);
    expect(weight.promise).toBe(-weight.blame * weight.change);
    const [first, second] = step.largest(2, "promise");
    expect(Math.abs(first.promise)).toBeGreaterThanOrEqual(Math.abs(second.promise));
    expect(step.weight(first.parameter, first.index)).toEqual(first);
    expect(() => step.weight("output.weight", [2, 0])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: weight: got the index [2, 0] for a parameter of shape [2, 6]]`,
    );
    expect(() => step.weight("outputs", [0])).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: weight: there is no parameter "outputs"; there are: hidden.weight, hidden.bias, output.weight, output.bias]`,
    );
  });
});
