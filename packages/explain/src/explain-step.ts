import { assignAll, backward, type Parameter, type Variable } from "@stargrad/autograd";
import { ArgumentError, Generator, tensor, type Tensor } from "@stargrad/tensor";
import { snapshot } from "@stargrad/tensor/internal";
import { StepExplanation, type ParameterCredit } from "./credit.js";
import { integratePath, sumOf, type PathPoint } from "./path-integral.js";

/** One update of a model: what it learns, how it measures its mistake, and how it adjusts. */
export interface ModelUpdate {
  /** The parameters to account for, by name: `model.namedParameters()`. */
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Makes the attempt and measures the mistake, a scalar. It is called several times and must say the same each time. */
  readonly loss: () => Tensor;
  /** Adjusts the parameters by their `grad`: `() => optimizer.step()`. */
  readonly step: () => void;
}

export interface ExplainOptions {
  /** How much may stay unexplained, as a share of Σ |paid|. Defaults to 0.0005. */
  readonly tolerance?: number;
  /** How often a stretch of the path may be halved; at most 2^maxDepth + 3 gradients are computed. Defaults to 7. */
  readonly maxDepth?: number;
  /**
   * How many elements of each parameter get an account of their own, chosen at random; the others share one, so that
   * everything still adds up. Defaults to all of them; for large models.
   */
  readonly sample?: number;
  /** Generators the loss draws from (dropout): every attempt starts from where they stand now. */
  readonly generators?: readonly Generator[];
  /** Variables the loss changes by itself (running statistics): put back after the extra attempts. */
  readonly buffers?: Iterable<Variable>;
}

/** Accounts for an update that has been made, given the loss it started from. */
export type Account = (lossBefore: number) => Promise<StepExplanation>;

/**
 * Makes one update and accounts for it, weight by weight:
 *
 * - blame `g`, the derivative of the loss;
 * - promise `−g · Δw`, what back-propagation predicted this weight's turn would gain;
 * - paid `−∫ g dw` along the straight line from the old weights to the new, what the turn did gain;
 * - unexplained, the gain that was measured less all that was paid: the error of the quadrature, always reported.
 *
 * Gradients that were there before are dropped. When it returns, the step has been made: parameters, their `grad`, the
 * optimizer, generators and buffers are as after one attempt, `backward` and `step()`, to the bit.
 *
 * Units: promise and paid are in units of the loss, positive where the mistake got smaller; blame is loss per unit of weight
 * Cost: one gradient for the step, 5 for the path, and more where the path bends (see `StepExplanation.gradients`)
 * Throws: ArgumentError if the loss is not finite, or is another number when nothing has changed
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
 * The same for an update that somebody else makes, such as a training loop. Watch before it makes its attempt, let it
 * make attempt and step, and then ask for the account: `await account(lossBefore)`, with the loss it found. Asking
 * changes nothing: parameters, their `grad`, generators and buffers are put back as the update left them, to the bit.
 *
 * Throws: ArgumentError, when asked, if the loss is not finite, or at the old weights is not the one it is told
 */
export function watchStep(update: Omit<ModelUpdate, "step">, options: ExplainOptions = {}): Promise<Account> {
  return watch("watchStep", update, options);
}

async function watch(
  called: string,
  { parameters: named, loss }: Omit<ModelUpdate, "step">,
  { tolerance = 0.0005, maxDepth = 7, sample = Infinity, generators = [], buffers = [] }: ExplainOptions,
): Promise<Account> {
  const parameters = [...named.values()];
  const variables = [...parameters, ...buffers];
  const rewind = generators.map(rewindTo);
  const before = await valuesOf(parameters);

  return async (lossBefore) => {
    const after = await valuesOf(parameters);
    const change = after.map((values, block) => values.map((value, i) => value - before[block][i]));
    const chosen = parameters.map(({ size }) => choose(size, sample));
    let blame: Float64Array[] = [];

    const evaluate = async (t: number): Promise<PathPoint> => {
      for (const restore of rewind) restore();
      place(
        parameters,
        t === 1 ? after : before.map((old, block) => old.map((w, i) => w + t * change[block][i])),
      );
      const { value, gradient } = await lossAndGradient(called, loss, parameters);
      if (t === 0) {
        checkRepeats(called, lossBefore, value);
        blame = gradient;
      }
      const rates = gradient.map((g, block) => g.map((slope, i) => slope * change[block][i]));
      return { value, rates: rates.map((block, i) => withRest(block, chosen[i])) };
    };
    const finish = [...generators.map(rewindTo), putBack(variables), keepGradients(parameters)];
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
    `the loss was ${lossBefore}, and ${again} when nothing had changed`,
    "Pass the generators it draws from in the options, or call model.eval() first",
  );
}

/** The account of one parameter; `paid` has the chosen elements and, after them, the sum of all the others. */
function creditOf(
  who: Pick<ParameterCredit, "name" | "shape" | "positions">,
  blame: Float64Array,
  change: Float64Array,
  paid: Float64Array,
): ParameterCredit {
  const { positions } = who;
  const promise = withRest(
    change.map((turn, i) => -blame[i] * turn),
    positions,
  );
  return {
    ...who,
    blame: pick(blame, positions),
    change: pick(change, positions),
    promise: promise.subarray(0, -1),
    paid: paid.subarray(0, -1),
    rest: { promise: promise[positions.length], paid: paid[positions.length] },
  };
}

/** Which elements get an account of their own, in rising order: all, or a random sample that is the same every time. */
function choose(size: number, sample: number): Int32Array {
  if (sample >= size) return Int32Array.from({ length: size }, (_, i) => i);
  return new Generator(0).permutation(size).subarray(0, sample).sort();
}

function pick(values: Float64Array, positions: Int32Array): Float64Array {
  return Float64Array.from(positions, (position) => values[position]);
}

/** The chosen elements, and after them the sum of all the others. */
function withRest(values: Float64Array, positions: Int32Array): Float64Array {
  const result = new Float64Array(positions.length + 1);
  result.set(pick(values, positions));
  if (positions.length < values.length) result[positions.length] = sumOf([values]) - sumOf([result]);
  return result;
}

/** The loss, and its derivative by each parameter; 0 for those it does not depend on. */
async function lossAndGradient(
  called: string,
  loss: () => Tensor,
  parameters: readonly Parameter[],
): Promise<{ value: number; gradient: Float64Array[] }> {
  for (const parameter of parameters) parameter.grad = null;
  const mistake = loss();
  backward(mistake);
  const value = await mistake.item();
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

/** Sets parameters to the given values, rounded to their own type. */
function place(parameters: readonly Parameter[], values: readonly Float64Array[]): void {
  assignAll(
    parameters.map((parameter, block) => [
      parameter,
      tensor(values[block], { shape: parameter.shape, dtype: parameter.dtype }),
    ]),
  );
}

/** Each of these remembers something as it is now and, when called, makes it so again. */
function rewindTo(generator: Generator): () => void {
  const state = generator.state();
  return () => {
    generator.restore(state);
  };
}

function putBack(variables: readonly Variable[]): () => void {
  const values = variables.map((variable) => [variable, snapshot(variable)] as const);
  return () => {
    assignAll(values);
  };
}

function keepGradients(parameters: readonly Parameter[]): () => void {
  const gradients = parameters.map(({ grad }) => grad);
  return () => {
    parameters.forEach((parameter, i) => (parameter.grad = gradients[i]));
  };
}
