import { ArgumentError, leavesOf, realize, tensor, Tensor, type Tree } from "@stargrad/tensor";
import { handleRejections, isPlainObject } from "@stargrad/tensor/internal";

/**
 * The inputs of a recorded function: as those of the function itself, but a number may replace a tensor and becomes a scalar
 * tensor.
 */
export type InputsFor<T> = T extends Tensor ? T | number : { readonly [Key in keyof T]: InputsFor<T[Key]> };

/** The largest nesting depth of inputs and results. Deeper values are assumed to contain themselves. */
const depthBound = 500;

/**
 * The inputs with numbers converted to tensors. Entries of objects that are undefined are omitted, as missing optional
 * arguments are.
 *
 * Throws: ArgumentError if a value is not a tensor, a number, or an array or a plain object of these, or if it contains itself
 */
export function tensorsOf(called: string, inputs: unknown): Tree {
  return tensorsWithin(called, inputs, "inputs", 0);
}

/**
 * Materializes the pending tensors of the inputs, because a recorded program runs on elements.
 *
 * Throws: ArgumentError if an input is tracked: the program would not pass a gradient to it
 */
export function computeInputs(called: string, inputs: Tree): void {
  const tensors = leavesOf(inputs);
  realize(...tensors.filter(({ node }) => node.storage === null));
  const tracked = tensors.findIndex(({ node }) => node.tracked);
  if (tracked < 0) return;
  throw new ArgumentError(
    called,
    `tensor ${tracked} of the inputs, of shape [${tensors[tracked].shape.join(", ")}], depends on parameters or on inputs being differentiated, and no gradient would reach them`,
    "Use the parameters and differentiate inside of the function, or pass `detach()` of the tensor",
  );
}

function tensorsWithin(called: string, inputs: unknown, path: string, depth: number): Tree {
  if (inputs instanceof Tensor) return inputs;
  if (typeof inputs === "number") return tensor(inputs);
  expectDepth(called, depth, "inputs");
  const within = (input: unknown, inner: string): Tree => tensorsWithin(called, input, inner, depth + 1);
  // Holes of sparse arrays become undefined, and are rejected below.
  if (Array.isArray(inputs)) return Array.from(inputs, (input, i) => within(input, `${path}[${i}]`));
  if (isPlainObject(inputs)) {
    const entries = Object.entries(inputs).filter(([, input]) => input !== undefined);
    return Object.fromEntries(entries.map(([name, input]) => [name, within(input, `${path}.${name}`)]));
  }
  throw new ArgumentError(
    called,
    `got ${describe(inputs)} for ${path}; expected tensors and numbers, in arrays and plain objects`,
    inputs instanceof Promise
      ? "Await the promise before the call"
      : "Do not pass values that are the same at every call: let the function use them from its enclosing scope",
  );
}

/**
 * Throws: ArgumentError if the return value of a function is not a tensor, or an array or a plain object of tensors, or if it
 * contains itself
 */
export function expectTensors(called: string, results: unknown): void {
  try {
    expectTensorsWithin(called, results, "the result", 0);
  } catch (error) {
    handleRejections(results);
    throw error;
  }
}

function expectTensorsWithin(called: string, results: unknown, path: string, depth: number): void {
  if (results instanceof Tensor) return;
  expectDepth(called, depth, "results");
  if (!Array.isArray(results) && !isPlainObject(results)) {
    throw new ArgumentError(
      called,
      `the function returned ${describe(results)} for ${path}; expected tensors, in arrays and plain objects`,
      results instanceof Promise
        ? "A recorded function cannot be asynchronous: await the values it needs before the call"
        : "A number would be the same at every call; leave it out, or make it a tensor",
    );
  }
  const branches = Array.isArray(results) ? Array.from(results).entries() : Object.entries(results);
  for (const [name, result] of branches) expectTensorsWithin(called, result, `${path}.${name}`, depth + 1);
}

function expectDepth(called: string, depth: number, what: string): void {
  if (depth <= depthBound) return;
  throw new ArgumentError(
    called,
    `got ${what} that are nested more than ${depthBound} levels deep, or that contain themselves`,
    "Pass a list or an object of tensors",
  );
}

/** Describes a value that is not a tensor, for errors. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "a string";
    case "bigint":
      return `the bigint ${value}`;
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : `an object of the class ${value.constructor.name}`;
    default:
      return String(value);
  }
}
