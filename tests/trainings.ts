import { backward } from "@stargrad/autograd";
import { type Module } from "@stargrad/nn";
import { clipGradNorm, type Optimizer } from "@stargrad/optim";
import { defaultGenerator, manualSeed, type Tensor } from "@stargrad/tensor";
import { trainStep } from "@stargrad/train";
import { expect } from "vitest";

// The ways to train that must give the same results, bit for bit.

/** A training before its first step. */
export interface Subject {
  readonly model: Module;
  readonly optimizer: Optimizer;
  readonly lossOf: (inputs: Inputs) => Tensor;
  /** The batch of a step, by its number. */
  readonly inputsOf: (step: number) => Inputs;
  /** Called before each step with its number, for example to set the learning rate. Default: does nothing. */
  readonly before?: (step: number) => void;
}

export type Inputs = Readonly<Record<string, Tensor>>;

/** The result of a training: the loss of each step, the final state, and the state of the generator. */
export interface Outcome {
  readonly losses: readonly number[];
  readonly state: ReadonlyMap<string, ArrayLike<number>>;
  readonly drawn: unknown;
}

/** Makes one step of a training. Gradients are clipped in all ways. */
export type Step = (inputs: Inputs) => Tensor;

/** A plain loop, without recording. */
export function plainStep({ model, optimizer, lossOf }: Subject): Step {
  return (inputs) => {
    const loss = lossOf(inputs);
    backward(loss);
    clipGradNorm(model.parameters(), 1);
    optimizer.step();
    // Zeroes the gradients of the model, because an optimizer need not have all its parameters.
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

/** Runs the training that `make` returns, each time from the same state of the shared generator. */
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

/** The state of a model and its optimizer, by name. */
export function stateOf({ model, optimizer }: Pick<Subject, "model" | "optimizer">): Outcome["state"] {
  const state = [...model.stateDict(), ...optimizer.stateDict()];
  return new Map(state.map(([name, value]) => [name, value.dataSync()]));
}

/** Fails unless a recorded training equals the plain loop, and its loss is finite and changes at nearly each step. */
export function expectSameRecorded(make: () => Subject, steps: number, description = ""): void {
  const plain = train(make, plainStep, steps);
  expect(train(make, recordedStep, steps), description).toEqual(plain);
  expectLearning(plain, description);
}

/** Fails if the losses do not change, as with a stale gradient or without updates. */
export function expectLearning({ losses }: Pick<Outcome, "losses">, description = ""): void {
  const written = `${description}: ${losses.join(", ")}`;
  expect(losses.every(Number.isFinite), written).toBe(true);
  expect(new Set(losses).size, written).toBeGreaterThanOrEqual(losses.length - 1);
}
