import { StaleValueError, type Storage } from "@stargrad/graph";

/** Replaces the storage of a disposed variable: reading it throws an error that names the variable. */
export class DisposedStorage implements Storage {
  readonly byteLength = 0;
  readonly location = "engine";
  /** True, so that synchronous reads reach `readSync` and its error. */
  readonly canReadSync = true;
  readonly #description: string;

  /** `description`: the disposed variable, with its shape. */
  constructor(description: string) {
    this.#description = description;
  }

  async read(): Promise<never> {
    return Promise.reject(this.error("read"));
  }

  readSync(): never {
    throw this.error("read");
  }

  /** The error for a function that uses the variable. */
  error(called: string): StaleValueError {
    return new StaleValueError(
      called,
      `got ${this.#description}, which has been disposed of, or a tensor that is computed from it`,
      "Read what is still needed before `dispose`, or before the end of the block with `using`",
    );
  }
}
