import { backward, type Parameter } from "@stargrad/autograd";
import { computeInputs, expectTensors, RecordedFunction, tensorsOf } from "@stargrad/jit/internal";
import { type Module } from "@stargrad/nn";
import { moduleKind, readModules } from "@stargrad/nn/internal";
import type { ClosureOptimizer, Optimizer } from "@stargrad/optim";
import { ArgumentError, check, IndexError, tensor, Tensor } from "@stargrad/tensor";
import { callable, expectOptions, handleRejections, warn, writeValue } from "@stargrad/tensor/internal";
import { descentOf, type Descent, type Run } from "./descent.js";
import { optimizerKind } from "./training.js";

/** The inputs of a step: tensors, and numbers that may differ from step to step. */
export type StepInputs = Readonly<Record<string, Tensor | number>>;

/** The inputs that the loss receives, with numbers converted to tensors. */
export type StepTensors<I extends StepInputs> = { readonly [Name in keyof I]: Tensor };

export interface TrainStepOptions<I extends StepInputs, R extends StepResults> {
  /** The model that is trained. */
  readonly model: Module;
  /** Updates the parameters from their gradients. */
  readonly optimizer: Optimizer | ClosureOptimizer;
  /**
   * Computes the loss of one batch, and further results. It is called only when the step is recorded, so it must consist of
   * operations on tensors: values that it reads from elsewhere are constants of the recording.
   */
  readonly loss: (inputs: StepTensors<I>) => R;
  /** Called between `backward` and the update, to change gradients, such as with `clipGradNorm`. Default: nothing. */
  readonly afterBackward?: () => void;
  /**
   * Computes codes from the results, bool or int32, with operations on tensors. If a code is not 0 (not false), the step is
   * refused: it throws a CheckError with the code, and nothing changes. If an optimizer evaluates the loss several times in a
   * step, only the first evaluation is checked. Default: no step is refused.
   */
  readonly refuse?: (results: R) => Tensor;
}

/** The results of a step: the loss, and further tensors of the caller. */
export interface StepResults extends Readonly<Record<string, Tensor>> {
  readonly loss: Tensor;
}

/** The data that a recording of a step needs, and the conditions under which it is valid. */
interface StepNotes {
  /** The optimizer's parameters that the loss depends on. */
  readonly learning: readonly Parameter[];
  /** The operations that the optimizer's settings select for these parameters. */
  readonly key: string;
  /** The parameters whose gradients are dropped before a step. */
  readonly cleared: readonly Parameter[];
  /** Whether the model is unchanged, including modules that the loss does not call. */
  readonly unchanged: () => boolean;
}

/**
 * A training step as a function. The first call records forward pass, backward pass and update as one program; later calls
 * only run it. The results are bitwise identical to those of a plain loop, including learning rates, dropout and running
 * statistics.
 *
 * A recording is reused while the following are unchanged: the shapes and types of the inputs; the fields of `model` and of
 * every module whose `forward` was called, even outside of `model`, including `training`; which parameters are frozen; and the
 * operations that the optimizer's settings select. Otherwise the step is recorded again. The contents of private fields,
 * closures and plain objects are not compared, so the loss must be a function of its inputs and of such fields. If the
 * `forward` of a layer changes its own fields, every step is recorded again.
 *
 * An optimizer that evaluates the loss several times in a step, such as LBFGS, runs the recorded loss and gradients for each
 * evaluation, like a closure in a plain loop: each evaluation draws new random numbers and updates running statistics. The
 * step returns the results of the first evaluation.
 *
 * Gradients are those of the current batch only: earlier gradients in the parameters of the model and the optimizer are
 * dropped, and every `grad` is null afterwards. Indices are checked at every step; other values, such as targets of a binary
 * cross entropy, only in a plain loop.
 *
 *     const step = trainStep({ model, optimizer, loss: ({ x, y }) => ({ loss: crossEntropy(model.forward(x), y) }) });
 *     for await (const { x, y } of loader) console.log(await step({ x, y }).loss.item());
 *
 * Throws, when the step is called: ArgumentError if an input depends on parameters, or if the loss reads a value, draws a
 * number that is not a tensor, uses a tensor computed from parameters before the step, or depends on no parameter of the
 * optimizer; the errors of the operations and the optimizer. Then no variable and no generator has changed, except by earlier
 * evaluations of the same step.
 */
export function trainStep<I extends StepInputs, R extends StepResults>(
  options: TrainStepOptions<I, R>,
): (inputs: I) => R {
  const kinds = {
    model: moduleKind,
    optimizer: optimizerKind,
    loss: callable,
    afterBackward: callable,
    refuse: callable,
  };
  expectOptions<TrainStepOptions<I, R>>("trainStep", options, kinds, ["model", "optimizer", "loss"]);
  return stepWith(options, descentOf(options.optimizer));
}

