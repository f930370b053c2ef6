import { ArgumentError, formatShape, type DType, type Shape } from "@stargrad/graph";
import type { Tensor } from "./tensor.js";

/** Reads the expected tensors from a state dict, and collects everything that does not fit. */
export class StateReader {
  readonly #state: ReadonlyMap<string, Tensor>;
  readonly #expected = new Set<string>();
  readonly #missing: string[] = [];
  readonly #wrong: string[] = [];

  constructor(state: ReadonlyMap<string, Tensor>) {
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

function formatType({ dtype, shape }: { readonly shape: Shape; readonly dtype: DType }): string {
  return `${dtype} ${formatShape(shape)}`;
}
