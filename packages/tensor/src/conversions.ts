import { ArgumentError, type TypedArray } from "@stargrad/graph";

/** The error for a conversion that JavaScript starts by itself, such as `x + y`. `hint` is that of `Symbol.toPrimitive`. */
export function noPrimitive(hint: string): ArgumentError {
  return new ArgumentError(
    "Tensor",
    `got ${hint === "number" ? "an operator or a function of numbers" : "an operator such as + or =="}, which works on numbers and texts only`,
    "Compute with methods such as x.add(y) and x.equal(y), read a number with `await x.item()`, or write it into a text with `${x}`",
  );
}

/** The error for `x.length`, which `new Float32Array(x)` and `Array.from(x)` read, too: without it they would be empty. */
export function noLength(): never {
  throw new ArgumentError(
    "Tensor",
    "got a tensor where a list belongs",
    "Read its elements with `await x.data()`; x.size is their number, and x.shape[0] the length of the first axis",
  );
}

/** Throws an ArgumentError if an element is NaN or infinite, for which JSON has no number. */
export function expectFinite(elements: TypedArray): void {
  const wrong = elements.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw new ArgumentError(
    "toJSON",
    `got an element that is ${wrong}; JSON has finite numbers only`,
    "Save the tensor in a safetensors or npy file, or replace the element first",
  );
}
