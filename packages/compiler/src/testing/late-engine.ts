import {
  HostStorage,
  type Destination,
  type Engine,
  type PreparedProgram,
  type Storage,
  type TypedArray,
} from "@stargrad/graph";
import { unreadable } from "@stargrad/graph/internal";

/** What has been asked of a device that takes its time. */
interface Run {
  readonly program: PreparedProgram;
  readonly elements: readonly Storage[];
  readonly results: readonly LateStorage[];
  readonly onFailure: (error: Error) => void;
  state: "waiting" | "done" | "failed";
  error: Error | null;
}

/**
 * An engine like a device that works on its own: it computes what another engine computes, in the order in which programs were started,
 * but after `run` has returned. Its results cannot be read at once, and it says that a program has failed when somebody awaits a
 * result, or nothing is left to do. Places of variables are written over as `run` was told, so whoever keeps what is gone reads other
 * numbers.
 */
export function lateEngine(inner: Engine): Engine {
  const name = `late ${inner.name}`;
  const device = new Device(name);
  return {
    name,
    capabilities: { dtypes: inner.capabilities.dtypes, synchronous: false },
    prepare(outputs) {
      const program = inner.prepare(outputs);
      const bytes = outputs.map(({ shape }) => 4 * shape.reduce((size, length) => size * length, 1));
      return {
        leaves: program.leaves,
        run: (elements, destinations, onFailure = () => undefined) =>
          device.start({ program, elements, onFailure }, destinations, bytes),
      };
    },
  };
}

/** Does one thing after another, each in a turn of the event loop of its own. */
class Device {
  readonly name: string;
  /** What is still to be done: runs, and reads that come in between. */
  readonly #jobs: (() => void)[] = [];
  /** Runs that have been started, and whose end nobody knows yet. */
  #uncertain: Run[] = [];
  #fault: Error | null = null;

  constructor(name: string) {
    this.name = name;
  }

  start(
    what: Pick<Run, "program" | "elements" | "onFailure">,
    destinations: readonly Destination[],
    bytes: readonly number[],
  ): Storage[] {
    const results = destinations.map((destination, i) => {
      if (destination instanceof LateStorage && destination.device === this) return destination;
      return new LateStorage(this, destination === "host" ? "host" : "engine", bytes[i]);
    });
    const run: Run = { ...what, results, state: "waiting", error: null };
    for (const result of results) result.writers.push(run);
    this.#uncertain.push(run);
    this.#add(() => {
      this.#execute(run);
    });
    return results;
  }

  /** The elements as they are when all has been done that was asked for before. */
  read(storage: LateStorage): Promise<TypedArray> {
    const writer = storage.writers.at(-1);
    return new Promise((resolve, reject) => {
      this.#add(() => {
        this.#findOut();
        if (writer?.state === "failed") reject(writer.error ?? new Error("nobody knows why it failed"));
        else resolve(storage.contents.slice());
      });
    });
  }

  /** Lets the elements go when all has been done that was asked for before. */
  forget(storage: LateStorage): void {
    this.#add(() => {
      storage.data = null;
    });
  }

  #add(job: () => void): void {
    this.#jobs.push(job);
    if (this.#jobs.length === 1)
      setImmediate(() => {
        this.#next();
      });
  }

  #next(): void {
    this.#jobs[0]();
    this.#jobs.shift();
    if (this.#jobs.length > 0)
      setImmediate(() => {
        this.#next();
      });
    else this.#findOut();
  }

  /** Computes results and writes them where they belong, unless something has failed before. */
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
      // All of it has been computed before anything is written.
      const written = computed.map((storage) => storage.readSync().slice());
      run.results.forEach((result, i) => {
        result.data = written[i];
      });
      run.state = "done";
    } catch (error) {
      this.#fault = error as Error;
    }
  }

  /** Tells those whose programs have failed: the first that did, and all that were started since. */
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
      // A place that was there before has kept its contents, and is read as before.
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
  /** The runs that write it, but for those of which it is known that they have not. */
  readonly writers: Run[] = [];
  data: TypedArray | null = null;

  constructor(device: Device, location: "host" | "engine", byteLength: number) {
    this.device = device;
    this.location = location;
    this.byteLength = byteLength;
  }

  get contents(): TypedArray {
    if (this.data === null) throw new Error("a place is read that nobody has written");
    return this.data;
  }

  read(): Promise<TypedArray> {
    return this.device.read(this);
  }

  readSync(): never {
    throw unreadable(this.device.name);
  }

  dispose(): void {
    if (this.location === "host") throw new Error("what anybody may read is disposed of");
    this.device.forget(this);
  }
}
