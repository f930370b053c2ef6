import { allocate, bytesPerElement, type DType, type Storage, type TypedArray } from "@stargrad/graph";
import { whenCollected } from "./collection.js";
import { roomFor, type Heap } from "./heap.js";
import { noteGivenBack, noteHeld } from "./reclamation.js";

/** The address of a storage's elements; `null` after their memory has been freed. */
interface HeapAddress {
  address: number | null;
}

/** Elements in an engine's memory, which is freed when the storage is disposed of or garbage-collected. */
export class EngineStorage implements Storage {
  readonly location = "engine";
  readonly canReadSync = true;
  readonly dtype: DType;
  readonly size: number;
  readonly heap: Heap;
  readonly #heapAddress: HeapAddress;

  /** Takes ownership of the elements at an address that the heap has allocated. */
  constructor(heap: Heap, dtype: DType, size: number, address: number) {
    this.heap = heap;
    this.dtype = dtype;
    this.size = size;
    this.#heapAddress = { address };
    whenCollected(this, releaser(heap, this.#heapAddress, this.byteLength));
    noteHeld(roomFor(this.byteLength));
  }

  get address(): number {
    const { address } = this.#heapAddress;
    if (address === null)
      throw new Error("EngineStorage: the storage has been disposed of; read its elements before");
    return address;
  }

  get byteLength(): number {
    return this.size * bytesPerElement(this.dtype);
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this.readSync());
  }

  /** Returns a copy, because the engine may overwrite its memory later. */
  readSync(): TypedArray {
    const copy = allocate(this.dtype, this.size);
    copy.set(this.heap.view(this.dtype, this.address, this.size));
    return copy;
  }

  /** Replaces the elements by those at another address, and frees the old memory. */
  moveTo(address: number): void {
    // The storage was disposed of while the new elements were computed.
    if (this.#heapAddress.address === null) {
      this.heap.free(address, this.byteLength);
      return;
    }
    this.heap.free(this.#heapAddress.address, this.byteLength);
    this.#heapAddress.address = address;
  }

  dispose(): void {
    releaser(this.heap, this.#heapAddress, this.byteLength)();
  }
}

/** Returns a function that frees the memory of a storage once. It must not refer to the storage, so as not to keep it alive. */
function releaser(heap: Heap, location: HeapAddress, bytes: number): () => void {
  return () => {
    const { address } = location;
    if (address === null) return;
    location.address = null;
    heap.free(address, bytes);
    noteGivenBack(roomFor(bytes));
  };
}
