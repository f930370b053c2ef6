import { distance, tolerance } from "../agreement.js";
import { summarize, type Timing } from "../measure.js";
import type { Answer, FirstStep, Question } from "./first-step.js";

/**
 * The tolerance of second losses. A step of Adam divides each gradient by its own size, so rounding errors of a deep model grow:
 * PyTorch's losses in float32 and float64 differ by 0.6 % for the ResNet.
 */
const toleranceAfterAStep = 0.02;

/** A participant that runs first steps, each in a new process. */
export interface FirstStepper {
  readonly name: string;
  /** The library it belongs to. The best time of each party counts, with any number of threads. */
  readonly party: string;
  readonly threads: number;
  /** Throws if the program fails; the message becomes its row in the table. */
  readonly answer: (question: Question) => Answer;
}

/** The CPU time of a participant, or the reason why it was not timed. */
export type FirstStepRow = {
  readonly step: FirstStep;
  readonly engine: string;
  readonly party: string;
} & ({ readonly timing: Timing } | { readonly failure: string });

/**
 * Compares the numbers of all participants in the first two steps, with the same weights. Then times first steps of those that
 * agree, with random weights, A B A B …
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
      `not timed: its numbers at step ${step + 1} differ by ${apart.toExponential(1)} from the first engine's`,
    );
  }
}
