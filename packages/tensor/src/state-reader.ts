import { ArgumentError, formatShape, type DType, type Shape } from "@stargrad/graph";
import { hintFor, writeValue } from "@stargrad/graph/internal";
import type { Tensor } from "./tensor.js";

/** Reads the expected tensors from a state dict, and collects everything that does not fit. */
export class StateReader {
  readonly #state: ReadonlyMap<string, Tensor>;
  readonly #expected = new Set<string>();
  readonly #missing: string[] = [];
  readonly #wrong: string[] = [];

  /** Throws: ArgumentError unless the state is a map */
  constructor(state: ReadonlyMap<string, Tensor>) {
    expectMap("loadStateDict", state);
    this.#state = state;
  }

  /** The tensor of this name, or `undefined` if there is none of the expected shape and type. */
  take(name: string, expected: { readonly shape: Shape; readonly dtype: DType }): Tensor | undefined {
    this.#expected.add(name);
    const value = this.#state.get(name);
    if (value === undefined) {
      this.#missing.push(name);
    } else if (formatType(value) !== formatType(expected)) {
      this.#wrong.push(`${name}: got ${formatType(value)}; expected ${formatType(expected)}`);
    } else {
      return value;
    }
    return undefined;
  }

  /** Throws an ArgumentError that lists everything that did not fit, and all names that were not taken. */
  finish(owner: string): void {
    const unexpected = [...this.#state.keys()].filter((name) => !this.#expected.has(name));
    const problems = [
      ...(this.#missing.length === 0 ? [] : [`missing: ${this.#missing.join(", ")}`]),
      ...(unexpected.length === 0 ? [] : [`unexpected: ${unexpected.join(", ")}`]),
      ...this.#wrong,
    ];
    if (problems.length === 0) return;
    throw new ArgumentError(
      "loadStateDict",
      `the state does not fit ${owner}, and nothing was loaded\n  ${problems.join("\n  ")}`,
    );
  }
}

/**
 * Checks at run time that a value is a map of tensors. It may come from another realm.
 *
 * Throws: ArgumentError if it is not
 */
export function expectMap(called: string, value: unknown): void {
  if (typeof value === "object" && value !== null && "get" in value && "keys" in value) return;
  const parts = Object(value) as object;
  const hint =
    "stateDict" in parts
      ? "Pass its stateDict()"
      : "model" in parts
        ? "Pass a part of a checkpoint, such as checkpoint.model"
        : "Convert an object with new Map(Object.entries(object))";
  throw new ArgumentError(
    called,
    `got ${writeValue(value)}; expected a map from names to tensors`,
    hintFor(value, hint),
  );
}

function formatType({ dtype, shape }: { readonly shape?: Shape; readonly dtype?: DType }): string {
  return shape === undefined ? "no tensor" : `${dtype} ${formatShape(shape)}`;
}
