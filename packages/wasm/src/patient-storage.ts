import { HostStorage, type Storage, type TypedArray } from "@stargrad/graph";

/**
 * A result whose asynchronous read waits if necessary. A loop that awaits only resolved promises never returns to the event loop.
 * But threads of a browser start there, and finalization registries call their callbacks there.
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

/** The same results, except that reads of those in ordinary memory wait. */
export function patient(results: readonly Storage[], wait: () => Promise<void>): Storage[] {
  return results.map((result) =>
    result instanceof HostStorage ? new PatientStorage(result.data, wait) : result,
  );
}
