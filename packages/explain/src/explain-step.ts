import { assignAll, backward, type Parameter, type Variable } from "@stargrad/autograd";
import { ArgumentError, Generator, tensor, type Tensor } from "@stargrad/tensor";
import {
  snapshot,
  anything,
  callable,
  expectOptions,
  notNegative,
  number,
  wholeFrom,
  type Kind,
} from "@stargrad/tensor/internal";
import { StepExplanation, type ParameterCredit } from "./credit.js";
import { integratePath, sumOf, type PathPoint } from "./path-integral.js";

/** One update of a model: its parameters, its loss, and its optimizer step. */
export interface ModelUpdate {
  /** The parameters to explain, by name: `model.namedParameters()`. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Computes the loss, a scalar. It is called several times and must return the same value for the same parameters. */
  readonly loss: () => Tensor;
  /** Updates the parameters by their `grad`: `() => optimizer.step()`. */
  readonly step: () => void;
}

export interface ExplainOptions {
  /** How much may stay unexplained, as a fraction of Σ |paid|. Default: 0.0005. */
  readonly tolerance?: number;
  /** How often a segment of the path may be halved; at most 2^(maxDepth + 1) + 1 gradients are computed. Default: 7. */
  readonly maxDepth?: number;
  /**
   * How many elements of each parameter are explained one by one, chosen at random. The others are explained together,
   * so that the sums stay complete. Default: all elements. Meant for large models.
   */
  readonly sample?: number;
  /** Generators that the loss draws from (dropout). Every evaluation of the loss starts from their present state. */
  readonly generators?: readonly Generator[];
  /** Variables that the loss itself changes (running statistics). They are restored after the extra evaluations. */
  readonly buffers?: Iterable<Variable>;
}

/** Explains an update after it has been made, given the loss before it. */
export type Account = (lossBefore: number) => Promise<StepExplanation>;

/**
 * Makes one update and explains it, weight by weight:
 *
 * - blame is the gradient `g` of the loss;
 * - promise is the predicted decrease `−g · Δw` of the loss;
 * - paid is the actual decrease `−∫ g dw` along the straight line from the old weights to the new ones;
 * - unexplained is the measured decrease of the loss minus the sum of paid: the error of the quadrature.
 *
 * Existing gradients are dropped. Afterwards the parameters, their `grad`, the optimizer, generators and buffers are bit
 * for bit as after one evaluation of the loss, `backward` and `step()`.
 *
 * Units: promise and paid are in units of the loss, positive where the loss decreased; blame is loss per unit of weight
 * Cost: one gradient for the step, 5 for the path, and more where the path is curved (see `StepExplanation.gradients`)
 * Throws: ArgumentError if the loss is not finite, or if it differs when it is evaluated again at the old weights
 * Source: Lan et al., "LCA: Loss Change Allocation for Neural Network Training", NeurIPS 2019
 */
export async function explainStep(
  update: ModelUpdate,
  options: ExplainOptions = {},
): Promise<StepExplanation> {
  const account = await watch("explainStep", update, options);
  const { value } = await lossAndGradient("explainStep", update.loss, [...update.parameters.values()]);
  update.step();
  return account(value);
}

/**
 * Explains an update that other code makes, such as a training loop. Call it before the loss is computed, let the other
 * code make its update, and then call the returned function with the loss of that update: `await account(lossBefore)`.
 * This changes nothing: parameters, their `grad`, generators and buffers are restored bit for bit to their state after
 * the update.
 *
 * Throws: the returned function throws an ArgumentError if the loss is not finite, or if it differs from `lossBefore` at
 * the old weights
 */
export function watchStep(update: Omit<ModelUpdate, "step">, options: ExplainOptions = {}): Promise<Account> {
  return watch("watchStep", update, options);
}

const namedParameters: Kind = [
  "parameters by name, such as model.namedParameters()",
  (value) => "get" in Object(value) && "values" in Object(value),
];

async function watch(
  called: string,
  update: Omit<ModelUpdate, "step">,
  options: ExplainOptions,
): Promise<Account> {
  expectOptions<ModelUpdate>(
    called,
    update as ModelUpdate,
    { parameters: namedParameters, loss: callable, step: callable },
    ["parameters", "loss"],
  );
  expectOptions<ExplainOptions>(called, options, {
    tolerance: notNegative,
    maxDepth: wholeFrom(0),
    sample: number,
    generators: anything,
    buffers: anything,
  });
  const { parameters: named, loss } = update;
  const { tolerance = 0.0005, maxDepth = 7, sample = Infinity, generators = [], buffers = [] } = options;
  const parameters = [...named.values()];
  const variables = [...parameters, ...buffers];
  const rewind = generators.map(restoreState);
  const before = await valuesOf(parameters);

  return async (lossBefore) => {
    const after = await valuesOf(parameters);
    const change = after.map((values, block) => values.map((value, i) => value - before[block][i]));
    const chosen = parameters.map(({ size }) => samplePositions(size, sample));
    let blame: Float64Array[] = [];

    const evaluate = async (t: number): Promise<PathPoint> => {
      for (const restore of rewind) restore();
      assignValues(parameters, t === 1 ? after : before.map((old, block) => moved(old, change[block], t)));
      const { value, gradient } = await lossAndGradient(called, loss, parameters);
      if (t === 0) {
        checkRepeats(called, lossBefore, value);
        blame = gradient;
      }
      const rates = gradient.map((slopes, block) => withRest(product(slopes, change[block]), chosen[block]));
      return { value, rates };
    };
    const finish = [...generators.map(restoreState), restoreValues(variables), restoreGradients(parameters)];
    try {
      const dtype = parameters.every((parameter) => parameter.dtype === "float64") ? "float64" : "float32";
      const path = await integratePath(evaluate, { tolerance, dtype, maxDepth });
      const credits = [...named].map(([name, { shape }], block) =>
        creditOf(
          { name, shape, positions: chosen[block] },
          blame[block],
          change[block],
          path.shares[block].map((share) => -share),
        ),
      );
      const lossAfter = lossBefore + path.change;
      return new StepExplanation(credits, { lossBefore, lossAfter, gradients: path.evaluations + 1 });
    } finally {
      for (const restore of finish) restore();
    }
  };
}

