import { StaleValueError, type Storage } from "@stargrad/graph";

/** What stands where the elements of a variable were that has been disposed of: whoever reads them is told. */
export class DisposedStorage implements Storage {
  readonly byteLength = 0;
  readonly location = "engine";
  /** So that whoever reads gets to hear it. */
  readonly canReadSync = true;
  readonly #description: string;

  /** `description`: which variable it was, with its shape. */
  constructor(description: string) {
    this.#description = description;
  }

  async read(): Promise<never> {
    return Promise.reject(this.error("read"));
  }

  readSync(): never {
    throw this.error("read");
  }

  /** What to throw at whoever calls this. */
  error(called: string): StaleValueError {
    return new StaleValueError(
      called,
      `got ${this.#description}, which has been disposed of, or something that is computed from it`,
      "Read what is still needed before `dispose`, or before the end of the block with `using`",
    );
  }
}