/** A step of `trainStep` that uses its gradients as `descent` says. */
export function stepWith<I extends StepInputs, R extends StepResults>(
  { model, optimizer, loss: lossOf, afterBackward, refuse }: TrainStepOptions<I, R>,
  descent: Descent,
): (inputs: I) => R {
  /** The recorded function. */
  const run = ({
    inputs,
    isFirst,
  }: RunInputs<I>): { readonly results: Run<R>; readonly notes: StepNotes } => {
    const own = optimizer.groups.flatMap(({ parameters }) => parameters);
    const { result: results, unchanged, callers } = readModules(model.modules(), () => lossOf(inputs));
    expectLoss(results);
    const codes = refuse === undefined ? undefined : codesOf(refuse(results));
    const checked = descent.evaluatesOnce ? codes : codes?.mul(isFirst);
    const checks = checked === undefined ? [] : [check(checked, refusal)];
    backward(results.loss);
    warnUnlessReachable(callers as ReadonlyMap<Module, Module | null>, new Set(own));
    expectNoPromise("afterBackward", afterBackward?.());
    const learning = own.filter(({ grad }) => grad !== null);
    if (learning.length === 0) {
      throw new ArgumentError("trainStep", "the loss depends on none of the optimizer's parameters");
    }
    const gradients = descent.record(learning);
    const cleared = [...new Set([...model.parameters(), ...own])];
    return {
      // The checks come first: results computed before a check cannot be written directly to their destination.
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
    try {
      return descent.take(learning, (isFirst) => recording.run(isFirst ? given : { ...given, isFirst: no }));
    } catch (error) {
      throw withIndexHint(error);
    }
  };
}

/** The inputs of a run. `isFirst` is 1 in the first run of a step, otherwise 0. */
type RunInputs<I extends StepInputs> = {
  readonly inputs: StepTensors<I>;
  readonly isFirst: Tensor;
};

/**
 * An index that is found when the recording runs is one of the primitive that reads it, `gather`, which the user has not called: says what
 * it stands for.
 */
function withIndexHint(error: unknown): unknown {
  if (!(error instanceof IndexError) || error.hint !== undefined) return error;
  const problem = error.message.slice(error.called.length + 2);
  const hint =
    "Check the targets against the number of classes, and the inputs of embeddings against their rows";
  return new IndexError("trainStep", problem, hint, { cause: error });
}

const refusal = { called: "trainStep", problems: [], hint: "`refuse` returned a code other than 0" };

/**
 * Warns if a module that another module called is not among the modules inside of it, and so has parameters with gradients that no
 * optimizer gets from `parameters()`. It is no mistake if another optimizer trains them.
 */
function warnUnlessReachable(callers: ReadonlyMap<Module, Module | null>, own: ReadonlySet<Parameter>): void {
  for (const [module, caller] of callers) {
    if (caller === null || caller.modules().includes(module)) continue;
    if (module.parameters().every((parameter) => parameter.grad === null || own.has(parameter))) continue;
    warn(
      `trainStep: ${caller.describe()} calls ${module.describe()}, which is not part of it, so the optimizer does not have its parameters. Store it in a public field or an array, not in a private field (#layer), a Map or a plain object; or freeze it.`,
    );
  }
}

/** Checks inputs at run time. Throws: ArgumentError unless they are tensors by name */
function expectNamed(inputs: unknown): void {
  if (!(inputs instanceof Tensor) && !Array.isArray(inputs)) return;
  throw new ArgumentError(
    "trainStep",
    `the step got ${inputs instanceof Tensor ? "a tensor" : "an array"}; expected tensors by name`,
    "Call step({ x, y })",
  );
}

/** Checks the result of `refuse` at run time. Throws: ArgumentError unless it is a tensor */
function codesOf(codes: unknown): Tensor {
  expectNoPromise("refuse", codes);
  if (codes instanceof Tensor) return (codes as Tensor).cast("int32");
  throw new ArgumentError(
    "trainStep",
    `\`refuse\` returned ${writeValue(codes)}; expected a tensor of codes`,
  );
}

/** Throws: ArgumentError for a promise: the rest of an asynchronous function would run after the step. */
function expectNoPromise(name: string, returned: unknown): void {
  if (!(returned instanceof Promise)) return;
  handleRejections(returned);
  throw new ArgumentError(
    "trainStep",
    `\`${name}\` returned a promise; expected a function that is not asynchronous`,
    "Await the values that it needs before the step",
  );
}

/** Checks results at run time. Throws: ArgumentError unless they are tensors by name, including `loss` */
function expectLoss(results: unknown): void {
  expectTensors("trainStep", results);
  const { loss } = results as { readonly loss?: unknown };
  if (!(results instanceof Tensor) && loss instanceof Tensor) return;
  throw new ArgumentError(
    "trainStep",
    `\`loss\` returned ${results instanceof Tensor ? "a tensor" : "no tensor of the name loss"}; expected tensors by name, including loss`,
    "Return { loss }",
  );
}
