import { ArgumentError, type Tree } from "@stargrad/tensor";
import { isRecording } from "@stargrad/tensor/internal";
import { computeInputs, describe, expectTensors, tensorsOf, type InputsFor } from "./trees.js";
import { RecordedFunction } from "./recorded-function.js";

/** What a function that is recorded may return. A function that only assigns to variables returns nothing. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- a function that returns nothing has this type
type Returned = Tree | undefined | void;

/**
 * A function that does what f does, recorded: f is called once for each nesting, shape and type of its inputs, to see what it
 * computes; from then on a call runs that as one program and builds no graph. The numbers are those of f, to the bit.
 *
 *     const predict = jit((x: Tensor) => model.forward(x).softmax());
 *     const probabilities = predict(batch);
 *
 * f has to be made of operations on tensors: it cannot read a value or choose by one (`where` does). What it takes from
 * elsewhere stays as it was when f was recorded, numbers above all: what changes from call to call is passed as an input, where a
 * number becomes a tensor without axes. Variables are read as they are at each call, and assignments to them (`assign`, running
 * statistics) are carried out; draws are other ones at each call. f is recorded anew when a module whose `forward` it calls has
 * other fields than before (a layer replaced, `train` and `eval`), when a parameter it reads is frozen or thawed, and for
 * another engine. What private fields, closures and plain objects hold is not seen.
 *
 * Results are values, as after `stopGradient`: gradients pass neither through them nor into inputs. Differentiate inside of f
 * (`grad`, `vjp`), or take `trainStep`, which is a recorded function too. Within another recorded function, and in the body
 * of a `scan`, f is called as it is.
 *
 * Inputs: tensors and numbers, in arrays and plain objects, where what is optional may be undefined; a number becomes a
 * float32 tensor. Results: tensors in arrays and plain objects, or nothing
 * Throws: ArgumentError if f is no function; when it is called, ArgumentError if an input is something else or depends on
 * parameters, if f reads a value, draws a number that is not a tensor, uses what was computed from parameters before, or leaves a
 * gradient in a parameter; whatever f throws. Then nothing has changed, generators included.
 * Source: jax.jit
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
  // The signature above says that f takes what is nested like these.
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
    // An optional argument may be given as undefined.
    while (inputs.length > 0 && inputs[inputs.length - 1] === undefined) inputs.pop();
    const given = tensorsOf("jit", inputs) as readonly Tree[];
    if (isRecording()) return call(given);
    computeInputs("jit", given);
    const recording = recorded.recordingFor(given);
    const results = recording.run(given);
    return recording.notes.returns ? results : undefined;
  };
}
