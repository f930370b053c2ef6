import type { TypedArray } from "./dtype.js";
import type { Node } from "./node.js";

/** Where the elements of a computed tensor live: in ordinary memory, or inside an engine. */
export interface Storage {
  readonly byteLength: number;
  /** The elements, row-major. Whoever changes the array changes the tensor, so callers copy. */
  read(): Promise<TypedArray>;
  /** Like `read`, at once. An engine that cannot wait throws and says so. */
  readSync(): TypedArray;
}

/** HOW a graph is computed. An engine knows primitives; it knows nothing of gradients. */
export interface Engine {
  readonly name: string;
  /** Computes the outputs as one program and returns a storage for each. What a program needs only inside is its own. */
  run(outputs: readonly Node[]): readonly Storage[];
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
