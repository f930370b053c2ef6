import { backward } from "@stargrad/autograd";
import { type Module } from "@stargrad/nn";
import { clipGradNorm, type Optimizer } from "@stargrad/optim";
import { defaultGenerator, manualSeed, type Tensor } from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";
import { expect } from "vitest";

// The ways to train that have to come to the same, to the bit.

/** What is trained, as it is before the first step. */
export interface Subject {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly lossOf: (inputs: Inputs) => Tensor;
  /** What the step of this number learns from. */
  readonly inputsOf: (step: number) => Inputs;
  /** What is done before the step of this number, such as setting a learning rate. Default: nothing. */
  readonly before?: (step: number) => void;
}

export type Inputs = Readonly<Record<string, Tensor>>;

/** What a training came to: each step's loss, everything that is kept in the end, and where the draws are. */
export interface Outcome {
  readonly losses: readonly number[];
  readonly state: ReadonlyMap<string, ArrayLike<number>>;
  readonly drawn: unknown;
}

/** Takes one step of a training. Gradients are clipped in all ways. */
export type Step = (inputs: Inputs) => Tensor;

/** A plain loop, without anything that is recorded. */
export function plainStep({ model, optimizer, lossOf }: Subject): Step {
  return (inputs) => {
    const loss = lossOf(inputs);
    backward(loss);
    clipGradNorm(model.parameters(), 1);
    optimizer.step();
    // Of the model: an optimizer need not have all of its parameters.
    for (const parameter of model.parameters()) parameter.grad = null;
    return loss;
  };
}

export function recordedStep({ model, optimizer, lossOf }: Subject): Step {
  const step = trainStep({
    model,
    optimizer,
    loss: (inputs: Inputs) => ({ loss: lossOf(inputs) }),
    afterBackward: () => clipGradNorm(model.parameters(), 1),
  });
  return (inputs) => step(inputs).loss;
}

/** Trains what `make` makes, from the same place of the shared generator each time. */
export function train(make: () => Subject, stepOf: (subject: Subject) => Step, steps: number): Outcome {
  manualSeed(1);
  const subject = make();
  const step = stepOf(subject);
  const losses = Array.from({ length: steps }, (_, i) => {
    subject.before?.(i);
    return step(subject.inputsOf(i)).itemSync();
  });
  return { losses, state: stateOf(subject), drawn: defaultGenerator().state() };
}

/** All that a model and its optimizer keep, by name. */
export function stateOf({ model, optimizer }: Pick<Subject, "model" | "optimizer">): Outcome["state"] {
  const state = [...model.stateDict(), ...optimizer.stateDict()];
  return new Map(state.map(([name, value]) => [name, value.dataSync()]));
}

/** Fails unless a training is a plain loop recorded as well, and has another, finite loss at nearly each step. */
export function expectSameRecorded(make: () => Subject, steps: number, description = ""): void {
  const plain = train(make, plainStep, steps);
  expect(train(make, recordedStep, steps), description).toEqual(plain);
  expectLearning(plain, description);
}

/** Fails if losses stay as they are: what walks along a stale gradient, or not at all. */
export function expectLearning({ losses }: Pick<Outcome, "losses">, description = ""): void {
  const written = `${description}: ${losses.join(", ")}`;
  expect(losses.every(Number.isFinite), written).toBe(true);
  expect(new Set(losses).size, written).toBeGreaterThanOrEqual(losses.length - 1);
}
