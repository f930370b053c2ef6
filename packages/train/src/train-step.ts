import { backward, Parameter, recordAssignments } from "@stargrad/autograd";
import { createLeaf, elementsOf } from "@stargrad/graph";
import { readModules, type Module } from "@stargrad/nn";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, getEngine, realize, record, tensor, Tensor } from "@stargrad/tensor";
import { descentOf, type Descent } from "./descent.js";
import { InputPlace } from "./recorded-leaves.js";
import { RecordedStep, type Results } from "./recorded-step.js";
import { Recordings } from "./recordings.js";

/** What a step learns from: tensors, and numbers that may differ from step to step. */
export type StepInputs = Readonly<Record<string, Tensor | number>>;

/** The inputs as the loss sees them: all of them tensors. */
export type StepTensors<I extends StepInputs> = { readonly [Name in keyof I]: Tensor };

export interface TrainStepOptions<I extends StepInputs, R extends StepResults> {
  readonly model: Module;
  readonly optimizer: Optimizer | ClosureOptimizer;
  /**
   * The mistake, and whatever else is of interest, of one batch. It is called only when the step is recorded, so all that
   * it does has to be operations on tensors: what it reads from elsewhere stays as it was then.
   */
  readonly loss: (inputs: StepTensors<I>) => R;
  /** What to do with the gradients before the optimizer takes them, such as `clipGradNorm`. Default: nothing. */
  readonly afterBackward?: () => void;
  /** Looks at the results of the first evaluation before anything changes, and throws if the step should not count. Default: all steps count. */
  readonly check?: (results: R) => void;
}

/** What a step hands out: the mistake, and whatever else was asked for. */
export interface StepResults extends Results {
  readonly loss: Tensor;
}

/**
 * One step of training as a function: forward, backward and the optimizer's update are recorded as one program the first time,
 * and from then on only run. The numbers are those of a plain loop, to the bit: learning rates, dropout and running
 * statistics go on as they do there.
 *
 * A recording is used again as long as what it was made from is unchanged: shapes and types of the inputs; of `model` and of
 * every module whose `forward` was called, also one beside it, all that its own fields hold, `training` among them; which
 * parameters are frozen; and what an optimizer's settings choose. Otherwise the step is recorded anew. What private fields,
 * closures and plain objects hold is not seen: the loss has to be a function of its inputs and of such fields. A layer
 * whose `forward` changes its own fields is recorded anew at every step.
 *
 * An optimizer that evaluates the loss several times in a step, such as LBFGS, runs the recorded loss and its gradients that
 * often, as it would call a closure in a plain loop: each evaluation draws anew and moves running statistics. What is
 * handed out is that of the first one.
 *
 * Gradients are those of this batch alone: what `backward` has left in the parameters of the model and the optimizer is
 * dropped, and nothing is left in any `grad`. Indices are checked at every step; other values, such as targets of a binary
 * cross entropy, only in a plain loop.
 *
 *     const step = trainStep({ model, optimizer, loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) }) });
 *     for await (const { x, y } of loader) console.log(await step({ x, y }).loss.item());
 *
 * Throws, when the step is called: ArgumentError if the loss reads a value, draws a number that is not a tensor, uses what was
 * computed from parameters before, or depends on no parameter of the optimizer; whatever the operations and the optimizer
 * throw. Then no variable has changed, but for statistics that evaluations before have moved.
 */
export function trainStep<I extends StepInputs, R extends StepResults>(
  options: TrainStepOptions<I, R>,
): (inputs: I) => R {
  const { optimizer, check } = options;
  const descent = descentOf(optimizer);
  const recordings = new Recordings<Recording<R>>();

  return (inputs) => {
    const given = Object.entries(inputs).map(([name, input]) => [name, tensorOf(input)] as const);
    realize(...given.map(([, value]) => value));
    const types = JSON.stringify(given.map(([name, { shape, dtype }]) => [name, dtype, shape]));
    const known = recordings.find(types, (recording) => recording.isValid());
    const recording = known ?? recordStep(options, descent, given);
    for (const parameter of recording.cleared) parameter.grad = null;
    const elements = given.map(([, { node }]) => elementsOf(node));
    const results = descent.take(recording.learning, (isFirst) =>
      recording.step.run(elements, isFirst ? check : undefined),
    );
    if (known === undefined) recordings.keep(types, recording);
    return results;
  };
}

/** A step that was recorded, and whether it would be recorded the same again. */
interface Recording<R extends StepResults> {
  readonly step: RecordedStep<R>;
  readonly bytes: number;
  /** The parameters that the loss depends on. */
  readonly learning: readonly Parameter[];
  /** The parameters whose gradients a step drops. */
  readonly cleared: readonly Parameter[];
  readonly isValid: () => boolean;
}

function recordStep<I extends StepInputs, R extends StepResults>(
  { model, optimizer, loss: lossOf, afterBackward }: TrainStepOptions<I, R>,
  descent: Descent,
  given: readonly (readonly [name: string, value: Tensor])[],
): Recording<R> {
  const own = optimizer.groups.flatMap(({ parameters }) => parameters);
  const places = given.map(([, { shape, dtype, node }]) =>
    createLeaf(shape, dtype, new InputPlace(elementsOf(node).byteLength)),
  );
  const inputs = given.map(([name], i) => [name, new Tensor(places[i])] as const);
  // All that the step computes is built in here, the updates too: nothing is computed meanwhile.
  const { result: recorded, unchanged } = readModules(model.modules(), () =>
    record(() =>
      recordAssignments(() => {
        const results = lossOf(Object.fromEntries(inputs) as StepTensors<I>);
        backward(results.loss);
        afterBackward?.();
        const learning = own.filter(({ grad }) => grad !== null);
        if (learning.length === 0) {
          throw new ArgumentError("trainStep", "the loss depends on none of the optimizer's parameters");
        }
        const gradients = descent.record(learning).map(({ node }) => node);
        const nodes = Object.entries<Tensor>(results).map(([name, { node }]) => [name, node] as const);
        return { results: new Map(nodes), gradients, learning };
      }),
    ),
  );
  const { draws, since, result } = recorded;
  const { results, gradients, learning } = result.result;
  const step = new RecordedStep<R>({
    inputs: places,
    draws,
    since,
    results,
    gradients,
    assignments: [...result.assignments],
  });
  const engine = getEngine();
  const structure = descent.key(learning);
  const read = [...new Set([...own, ...step.read])].filter(
    (variable): variable is Parameter => variable instanceof Parameter,
  );
  const required = read.map(({ requiresGradient }) => requiresGradient);
  return {
    step,
    bytes: step.bytes,
    learning,
    cleared: [...new Set([...model.parameters(), ...own])],
    isValid: () =>
      engine === getEngine() &&
      read.every(({ requiresGradient }, i) => requiresGradient === required[i]) &&
      unchanged() &&
      descent.key(learning) === structure,
  };
}

function tensorOf(input: Tensor | number): Tensor {
  return typeof input === "number" ? tensor(input) : input;
}
