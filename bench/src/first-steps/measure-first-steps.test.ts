import { expect, it } from "vitest";
import type { FirstStep, Question } from "./first-step.js";
import { firstSteps } from "./cases.js";
import { measureFirstStep, type FirstStepper } from "./measure-first-steps.js";
import { withSteppers } from "./steppers.js";

const chain: FirstStep = { name: "chain", family: "chain", task: { kind: "chain", operations: 3 } };

it("times those that agree with the first one, in turn, with random weights", () => {
  const turns: string[] = [];
  const stepper = (name: string, numbers: number[]): FirstStepper => ({
    name,
    party: name,
    threads: 1,
    answer: ({ givenWeights }: Question) => {
      turns.push(givenWeights ? `(${name})` : name);
      return { milliseconds: turns.length, numbers: [[1], numbers] };
    },
  });
  const rows = measureFirstStep(chain, [stepper("a", [2]), stepper("b", [3]), stepper("c", [2])], 2);
  expect(turns.join(" ")).toBe("(a) (b) (c) a c a c");
  expect(rows[0]).toMatchObject({ engine: "a", timing: { fastest: 4, slowest: 6, runs: 2 } });
  expect(rows[1]).toMatchObject({
    failure: expect.stringMatching(/^not timed: its numbers at step 2/) as string,
  });
  expect(rows[2]).toMatchObject({ engine: "c", timing: { fastest: 5, slowest: 7 } });
});

it("runs every kind of first step in a new process", async () => {
  const tasks: readonly FirstStep["task"][] = [
    chain.task,
    { kind: "stack", tensors: 3 },
    { kind: "concat", parameters: 3 },
    {
      kind: "trainingStep",
      layers: [{ layer: "lstm", inputs: 2, outputs: 3 }],
      loss: "meanSquare",
      recorded: false,
      x: { shape: [4, 1, 2] },
    },
  ];
  await withSteppers([1], ([ours]) => {
    for (const task of tasks) {
      const { milliseconds, numbers } = ours.answer({ task, threads: 1, givenWeights: true });
      expect(milliseconds).toBeGreaterThan(0);
      expect(numbers).toHaveLength(2);
      expect(numbers.flat().every(Number.isFinite)).toBe(true);
    }
  });
});

it("has 53 convolutions in its ResNet-50", () => {
  const [resNet] = firstSteps.filter(({ family }) => family === "ResNet-50");
  expect(JSON.stringify(resNet.task).split('"convolution"')).toHaveLength(54);
});
