import type { Destination, Node, Storage } from "@stargrad/graph";
import type { ValueOwner } from "@stargrad/graph/internal";
import { type Tensor } from "@stargrad/tensor";
import { keepWhere, lastingStorage, takeBackIfItFails } from "@stargrad/tensor/internal";

/**
 * The gradient of a parameter, and where its elements are kept.
 *
 * Most gradients are seen by an optimizer alone. So the elements of one that `backward` made stay in the engine, in a place that
 * belongs to the parameter and is written over by the next one. Once somebody else asks for the gradient, its elements are
 * in ordinary memory, as those of all tensors are, and never change.
 */
export class GradientSlot implements ValueOwner {
  readonly #parameter: ValueOwner;
  #gradient: Tensor | null = null;
  /** Whether nobody but the parameter can have the gradient. */
  #isOwn = false;
  #place: Storage | null = null;

  constructor(parameter: ValueOwner) {
    this.#parameter = parameter;
  }

  get description(): string {
    return `the gradient of ${this.#parameter.description}`;
  }

  /** The gradient for whoever computes with it at once, and lets go of it before the next one comes. */
  peek(): Tensor | null {
    return this.#gradient;
  }

  /** The gradient for anybody. */
  share(): Tensor | null {
    const elements = this.#takeBack();
    this.#isOwn = false;
    if (elements !== null && this.#gradient !== null) {
      const { node } = this.#gradient;
      node.settle(lastingStorage(node));
      // If the copy fails, nothing has been written over what it is a copy of.
      takeBackIfItFails(() => {
        node.settle(elements);
      });
    }
    return this.#gradient;
  }

  /** Takes on a gradient that others may have, or none. */
  set(gradient: Tensor | null): void {
    if (this.#takeBack() !== null) this.#gradient?.node.release(this);
    this.#gradient = gradient;
    this.#isOwn = false;
  }

  /** Takes on a gradient that nobody else has. */
  own(gradient: Tensor): void {
    this.set(gradient);
    this.#isOwn = true;
    keepWhere(gradient.node, (node) => this.#destinationOf(node));
  }

  dispose(): void {
    this.set(null);
    this.#place?.dispose?.();
    this.#place = null;
  }

  /** Where a gradient goes that is computed now: one that has been dropped or shared meanwhile is like all others. */
  #destinationOf(node: Node): Destination {
    return this.#isOwn && this.#gradient?.node === node ? (this.#place ?? "engine") : "host";
  }

  /** What is in the engine of the gradient, whose place is free from here on; `null` if nothing is. */
  #takeBack(): Storage | null {
    const elements = this.#isOwn ? (this.#gradient?.node.storage ?? null) : null;
    if (elements === null || elements.location === "host") return null;
    this.#place = elements;
    return elements;
  }
}
