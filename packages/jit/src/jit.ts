import { ArgumentError, type Tree } from "@stargrad/tensor";
import { isRecording } from "@stargrad/tensor/internal";
import { computeInputs, describe, expectTensors, tensorsOf, type InputsFor } from "./trees.js";
import { RecordedFunction } from "./recorded-function.js";

/** The return types of functions that can be recorded. A function that only assigns to variables may return nothing. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a function that returns nothing has this type
type Returned = Tree | undefined | void;

/**
 * Records f and returns a function that replays it. f is called once for each nesting, shape and type of its inputs, to
 * record its graph. Every later call runs that graph as one compiled program and builds no graph. Results are equal to those
 * of f, to the bit.
 *
 *     const predict = jit((x: Tensor) => model.forward(x).softmax());
 *     const probabilities = predict(batch);
 *
 * f must consist of operations on tensors: it cannot read a value or branch on one (use `where`). Other values that f uses,
 * such as numbers, are recorded as constants. Pass values that change between calls as inputs; a number becomes a scalar
 * tensor. Variables (parameters, buffers) are read anew at each call, assignments to them (`assign`, running statistics) are
 * carried out, and random numbers are drawn anew. f is recorded again if the fields of a module change whose `forward` it
 * calls (a replaced layer, `train` and `eval`), if a parameter it reads is frozen or unfrozen, and for another engine.
 * Changes of private fields, closures and plain objects are not detected.
 *
 * Results are detached: no gradient passes through them or into inputs. Differentiate inside of f (`grad`, `vjp`), or use
 * `trainStep`, which is a recorded function too. Inside of another recorded function, and in the body of a `scan`, f is
 * called directly.
 *
 * Inputs: tensors and numbers, in arrays and plain objects; optional ones may be undefined; a number becomes a float32 tensor.
 * Results: tensors in arrays and plain objects, or nothing
 * Throws: ArgumentError if f is not a function. When called: ArgumentError if an input has another type or depends on
 * parameters, if f reads a value, draws a number that is not a tensor, uses a tensor that was computed from parameters
 * earlier, or leaves a gradient in a parameter; any error that f throws. After an error, variables and generators are
 * unchanged.
 * Source: jax.jit
 * Searched for as: torch.compile, torch.jit.trace; tf.function
 */
export function jit<F extends (...inputs: never[]) => Returned>(
  f: F,
): (...inputs: InputsFor<Parameters<F>>) => ReturnType<F>;
export function jit(f: (...inputs: never[]) => Returned): (...inputs: unknown[]) => Returned {
  if (typeof (f as unknown) !== "function") {
    throw new ArgumentError(
      "jit",
      `got ${describe(f)}; expected a function of tensors`,
      "For a model: jit((x) => model.forward(x))",
    );
  }
  // The public signature guarantees that f accepts arguments of this nesting.
  const call = (inputs: readonly Tree[]): Returned => f(...(inputs as never[]));
  const recorded = new RecordedFunction<readonly Tree[], Tree, { readonly returns: boolean }>(
    (inputs) => {
      const results = call(inputs);
      if (results === undefined) return { results: [], notes: { returns: false } };
      expectTensors("jit", results);
      return { results, notes: { returns: true } };
    },
    { called: "jit", dropsGradients: false },
  );
  return (...inputs) => {
    // Trailing arguments that are undefined count as omitted.
    while (inputs.length > 0 && inputs[inputs.length - 1] === undefined) inputs.pop();
    const given = tensorsOf("jit", inputs) as readonly Tree[];
    if (isRecording()) return call(given);
    computeInputs("jit", given);
    const recording = recorded.recordingFor(given);
    const results = recording.run(given);
    return recording.notes.returns ? results : undefined;
  };
}
