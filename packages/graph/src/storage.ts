import type { TypedArray } from "./dtype.js";

/** Where the elements of a computed tensor live: in ordinary memory, or inside an engine. */
export interface Storage {
  readonly byteLength: number;
  /** The elements, row-major. Whoever changes the array changes the tensor, so callers copy. */
  read(): Promise<TypedArray>;
  /** Like `read`, at once. An engine that cannot wait throws and says so. */
  readSync(): TypedArray;
  /** Gives back what it takes inside of an engine, at once: nothing can be read any more. Ordinary memory is collected. */
  dispose?(): void;
}

/** Elements in a typed array that the garbage collector looks after. */
export class HostStorage implements Storage {
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
