import { allocate, bytesPerElement, type DType, type TypedArray } from "./dtype.js";
import { ArgumentError } from "./errors.js";

/** The elements of a computed tensor, in host or engine memory. */
export interface Storage {
  readonly byteLength: number;
  /**
   * Who owns the elements. `"host"`: they are never overwritten and the garbage collector frees them, so any number of tensors may
   * share the storage. `"engine"`: they are in engine memory that the caller requested explicitly (see `Destination`). One
   * variable owns that memory, and later values of the variable overwrite it.
   */
  readonly location: "host" | "engine";
  /**
   * Whether `readSync` can return the elements now. True for host memory and for an engine that shares memory with its caller. For
   * other engines, true at most for results that have arrived in host memory.
   */
  readonly canReadSync: boolean;
  /**
   * The elements, row-major. The array is not a copy: changing it changes the tensor, so callers copy it first. Rejects with the
   * program's error if the program that computes the elements failed.
   */
  read(): Promise<TypedArray>;
  /** Like `read`, synchronously. Throws unless `canReadSync`. */
  readSync(): TypedArray;
  /** Frees the engine memory immediately; afterwards the elements cannot be read. Host memory is garbage-collected instead. */
  dispose?(): void;
}

/** The error that `readSync` throws if the engine is not synchronous. */
export function unreadable(engine: string): ArgumentError {
  return new ArgumentError(
    "dataSync",
    `the elements are in the memory of the engine ${engine}, which cannot be read synchronously`,
    "Await `data()`, `item()` or `toArray()` instead of `dataSync()`, `itemSync()` or `toArraySync()`",
  );
}

/** Elements in a typed array, which the garbage collector frees. */
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

/** The same value in all elements. The array exists only once it has been read. */
export class FilledStorage implements Storage {
  readonly location = "host";
  readonly canReadSync = true;
  readonly value: number;
  readonly #dtype: DType;
  readonly #size: number;
  #data: TypedArray | null = null;

  constructor(dtype: DType, size: number, value: number) {
    this.#dtype = dtype;
    this.#size = size;
    this.value = value;
  }

  get byteLength(): number {
    return this.#size * bytesPerElement(this.#dtype);
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this.#elements());
  }

  readSync(): TypedArray {
    return this.#elements();
  }

  #elements(): TypedArray {
    return (this.#data ??= allocate(this.#dtype, this.#size).fill(this.value));
  }
}
