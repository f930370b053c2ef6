import { ArgumentError, tensor, type DType, type Shape, type Tensor } from "@stargrad/tensor";

/** What an option of an optimizer can be, and so what a state dict has to hold. */
export type Setting = number | boolean | readonly number[];

/** A setting as a tensor. float64 holds every number as it is. */
export function writeSetting(setting: Setting): Tensor {
  return typeof setting === "boolean" ? tensor(setting) : tensor(setting, { dtype: "float64" });
}

export function readSetting(written: Tensor): Setting {
  if (written.dtype === "bool") return numberIn(written) === 1;
  return written.ndim === 0 ? numberIn(written) : numbersIn(written);
}

/*
 * What `stateDict` returns and what files hold is in ordinary memory, and read at once on every engine. Something that has been
 * computed since is an error on an engine that is not synchronous, which says to await it.
 */

export function numberIn(written: Tensor): number {
  return written.itemSync();
}

export function numbersIn(written: Tensor): number[] {
  return [...written.dataSync()];
}

/** Takes what is expected out of a state dict, and remembers everything that was not as expected. */
export class StateReader {
  readonly #state: ReadonlyMap<string, Tensor>;
  readonly #expected = new Set<string>();
  readonly #missing: string[] = [];
  readonly #wrong: string[] = [];

  constructor(state: ReadonlyMap<string, Tensor>) {
    this.#state = state;
  }

  /** The tensor under this name, or `undefined` if there is none of the expected shape and type. */
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

  /** Throws an ArgumentError that lists everything that did not fit, and the names that nobody has asked for. */
  finish(optimizer: string): void {
    const unexpected = [...this.#state.keys()].filter((name) => !this.#expected.has(name));
    const problems = [
      ...(this.#missing.length === 0 ? [] : [`missing: ${this.#missing.join(", ")}`]),
      ...(unexpected.length === 0 ? [] : [`unexpected: ${unexpected.join(", ")}`]),
      ...this.#wrong,
    ];
    if (problems.length === 0) return;
    throw new ArgumentError(
      "loadStateDict",
      `the state does not fit ${optimizer}, and nothing was loaded\n  ${problems.join("\n  ")}`,
    );
  }
}

function formatType({ dtype, shape }: { readonly shape: Shape; readonly dtype: DType }): string {
  return `${dtype} [${shape.join(", ")}]`;
}
