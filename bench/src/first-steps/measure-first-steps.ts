import { distance, tolerance } from "../agreement.js";
import { summarize, type Timing } from "../measure.js";
import type { Answer, FirstStep, Question } from "./first-step.js";

/**
 * How far second losses may be apart. After one step of Adam, which divides each gradient by its own size, roundings have
 * grown in a deep model: PyTorch's own losses in float32 and float64 are 0.6 % apart for the ResNet.
 */
const toleranceAfterAStep = 0.02;

/** Somebody who takes first steps, each in a new process. */
export interface FirstStepper {
  readonly name: string;
  /** Whose engine it is: the best of each party counts, whatever its threads. */
  readonly party: string;
  readonly threads: number;
  /** Throws if the program cannot be run to its end; the message is its row in the table. */
  readonly answer: (question: Question) => Answer;
}

/** The CPU time somebody needed, or why there is none. */
export type FirstStepRow = {
  readonly step: FirstStep;
  readonly engine: string;
  readonly party: string;
} & ({ readonly timing: Timing } | { readonly failure: string });

/**
 * Compares the numbers of everybody's first two steps, with the same weights; then lets those who agree take first steps
 * with weights of their own, A B A B …
 */
export function measureFirstStep(
  step: FirstStep,
  steppers: readonly FirstStepper[],
  runs: number,
): FirstStepRow[] {
  const rows = new Map<FirstStepper, { readonly failure: string }>();
  let expected: Answer["numbers"] | null = null;
  for (const stepper of steppers) {
    try {
      const { numbers } = stepper.answer({ task: step.task, threads: stepper.threads, givenWeights: true });
      expected ??= numbers;
      checkAgreement(numbers, expected);
    } catch (error) {
      rows.set(stepper, { failure: error instanceof Error ? error.message : String(error) });
    }
  }
  const agreed = steppers.filter((stepper) => !rows.has(stepper));
  const turns = Array.from({ length: runs }, () =>
    agreed.map(
      ({ answer, threads }) => answer({ task: step.task, threads, givenWeights: false }).milliseconds,
    ),
  );
  return steppers.map((stepper) => ({
    step,
    engine: stepper.name,
    party: stepper.party,
    ...(rows.get(stepper) ?? { timing: summarize(turns.map((turn) => turn[agreed.indexOf(stepper)])) }),
  }));
}

function checkAgreement(numbers: Answer["numbers"], expected: Answer["numbers"]): void {
  for (const [step, read] of numbers.entries()) {
    const apart = distance(read, expected[step]);
    if (apart <= (step === 0 ? tolerance : toleranceAfterAStep)) continue;
    throw new Error(
      `not timed: its numbers at step ${step + 1} are ${apart.toExponential(1)} away from the first engine's`,
    );
  }
}
