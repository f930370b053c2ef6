import { allocate, bytesPerElement, type DType, type Storage, type TypedArray } from "@stargrad/graph";
import { whenCollected } from "./collection.js";
import { roomFor, type Heap } from "./heap.js";
import { noteGivenBack, noteHeld } from "./reclamation.js";

/** Where elements lie, as long as they lie there; `null` once that has been given back. */
interface Place {
  address: number | null;
}

/** Elements in an engine's memory, which are given back when the storage is disposed of, or collected. */
export class EngineStorage implements Storage {
  readonly location = "engine";
  readonly canReadSync = true;
  readonly dtype: DType;
  readonly size: number;
  readonly heap: Heap;
  readonly #place: Place;

  /** Takes over what lies at an address that the heap has handed out for it. */
  constructor(heap: Heap, dtype: DType, size: number, address: number) {
    this.heap = heap;
    this.dtype = dtype;
    this.size = size;
    this.#place = { address };
    whenCollected(this, giverBack(heap, this.#place, this.byteLength));
    noteHeld(roomFor(this.byteLength));
  }

  get address(): number {
    const { address } = this.#place;
    if (address === null) throw new Error("a storage is used that has been disposed of");
    return address;
  }

  get byteLength(): number {
    return this.size * bytesPerElement(this.dtype);
  }

  read(): Promise<TypedArray> {
    return Promise.resolve(this.readSync());
  }

  /** A copy: what is in the engine is written over one day. */
  readSync(): TypedArray {
    const copy = allocate(this.dtype, this.size);
    copy.set(this.heap.view(this.dtype, this.address, this.size));
    return copy;
  }

  /** Moves to where its next elements have been computed, and gives back where it was. */
  moveTo(address: number): void {
    // Disposed of while they were being computed.
    if (this.#place.address === null) {
      this.heap.free(address, this.byteLength);
      return;
    }
    this.heap.free(this.#place.address, this.byteLength);
    this.#place.address = address;
  }

  dispose(): void {
    giverBack(this.heap, this.#place, this.byteLength)();
  }
}

/** What gives a place back, once. Apart from the storage, which it must not keep alive. */
function giverBack(heap: Heap, place: Place, bytes: number): () => void {
  return () => {
    const { address } = place;
    if (address === null) return;
    place.address = null;
    heap.free(address, bytes);
    noteGivenBack(roomFor(bytes));
  };
}
