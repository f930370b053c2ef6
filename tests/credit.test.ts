import { Parameter } from "@stargrad/autograd";
import { starCorners, starPixels, strokeCorners, wobblyStart } from "@stargrad/datasets";
import { explainStep, type StepExplanation } from "@stargrad/explain";
import { crossEntropy, Linear, mseLoss, ReLU, Sequential, Tanh } from "@stargrad/nn";
import { Adam, SGD } from "@stargrad/optim";
import { Generator, normal, randint, take, type Tensor } from "@stargrad/tensor";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// The actual decreases (paid) of all weights add up to the change of the loss, in every lesson and with its optimizer. The predicted
// decreases (promise) do not; their error is printed at the end. Both errors are fractions of Σ |paid|.

const figures: Record<string, { steps: number; unexplained: string; promiseOff: string }> = {};

/** Tests that the actual decreases of every step add up, and that the predicted decreases of some steps do not. */
function describeCredit(name: string, makeSteps: () => AsyncIterable<StepExplanation>): void {
  describe(name, () => {
    const steps: StepExplanation[] = [];
    beforeAll(async () => {
      for await (const step of makeSteps()) steps.push(step);
      const [unexplained, promiseOff] = [worst(steps, unexplainedShare), worst(steps, promiseError)];
      figures[name] = {
        steps: steps.length,
        unexplained: percent(unexplained),
        promiseOff: percent(promiseOff),
      };
    });

    it("leaves at most 0.1 % of Σ |paid| unexplained, at every step", () => {
      expect(steps.length).toBeGreaterThanOrEqual(20);
      expect(steps.every(({ moved }) => moved > 0)).toBe(true);
      expect(worst(steps, unexplainedShare)).toBeLessThanOrEqual(0.001);
    });

    it("is better than the promise, whose error exceeds 5 % at some step", () => {
      expect(worst(steps, promiseError)).toBeGreaterThan(0.05);
    });
  });
}

/** |gain − paid| / Σ |paid|, from the losses themselves. */
function unexplainedShare({ lossBefore, lossAfter, paid, moved }: StepExplanation): number {
  return Math.abs(lossBefore - lossAfter - paid) / moved;
}

/** The same error for the promise. */
function promiseError({ lossBefore, lossAfter, promise, moved }: StepExplanation): number {
  return Math.abs(lossBefore - lossAfter - promise) / moved;
}

function worst(steps: readonly StepExplanation[], error: (step: StepExplanation) => number): number {
  return Math.max(...steps.map(error));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

afterAll(() => {
  console.table(figures);
});

describe.each([1, 2])("the pen, seed %i", (seed) => {
  describeCredit(`pen, seed ${seed}`, async function* () {
    const goal = starCorners();
    const { start, ...wobbly } = wobblyStart({ seed });
    const directions = new Parameter(wobbly.directions);
    const lengths = new Parameter(wobbly.lengths);
    const optimizer = new SGD([directions, lengths], { learningRate: 0.2, momentum: 0.9 });
    const misses = (): Tensor => strokeCorners({ start, directions, lengths }).sub(goal);
    while ((await misses().norm({ axis: 1 }).amax().item()) > 0.04) {
      yield await explainStep({
        parameters: new Map(Object.entries({ directions, lengths })),
        loss: () => misses().square().sum({ axis: 1 }).mean(),
        step: () => {
          optimizer.step();
        },
      });
    }
  });
});

describeCredit("brain", async function* () {
  const pixels = starPixels();
  const { x, y } = pixels.batch(Int32Array.from({ length: pixels.length }, (_, i) => i));
  const generator = new Generator(1);
  const model = new Sequential(
    new Linear(2, 16, { generator }),
    new Tanh(),
    new Linear(16, 16, { generator }),
    new Tanh(),
    new Linear(16, 1, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.02 });
  for (let step = 0; step < 400; step++) {
    yield await explainStep({
      parameters: model.namedParameters(),
      loss: () => mseLoss(model.forward(x), y),
      step: () => {
        optimizer.step();
      },
    });
  }
});

describeCredit("digits with Adam", async function* () {
  const generator = new Generator(1);
  const model = new Sequential(
    new Linear(784, 32, { generator }),
    new ReLU(),
    new Linear(32, 10, { generator }),
  );
  const optimizer = new Adam(model.parameters(), { learningRate: 0.001 });
  // Invented digits: every item is one of ten pictures plus noise.
  const pictures = normal([10, 784], { generator }).greater(0.8).cast("float32");
  for (let step = 0; step < 50; step++) {
    const y = randint([32], { high: 10, generator });
    const noise = normal([32, 784], { std: 0.5, generator });
    const x = take(pictures, y, { axis: 0 }).add(noise).clamp({ min: 0, max: 1 });
    yield await explainStep({
      parameters: model.namedParameters(),
      loss: () => crossEntropy(model.forward(x), y),
      step: () => {
        optimizer.step();
      },
    });
  }
});
