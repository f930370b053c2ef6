import { HostStorage, type Storage, type TypedArray } from "@stargrad/graph";

/**
 * A result that waits before it is read, if it has to: a loop that awaits nothing but what is there already never returns to
 * the event loop, where threads of a browser start and registries hear of what has been collected.
 */
class PatientStorage extends HostStorage {
  readonly #wait: () => Promise<void>;

  constructor(data: TypedArray, wait: () => Promise<void>) {
    super(data);
    this.#wait = wait;
  }

  override async read(): Promise<TypedArray> {
    await this.#wait();
    return this.data;
  }
}

/** The same results, of which those in ordinary memory wait before they are read. */
export function patient(results: readonly Storage[], wait: () => Promise<void>): Storage[] {
  return results.map((result) =>
    result instanceof HostStorage ? new PatientStorage(result.data, wait) : result,
  );
}
