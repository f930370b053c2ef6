import { backward, recordAssignments, type Parameter } from "@stargrad/autograd";
import { createLeaf, elementsOf } from "@stargrad/graph";
import type { Module } from "@stargrad/nn";
import type { Optimizer } from "@stargrad/optim";
import { ArgumentError, getEngine, realize, record, tensor, Tensor } from "@stargrad/tensor";
import { RecordedStep, type Results } from "./recorded-step.js";

/** What a step learns from: tensors, and numbers that may differ from step to step. */
export type StepInputs = Readonly<Record<string, Tensor | number>>;

/** The inputs as the loss sees them: all of them tensors. */
export type StepTensors<I extends StepInputs> = { readonly [Name in keyof I]: Tensor };

export interface TrainStepOptions<I extends StepInputs, R extends StepResults> {
  readonly model: Module;
  readonly optimizer: Optimizer;
  /**
   * The mistake, and whatever else is of interest, of one batch. It is called only when the step is recorded, so all that
   * it does has to be operations on tensors: what it reads from elsewhere stays as it was then.
   */
  readonly loss: (inputs: StepTensors<I>) => R;
  /** What to do with the gradients before the optimizer takes them, such as `clipGradNorm`. Default: nothing. */
  readonly afterBackward?: () => void;
  /** Looks at the results before anything changes, and throws if the step should not count. Default: all steps count. */
  readonly check?: (results: R) => void;
}

/** What a step hands out: the mistake, and whatever else was asked for. */
export interface StepResults extends Results {
  readonly loss: Tensor;
}

/** How many recordings are kept: one for each combination of shapes, modes and structures. */
const recordingBound = 32;

/**
 * One step of training as a function: forward, backward and the optimizer's update are recorded as one program the first time,
 * and from then on only run. The numbers are those of a plain loop, to the bit: learning rates, dropout and running
 * statistics go on as they do there. It is recorded anew for other shapes and types of the inputs, another `train` or `eval`,
 * a parameter that is frozen, an optimizer's option that is switched on or off.
 *
 * Gradients are those of this batch alone: what `backward` has left before is dropped, and nothing is left in `grad`.
 * Indices are checked at every step; other values, such as targets of a binary cross entropy, only in a plain loop.
 *
 *     const step = trainStep({ model, optimizer, loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) }) });
 *     for await (const { x, y } of loader) console.log(await step({ x, y }).loss.item());
 *
 * Throws, when the step is called: ArgumentError if the loss reads a value, draws a number that is not a tensor, or depends
 * on no parameter of the optimizer; whatever the operations throw. Then no variable has changed.
 */
export function trainStep<I extends StepInputs, R extends StepResults>({
  model,
  optimizer,
  loss: lossOf,
  afterBackward,
  check,
}: TrainStepOptions<I, R>): (inputs: I) => R {
  const modules = model.modules();
  const own = optimizer.groups.flatMap(({ parameters }) => parameters);
  const parameters = [...new Set([...model.parameters(), ...own])];
  const recordings = new Map<string, Recording<R>>();

  return (inputs) => {
    const names = Object.keys(inputs);
    const tensors = names.map((name) => tensorOf(inputs[name]));
    realize(...tensors);
    const elements = tensors.map(({ node }) => elementsOf(node));
    const key = [
      ...tensors.map(({ shape, dtype }, i) => `${names[i]} ${dtype} ${shape.join()}`),
      modules.map(({ training }) => Number(training)).join(""),
      parameters.map(({ requiresGradient }) => Number(requiresGradient)).join(""),
      optimizer.programKey(own),
    ].join("|");
    const known = recordings.get(key);
    if (known?.step.engine === getEngine()) {
      return optimizer.advance(known.learning, () => known.step.run(elements, check));
    }
    for (const parameter of parameters) parameter.grad = null;
    try {
      const places = tensors.map(({ shape, dtype, node }) => createLeaf(shape, dtype, elementsOf(node)));
      const given = names.map((name, i) => [name, new Tensor(places[i])] as const);
      const { draws, result } = record(() =>
        recordAssignments(() => {
          const results = lossOf(Object.fromEntries(given) as StepTensors<I>);
          backward(results.loss);
          afterBackward?.();
          return results;
        }),
      );
      // Which parameters learn is known only now, and their numbers are set before updates are built.
      const learning = own.filter(({ grad }) => grad !== null);
      if (learning.length === 0) {
        throw new ArgumentError("trainStep", "the loss depends on none of the optimizer's parameters");
      }
      return optimizer.advance(learning, (updates) => {
        const assignments = [...result.assignments, ...updates()];
        const step = new RecordedStep({ inputs: places, draws, results: result.result, assignments });
        const results = step.run(elements, check);
        keep(key, { step, learning });
        return results;
      });
    } finally {
      for (const parameter of parameters) parameter.grad = null;
    }
  };

  function keep(key: string, recording: Recording<R>): void {
    recordings.delete(key);
    recordings.set(key, recording);
    if (recordings.size <= recordingBound) return;
    const [oldest] = recordings.keys();
    recordings.delete(oldest);
  }
}

interface Recording<R extends StepResults> {
  readonly step: RecordedStep<R>;
  /** The parameters that the loss depends on. */
  readonly learning: readonly Parameter[];
}

function tensorOf(input: Tensor | number): Tensor {
  return typeof input === "number" ? tensor(input) : input;
}