function checkRepeats(called: string, lossBefore: number, again: number): void {
  if (again === lossBefore) return;
  throw new ArgumentError(
    called,
    `the loss was ${lossBefore}, and ${again} when it was evaluated again at the same weights`,
    "Pass the generators that the loss draws from in the options, or call model.eval() first",
  );
}

/** The credit of one parameter. `paid` has the sampled elements and, after them, the sum of all others. */
function creditOf(
  parameter: Pick<ParameterCredit, "name" | "shape" | "positions">,
  blame: Float64Array,
  change: Float64Array,
  paid: Float64Array,
): ParameterCredit {
  const { positions } = parameter;
  const promise = withRest(
    change.map((delta, i) => -blame[i] * delta),
    positions,
  );
  return {
    ...parameter,
    blame: gather(blame, positions),
    change: gather(change, positions),
    promise: promise.subarray(0, -1),
    paid: paid.subarray(0, -1),
    rest: { promise: promise[positions.length], paid: paid[positions.length] },
  };
}

/** The elements to explain one by one, ascending: all, or a random sample that is the same in every call. */
function samplePositions(size: number, sample: number): Int32Array {
  if (sample >= size) return Int32Array.from({ length: size }, (_, i) => i);
  return new Generator(0).permutation(size).subarray(0, sample).sort();
}

// An explanation calls these some sixty times for all weights. Plain loops take a fifth of the time of callbacks.

/** a + t · change */
function moved(a: Float64Array, change: Float64Array, t: number): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = a[i] + t * change[i];
  return result;
}

/** The products of the elements. */
function product(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length);
  for (let i = 0; i < result.length; i++) result[i] = a[i] * b[i];
  return result;
}

function gather(values: Float64Array, positions: Int32Array): Float64Array {
  const result = new Float64Array(positions.length);
  for (let i = 0; i < result.length; i++) result[i] = values[positions[i]];
  return result;
}

/** The sampled elements and, after them, the sum of all others. */
function withRest(values: Float64Array, positions: Int32Array): Float64Array {
  const result = new Float64Array(positions.length + 1);
  result.set(gather(values, positions));
  if (positions.length < values.length) result[positions.length] = sumOf([values]) - sumOf([result]);
  return result;
}

/** The loss and its gradient for each parameter; 0 for parameters that the loss does not depend on. */
async function lossAndGradient(
  called: string,
  loss: () => Tensor,
  parameters: readonly Parameter[],
): Promise<{ value: number; gradient: Float64Array[] }> {
  for (const parameter of parameters) parameter.grad = null;
  const scalar = loss();
  backward(scalar);
  const value = await scalar.item();
  if (!Number.isFinite(value)) {
    throw new ArgumentError(called, `the loss is ${value}; expected a finite number`);
  }
  const gradient = await Promise.all(
    parameters.map(async ({ grad, size }) => (grad === null ? new Float64Array(size) : toDouble(grad))),
  );
  return { value, gradient };
}

function valuesOf(parameters: readonly Parameter[]): Promise<Float64Array[]> {
  return Promise.all(parameters.map(toDouble));
}

async function toDouble(x: Tensor): Promise<Float64Array> {
  return Float64Array.from(await x.data());
}

/** Assigns values to parameters, rounded to the dtype of each. */
function assignValues(parameters: readonly Parameter[], values: readonly Float64Array[]): void {
  assignAll(
    parameters.map((parameter, block) => [
      parameter,
      tensor(values[block], { shape: parameter.shape, dtype: parameter.dtype }),
    ]),
  );
}

// Each of the following functions saves a state, and returns a function that restores it.

function restoreState(generator: Generator): () => void {
  const state = generator.state();
  return () => {
    generator.restore(state);
  };
}

function restoreValues(variables: readonly Variable[]): () => void {
  const values = variables.map((variable) => [variable, snapshot(variable)] as const);
  return () => {
    assignAll(values);
  };
}

function restoreGradients(parameters: readonly Parameter[]): () => void {
  const gradients = parameters.map(({ grad }) => grad);
  return () => {
    parameters.forEach((parameter, i) => (parameter.grad = gradients[i]));
  };
}
