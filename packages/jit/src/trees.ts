import { ArgumentError, tensor, Tensor, type Tree } from "@stargrad/tensor";

/** What a recorded function may be given in the place of its tensors: a number becomes a tensor without axes. */
export type InputsFor<T> = T extends Tensor ? T | number : { readonly [Key in keyof T]: InputsFor<T[Key]> };

/**
 * The inputs with tensors in the place of numbers.
 *
 * Throws: ArgumentError if something is neither a tensor nor a number, nor an array or a plain object of these
 */
export function tensorsOf(called: string, inputs: unknown, path = "inputs"): Tree {
  if (inputs instanceof Tensor) return inputs;
  if (typeof inputs === "number") return tensor(inputs);
  if (Array.isArray(inputs)) return inputs.map((input, i) => tensorsOf(called, input, `${path}[${i}]`));
  if (isPlainObject(inputs)) {
    const entries = Object.entries(inputs);
    return Object.fromEntries(
      entries.map(([name, input]) => [name, tensorsOf(called, input, `${path}.${name}`)]),
    );
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
 * Throws: ArgumentError if something that a function returned is no tensor, nor an array or a plain object of tensors
 */
export function expectTensors(called: string, results: unknown, path = "the result"): void {
  if (results instanceof Tensor) return;
  if (!Array.isArray(results) && !isPlainObject(results)) {
    throw new ArgumentError(
      called,
      `the function returned ${describe(results)} for ${path}; expected tensors, in arrays and plain objects`,
      results instanceof Promise
        ? "A recorded function cannot wait: await what it needs before it is called"
        : "A number would be the same at every call; leave it out, or make it a tensor",
    );
  }
  for (const [name, result] of Object.entries(results)) expectTensors(called, result, `${path}.${name}`);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Reflect.getPrototypeOf(value);
  return prototype === null || Reflect.getPrototypeOf(prototype as object) === null;
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? "a text" : String(value);
  return `an object of the class ${value.constructor.name}`;
}
