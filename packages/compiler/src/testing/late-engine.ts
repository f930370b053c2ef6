import {
  bytesPerElement,
  HostStorage,
  sizeOf,
  unreadable,
  type Destination,
  type Engine,
  type PreparedProgram,
  type Storage,
  type TypedArray,
} from "@stargrad/graph";

/** A program that was started on the asynchronous device. */
interface Run {
  readonly program: PreparedProgram;
  readonly elements: readonly Storage[];
  readonly results: readonly LateStorage[];
  readonly onFailure: (error: Error) => void;
  state: "waiting" | "done" | "failed";
  error: Error | null;
}

/**
 * An engine that simulates an asynchronous device. It runs the programs of another engine in the order in which they were started,
 * but after `run` has returned. Its results cannot be read synchronously. It reports a failed program when a result is awaited or
 * the queue is empty. It overwrites the destinations passed to `run`, so code that keeps an overwritten storage reads other numbers.
 * It waits for elements of other engines that have not arrived.
 */
export function lateEngine(inner: Engine): Engine {
  const name = `late ${inner.name}`;
  const device = new Device(name);
  return {
    name,
    capabilities: { dtypes: inner.capabilities.dtypes, synchronous: false },
    prepare(outputs) {
      const program = inner.prepare(outputs);
      const bytes = outputs.map(({ shape, dtype }) => sizeOf(shape) * bytesPerElement(dtype));
      return {
        leaves: program.leaves,
        run: (elements, destinations, onFailure = () => undefined) =>
          device.start({ program, elements, onFailure }, destinations, bytes),
      };
    },
  };
}

/** Runs jobs one after another, each in a separate turn of the event loop. */
class Device {
  readonly name: string;
  /** The queue of runs, reads and disposals. The queue waits until a job is ready. */
  readonly #jobs: { readonly job: () => void; readonly ready: Promise<unknown> | null }[] = [];
  /** Runs that have been started and whose outcome has not been reported yet. */
  #uncertain: Run[] = [];
  #fault: Error | null = null;

  constructor(name: string) {
    this.name = name;
  }

  start(
    { elements, ...what }: Pick<Run, "program" | "elements" | "onFailure">,
    destinations: readonly Destination[],
    bytes: readonly number[],
  ): Storage[] {
    const isForeign = (storage: Storage): boolean =>
      !storage.canReadSync && !(storage instanceof LateStorage && storage.device === this);
    const arriving = elements.map((storage) => (isForeign(storage) ? storage.read() : null));
    const given = [...elements];
    const results = destinations.map((destination, i) => {
      if (destination instanceof LateStorage && destination.device === this) return destination;
      return new LateStorage(this, destination === "host" ? "host" : "engine", bytes[i]);
    });
    const run: Run = { ...what, elements: given, results, state: "waiting", error: null };
    const ready = arriving.some((read) => read !== null)
      ? Promise.allSettled(
          arriving.map(async (read, i) => {
            if (read !== null) given[i] = new HostStorage(await read);
          }),
        )
      : null;
    for (const result of results) result.writers.push(run);
    this.#uncertain.push(run);
    this.#add(() => {
      this.#execute(run);
    }, ready);
    return results;
  }

  /** The elements after all jobs that were queued earlier. */
  read(storage: LateStorage): Promise<TypedArray> {
    const writer = storage.writers.at(-1);
    return new Promise((resolve, reject) => {
      this.#add(() => {
        this.#findOut();
        if (writer?.state === "failed") reject(writer.error ?? new Error("a run failed without an error"));
        else if (storage.data === null)
          reject(new Error("a storage is read before it is written, or after dispose"));
        else resolve(storage.data.slice());
      });
    });
  }

  /** Drops the elements after all jobs that were queued earlier. */
  forget(storage: LateStorage): void {
    this.#add(() => {
      storage.data = null;
    });
  }

  #add(job: () => void, ready: Promise<unknown> | null = null): void {
    this.#jobs.push({ job, ready });
    if (this.#jobs.length === 1) this.#later();
  }

  /** Runs the first job when it is ready. */
  #later(): void {
    const next = (): void => {
      this.#next();
    };
    const { ready } = this.#jobs[0];
    if (ready === null) setImmediate(next);
    else void ready.then(() => setImmediate(next));
  }

  #next(): void {
    this.#jobs[0].job();
    this.#jobs.shift();
    if (this.#jobs.length > 0) this.#later();
    else this.#findOut();
  }

  /** Computes the results of a run and writes them, unless an earlier run has failed. */
  #execute(run: Run): void {
    if (run.state === "failed" || this.#fault !== null) return;
    try {
      const elements = run.elements.map((storage) =>
        storage instanceof LateStorage ? new HostStorage(storage.contents) : storage,
      );
      const computed = run.program.run(
        elements,
        run.results.map(() => "host"),
      );
      // Writes results only after all of them have been computed, so that a failed program changes nothing.
      const written = computed.map((storage) => storage.readSync().slice());
      run.results.forEach((result, i) => {
        result.data = written[i];
      });
      run.state = "done";
    } catch (error) {
      this.#fault = error as Error;
    }
  }

  /** Reports a failure to the failed run and to all runs that were started after it. */
  #findOut(): void {
    const error = this.#fault;
    this.#fault = null;
    if (error === null) {
      this.#uncertain = this.#uncertain.filter(({ state }) => state === "waiting");
      return;
    }
    const failed = this.#uncertain.filter(({ state }) => state !== "done");
    this.#uncertain = [];
    for (const run of failed.reverse()) {
      run.state = "failed";
      run.error = error;
      // A destination that existed before keeps its contents and its earlier writer.
      for (const { writers } of run.results) if (writers.length > 1) writers.splice(writers.indexOf(run), 1);
      run.onFailure(error);
    }
  }
}

class LateStorage implements Storage {
  readonly device: Device;
  readonly location: "host" | "engine";
  readonly canReadSync = false;
  readonly byteLength: number;
  /** The runs that write it, without those that are known to have failed. */
  readonly writers: Run[] = [];
  data: TypedArray | null = null;

  constructor(device: Device, location: "host" | "engine", byteLength: number) {
    this.device = device;
    this.location = location;
    this.byteLength = byteLength;
  }

  get contents(): TypedArray {
    if (this.data === null) throw new Error("a storage is read before it is written");
    return this.data;
  }

  read(): Promise<TypedArray> {
    return this.device.read(this);
  }

  readSync(): never {
    throw unreadable(this.device.name);
  }

  dispose(): void {
    if (this.location === "host") throw new Error("a storage in host memory must not be disposed of");
    this.device.forget(this);
  }
}
