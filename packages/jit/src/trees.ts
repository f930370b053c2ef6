import { ArgumentError, leavesOf, realize, tensor, Tensor, type Tree } from "@stargrad/tensor";

/** What a recorded function may be given in the place of its tensors: a number becomes a tensor without axes. */
export type InputsFor<T> = T extends Tensor ? T | number : { readonly [Key in keyof T]: InputsFor<T[Key]> };

/** How deep inputs and results may be nested. Deeper is only what contains itself. */
const depthBound = 500;

/**
 * The inputs with tensors in the place of numbers. What is undefined in an object, or the last of the arguments, is left out, as
 * an optional argument is that is not given.
 *
 * Throws: ArgumentError if something is neither a tensor nor a number, nor an array or a plain object of these, or contains itself
 */
export function tensorsOf(called: string, inputs: unknown): Tree {
  return tensorsWithin(called, inputs, "inputs", 0);
}

/**
 * Computes those tensors of the inputs that are pending: a recorded program runs on elements.
 *
 * Throws: ArgumentError if a gradient would pass through one of them, because it would be lost
 */
export function computeInputs(called: string, inputs: Tree): void {
  const tensors = leavesOf(inputs);
  realize(...tensors.filter(({ node }) => node.storage === null));
  const tracked = tensors.findIndex(({ node }) => node.tracked);
  if (tracked < 0) return;
  throw new ArgumentError(
    called,
    `tensor ${tracked} of the inputs, of shape [${tensors[tracked].shape.join(", ")}], depends on parameters or on what is differentiated, and no gradient would reach them`,
    "Read parameters and differentiate inside of the function, or pass `stopGradient()` of the tensor",
  );
}

function tensorsWithin(called: string, inputs: unknown, path: string, depth: number): Tree {
  if (inputs instanceof Tensor) return inputs;
  if (typeof inputs === "number") return tensor(inputs);
  expectDepth(called, depth, "inputs");
  const within = (input: unknown, inner: string): Tree => tensorsWithin(called, input, inner, depth + 1);
  // An array without an element at some place has undefined there.
  if (Array.isArray(inputs)) return Array.from(inputs, (input, i) => within(input, `${path}[${i}]`));
  if (isPlainObject(inputs)) {
    const entries = Object.entries(inputs).filter(([, input]) => input !== undefined);
    return Object.fromEntries(entries.map(([name, input]) => [name, within(input, `${path}.${name}`)]));
  }
  throw new ArgumentError(
    called,
    `got ${describe(inputs)} for ${path}; expected tensors and numbers, in arrays and plain objects`,
    inputs instanceof Promise
      ? "A forgotten await?"
      : "What stays the same at every call is taken from outside of the function, not passed",
  );
}

/**
 * Throws: ArgumentError if something that a function returned is no tensor, nor an array or a plain object of tensors, or contains
 * itself
 */
export function expectTensors(called: string, results: unknown): void {
  expectTensorsWithin(called, results, "the result", 0);
}

function expectTensorsWithin(called: string, results: unknown, path: string, depth: number): void {
  if (results instanceof Tensor) return;
  expectDepth(called, depth, "results");
  if (!Array.isArray(results) && !isPlainObject(results)) {
    // The error below tells of it; a rejection that nobody handles would end the process besides.
    if (results instanceof Promise) results.catch(() => undefined);
    throw new ArgumentError(
      called,
      `the function returned ${describe(results)} for ${path}; expected tensors, in arrays and plain objects`,
      results instanceof Promise
        ? "A recorded function cannot wait: await what it needs before it is called"
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

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Reflect.getPrototypeOf(value);
  return prototype === null || Reflect.getPrototypeOf(prototype as object) === null;
}

/** A value that is no tensor, in the words of an error. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "a text";
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
