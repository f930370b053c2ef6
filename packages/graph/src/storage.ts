import type { TypedArray } from "./dtype.js";
import { ArgumentError } from "./errors.js";

/** The elements of a computed tensor, wherever they are. */
export interface Storage {
  readonly byteLength: number;
  /**
   * Whose the elements are. `"host"`: nobody writes over them, and the garbage collector looks after them, so any number of
   * tensors may share the storage. `"engine"`: they are in a place in an engine's memory that was asked for as such (see
   * `Destination`), belongs to one variable, and is written over by a later value of it.
   */
  readonly location: "host" | "engine";
  /**
   * Whether `readSync` returns the elements now. True of ordinary memory and of an engine that shares the memory of its caller; of
   * another engine, true at most of results that have arrived.
   */
  readonly canReadSync: boolean;
  /**
   * The elements, row-major. Whoever changes the array changes the tensor, so callers copy. Rejects with the error of the program
   * that was to compute them, if that failed.
   */
  read(): Promise<TypedArray>;
  /** Like `read`, at once. Throws unless `canReadSync`. */
  readSync(): TypedArray;
  /** Gives back what it takes inside of an engine, at once: nothing can be read any more. Ordinary memory is collected. */
  dispose?(): void;
}

/** What `readSync` of an engine that is not synchronous throws. */
export function unreadable(engine: string): ArgumentError {
  return new ArgumentError(
    "dataSync",
    `the elements are in the memory of the engine ${engine}, which cannot be read at once`,
    "Await `data()`, `item()` or `toArray()` instead of `dataSync()`, `itemSync()` or `toArraySync()`",
  );
}

/** Elements in a typed array that the garbage collector looks after. */
export class HostStorage implements Storage {
  readonly location = "host";
  readonly canReadSync = true;
  readonly data: TypedArray;

  constructor(data: TypedArray) {
    this.data = data;
  }

  get byteLength(): number {
    return this.data.byteLength;
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this.data);
  }

  readSync(): TypedArray {
    return this.data;
  }
}
