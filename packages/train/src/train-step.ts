import { backward, type Parameter } from "@stargrad/autograd";
import { computeInputs, expectTensors, RecordedFunction, tensorsOf } from "@stargrad/jit/internal";
import { type Module } from "@stargrad/nn";
import { readModules } from "@stargrad/nn/internal";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, check, tensor, Tensor } from "@stargrad/tensor";
import { descentOf, type Run } from "./descent.js";

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
  /**
   * Codes made of the results, bool or int32, as operations on tensors: if one of them is not 0 (not false), the step does not
   * count. It fails with a CheckError that has the code, and nothing changes. Of an optimizer that evaluates the loss several
   * times in a step, the first evaluation is looked at. Default: all steps count.
   */
  readonly refuse?: (results: R) => Tensor;
}

/** What a step hands out: the mistake, and whatever else was asked for. */
export interface StepResults extends Readonly<Record<string, Tensor>> {
  readonly loss: Tensor;
}

/** What a recording of a step is used with, and as long as what holds. */
interface StepNotes {
  /** The optimizer's parameters that the loss depends on. */
  readonly learning: readonly Parameter[];
  /** What the optimizer's settings choose for these. */
  readonly key: string;
  /** The parameters whose gradients a step drops. */
  readonly cleared: readonly Parameter[];
  /** Whether the model is as it was, also those of its modules that the loss does not call. */
  readonly unchanged: () => boolean;
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
 * Throws, when the step is called: ArgumentError if an input depends on parameters, if the loss reads a value, draws a number
 * that is not a tensor, uses what was computed from parameters before, or depends on no parameter of the optimizer; whatever the
 * operations and the optimizer throw. Then no variable and no generator has changed, but for what evaluations before have moved.
 */
export function trainStep<I extends StepInputs, R extends StepResults>({
  model,
  optimizer,
  loss: lossOf,
  afterBackward,
  refuse,
}: TrainStepOptions<I, R>): (inputs: I) => R {
  const descent = descentOf(optimizer);
  /** What is recorded: all that one run computes. */
  const run = ({
    inputs,
    isFirst,
  }: RunInputs<I>): { readonly results: Run<R>; readonly notes: StepNotes } => {
    const own = optimizer.groups.flatMap(({ parameters }) => parameters);
    const { result: results, unchanged } = readModules(model.modules(), () => lossOf(inputs));
    expectLoss(results);
    const codes = refuse?.(results).cast("int32");
    const looked = descent.evaluatesOnce ? codes : codes?.mul(isFirst);
    const checks = looked === undefined ? [] : [check(looked, refusal)];
    backward(results.loss);
    afterBackward?.();
    const learning = own.filter(({ grad }) => grad !== null);
    if (learning.length === 0) {
      throw new ArgumentError("trainStep", "the loss depends on none of the optimizer's parameters");
    }
    const gradients = descent.record(learning);
    const cleared = [...new Set([...model.parameters(), ...own])];
    return {
      // The checks come first: what is computed before them cannot be written where it belongs at once.
      results: { checks, results, gradients },
      notes: { learning, key: descent.key(learning), cleared, unchanged },
    };
  };
  const step = new RecordedFunction<RunInputs<I>, Run<R>, StepNotes>(run, {
    called: "trainStep",
    dropsGradients: true,
    fits: ({ learning, key, unchanged }) => unchanged() && descent.key(learning) === key,
  });
  const [yes, no] = [1, 0].map((value) => tensor(value, { dtype: "int32" }));

  return (inputs) => {
    expectNamed(inputs);
    const given = { inputs: tensorsOf("trainStep", inputs) as StepTensors<I>, isFirst: yes };
    computeInputs("trainStep", given);
    const recording = step.recordingFor(given);
    const { learning, cleared } = recording.notes;
    for (const parameter of cleared) parameter.grad = null;
    return descent.take(learning, (isFirst) => recording.run(isFirst ? given : { ...given, isFirst: no }));
  };
}

/** What a run takes besides variables: whether it is the first of its step, 1 or 0. */
type RunInputs<I extends StepInputs> = {
  readonly inputs: StepTensors<I>;
  readonly isFirst: Tensor;
};

const refusal = { called: "trainStep", problems: [], hint: "`refuse` says which steps do not count" };

/** Throws: ArgumentError if inputs are not tensors by name, as far as TypeScript could not see to it */
function expectNamed(inputs: unknown): void {
  if (!(inputs instanceof Tensor) && !Array.isArray(inputs)) return;
  throw new ArgumentError(
    "trainStep",
    `the step got ${inputs instanceof Tensor ? "a tensor" : "an array"}; expected tensors by name`,
    "Call step({ x, y })",
  );
}

/** Throws: ArgumentError if results are not tensors by name, `loss` among them, as far as TypeScript could not see to it */
function expectLoss(results: unknown): void {
  expectTensors("trainStep", results);
  const { loss } = results as { readonly loss?: unknown };
  if (!(results instanceof Tensor) && loss instanceof Tensor) return;
  throw new ArgumentError(
    "trainStep",
    `\`loss\` returned ${results instanceof Tensor ? "a tensor" : "no tensor of the name loss"}; expected tensors by name, loss among them`,
    "Return { loss }",
  );
}
