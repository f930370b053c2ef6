import type { Destination, Node, Storage } from "@stargrad/graph";
import type { ValueOwner } from "@stargrad/graph/internal";
import { type Tensor } from "@stargrad/tensor";
import { keepWhere, lastingStorage, takeBackIfItFails } from "@stargrad/tensor/internal";

/**
 * The gradient of a parameter, and the storage of its elements.
 *
 * Most gradients are read by an optimizer only. So the elements of a gradient from `backward` stay in a storage of the engine
 * that belongs to the parameter and is overwritten by the next gradient. Once other code reads the gradient, its elements are
 * copied to host memory, where they never change, as those of all tensors.
 */
export class GradientSlot implements ValueOwner {
  readonly #parameter: ValueOwner;
  #gradient: Tensor | null = null;
  /** Whether only the parameter references the gradient. */
  #isOwn = false;
  #engineStorage: Storage | null = null;

  constructor(parameter: ValueOwner) {
    this.#parameter = parameter;
  }

  get description(): string {
    return `the gradient of ${this.#parameter.description}`;
  }

  /** The gradient, for callers that use it immediately and drop it before the next one is set. */
  peek(): Tensor | null {
    return this.#gradient;
  }

  /** The gradient, for callers that may keep it. */
  share(): Tensor | null {
    const elements = this.#reclaimStorage();
    this.#isOwn = false;
    if (elements !== null && this.#gradient !== null) {
      const { node } = this.#gradient;
      node.materialize(lastingStorage(node));
      // If the copy fails, the original elements have not been overwritten and are used again.
      takeBackIfItFails(() => {
        node.materialize(elements);
      });
    }
    return this.#gradient;
  }

  /** Sets a gradient that other code may reference, or null. */
  set(gradient: Tensor | null): void {
    if (this.#reclaimStorage() !== null) this.#gradient?.node.release(this);
    this.#gradient = gradient;
    this.#isOwn = false;
  }

  /** Sets a gradient that no other code references. */
  own(gradient: Tensor): void {
    this.set(gradient);
    this.#isOwn = true;
    keepWhere(gradient.node, (node) => this.#destinationOf(node));
  }

  dispose(): void {
    this.set(null);
    this.#engineStorage?.dispose?.();
    this.#engineStorage = null;
  }

  /** The destination of a gradient that is computed now: host memory if it has been dropped or shared meanwhile. */
  #destinationOf(node: Node): Destination {
    return this.#isOwn && this.#gradient?.node === node ? (this.#engineStorage ?? "engine") : "host";
  }

  /** The elements of the gradient if they are in the engine, else `null`. From now on the next gradient may overwrite them. */
  #reclaimStorage(): Storage | null {
    const elements = this.#isOwn ? (this.#gradient?.node.storage ?? null) : null;
    if (elements === null || elements.location === "host") return null;
    this.#engineStorage = elements;
    return elements;
  }
}
