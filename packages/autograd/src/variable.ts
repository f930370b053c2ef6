import {
  createLeaf,
  elementsOf,
  formatShape,
  Node,
  type Destination,
  type Shape,
  type Storage,
} from "@stargrad/graph";
import { realize, Tensor } from "@stargrad/tensor";
import {
  disposeSymbol,
  expectNoRecording,
  fallBackOn,
  lastingStorage,
  mayStillFail,
  recognizeCopies,
  takeBackIfItFails,
} from "@stargrad/tensor/internal";
import { DisposedStorage } from "./disposed-storage.js";

/** The variable whose current or earlier value this node is; `undefined` for any other node. */
export function variableOf({ owner }: Node): Variable | undefined {
  return owner instanceof Variable ? owner : undefined;
}

/**
 * A tensor whose value can be replaced; all other tensors are immutable. Tensors computed from it earlier keep the value they
 * were computed from.
 *
 * The current value and the previous one are kept, so that `loss` and `logits` can still be read after an optimizer's step.
 * Computing from an older value throws a StaleValueError that names the variable.
 *
 * Its computed values are in storages of the engine that only this variable uses and overwrites alternately. So training
 * steps copy nothing to the host and allocate no new storage.
 */
export abstract class Variable<S extends Shape = Shape> extends Tensor<S> {
  static {
    recognizeCopies(this, "Variable");
  }

  /** Its name in errors, for example its path in a module. */
  name: string | null = null;
  /** The leaves for the current value: at most one that is tracked and one that is not. */
  #leaves: Node[];
  /** The leaves for the previous value. */
  #previous: Node[] = [];
  /** The storage of the previous value. */
  #previousElements: Storage | null = null;
  #elements: Storage;
  /** The nodes for pending values, in the order of assignment; the last one is the current node. */
  #coming: Node[] = [];

  /** The number of value changes so far. */
  #changes = 0;

  readonly #keepsPrevious: boolean;

  constructor(leaf: Node, keepsPrevious: boolean) {
    super(leaf);
    this.#leaves = [leaf];
    this.#elements = elementsOf(leaf);
    this.#keepsPrevious = keepsPrevious;
    leaf.belongTo(this);
  }

  /** Whether it is trained (a parameter) or not (a buffer). */
  abstract get kind(): "parameter" | "buffer";

  /** The storage of the current value, which is computed now if it is pending. */
  get elements(): Storage {
    if (this.#coming.length > 0) realize(this);
    this.#catchUp();
    return this.#elements;
  }

  /** The number of its pending values. */
  get awaits(): number {
    this.#catchUp();
    return this.#coming.length;
  }

  /**
   * The destination of the next value: the storage of a value that will have been released by then, if the engine owns it.
   *
   * Throws: StaleValueError if the variable has been disposed of
   */
  get destination(): Destination {
    this.expectNotDisposed("assign");
    this.#catchUp();
    const free = this.#keepsPrevious ? this.#previousElements : this.#elements;
    return free === null || free.location === "host" ? "engine" : free;
  }

  /** A description for errors, which append the shape. */
  get description(): string {
    return this.name === null ? `a ${this.kind} of shape` : `the ${this.kind} ${this.name}`;
  }

  /**
   * Replaces the value by that of another tensor, which is computed now.
   *
   * Throws: ShapeError or DTypeError if the other tensor has another shape or type
   */
  abstract assign(value: Tensor): void;

  /** Its gradient, for callers that use it immediately and keep no reference; `null` for buffers. */
  abstract peekGradient(): Tensor | null;

  /** The leaves that one of the next two updates releases and that other tensors may depend on. */
  sharedLeaves(): readonly Node[] {
    this.#catchUp();
    return this.#keepsPrevious ? [...this.#previous, ...this.#leaves] : [];
  }

  /**
   * Replaces the value by elements that no other object overwrites. For `assignAll`, which checks that they fit. If the elements
   * are still being computed and that fails, the replacement is undone.
   */
  replaceValue(elements: Storage): void {
    if (this.isDisposed) {
      // It was disposed of while its next value was computed: free that value.
      freeStorage(elements);
      return;
    }
    const before = [this.#previousElements, this.#elements];
    this.#catchUp();
    const takeBack = mayStillFail() && !elements.canReadSync ? this.#takeBack() : null;
    this.#coming = [];
    this.#moveOn([], elements);
    this.represent(this.current.tracked);
    this.#changes++;
    if (takeBack !== null) {
      // The storages are needed if the replacement is undone.
      takeBackIfItFails(takeBack);
      return;
    }
    const after = [this.#previousElements, this.#elements];
    for (const storage of before) if (!after.includes(storage)) freeStorage(storage);
  }

  /** Releases the oldest kept value, and stores the next one with its leaves. */
  #moveOn(leaves: Node[], elements: Storage): void {
    for (const leaf of this.#keepsPrevious ? this.#previous : this.#leaves) leaf.release(this);
    if (this.#keepsPrevious) {
      this.#previous = this.#leaves;
      this.#previousElements = this.#elements;
    }
    this.#leaves = leaves;
    this.#elements = elements;
  }

  /** Updates the state with the pending values that have been computed since the last call. */
  #catchUp(): void {
    if (this.#coming.length === 0) return;
    const last = this.#coming.findLastIndex(({ storage }) => storage !== null);
    if (last < 0) return;
    if (mayStillFail()) takeBackIfItFails(this.#takeBack());
    this.#changes++;
    for (const node of this.#coming.splice(0, last + 1)) {
      if (node.storage !== null) this.#moveOn([node], node.storage);
    }
  }

  /** A function that undoes the next change, unless a later change has followed it. */
  #takeBack(): (error: Error) => void {
    const [leaves, elements, coming, current] = [
      [...this.#leaves],
      this.#elements,
      [...this.#coming],
      this.current,
    ];
    const [previous, previousElements] = [[...this.#previous], this.#previousElements];
    const changes = this.#changes;
    return (failure) => {
      if (this.#changes !== changes + 1 || this.isDisposed) return;
      for (const leaf of this.#leaves)
        if (!leaves.includes(leaf) && !coming.includes(leaf))
          leaf.release({ description: this.description, failure });
      for (const leaf of leaves) leaf.materialize(elements);
      if (previousElements !== null) for (const leaf of previous) leaf.materialize(previousElements);
      this.#leaves = leaves;
      this.#elements = elements;
      this.#previous = previous;
      this.#previousElements = previousElements;
      this.#coming = coming;
      this.current = current;
      this.#changes = changes;
    };
  }

  /** Whether it has been disposed of. */
  get isDisposed(): boolean {
    return this.#elements instanceof DisposedStorage;
  }

  /** Throws a StaleValueError that names the variable if it has been disposed of. `called`: the function that needs it. */
  expectNotDisposed(called: string): void {
    if (this.#elements instanceof DisposedStorage) throw this.#elements.error(called);
  }

  /**
   * Frees the memory of its values immediately. Tensors that were computed from them keep their elements. Computing from the
   * variable, reading it or assigning to it afterwards throws a StaleValueError that names it. Further calls have no effect.
   * Without this call, the memory is freed when the variable is garbage-collected, which requires that the program returns to
   * the event loop now and then, for example by awaiting losses.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  abstract dispose(): void;

  /** Called at the end of a block that declares the variable with `using`. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Frees the storages of its values. From now on it has no value. For `disposeOf`. */
  giveBack(): void {
    this.#catchUp();
    const disposed = new DisposedStorage(`${this.description} ${formatShape(this.shape)}`);
    for (const node of [...this.#previous, ...this.#leaves, ...this.#coming]) node.materialize(disposed);
    for (const elements of [this.#previousElements, this.#elements]) freeStorage(elements);
    this.#leaves = [this.current];
    this.#coming = [];
    this.#previous = [];
    this.#previousElements = null;
    this.#elements = disposed;
  }

  /** Makes the leaf with the current value, tracked or not, the node of this variable. */
  protected represent(tracked: boolean): void {
    const known = this.#leaves.find((leaf) => leaf.tracked === tracked);
    this.current = known ?? createLeaf(this.shape, this.dtype, this.#elements, { tracked });
    if (known !== undefined) return;
    this.#leaves.push(this.current);
    this.current.belongTo(this);
  }

  /** Makes a pending node the value of this variable, also once it is computed. For `assignAlong`. */
  standForComing(value: Node): Node {
    const operation = { primitive: "detach" as const, inputs: [value], attributes: {} };
    const node = new Node(value, { operation, tracked: false });
    fallBackOn(node, this.current);
    node.belongTo(this);
    this.#coming.push(node);
    this.current = node;
    return node;
  }

  /** Makes a pending node the value of this variable, and returns a function that restores the earlier node. For recordings. */
  standIn(value: Node): () => void {
    const leaf = this.current;
    const operation = { primitive: "detach" as const, inputs: [value], attributes: {} };
    this.current = new Node(value, { operation, tracked: leaf.tracked });
    this.current.belongTo(this);
    return () => {
      this.current = leaf;
    };
  }
}

/** Frees a storage of the engine that only the variable used. */
function freeStorage(elements: Storage | null): void {
  if (elements?.location === "engine") elements.dispose?.();
}

/** A leaf with the elements of a tensor, without its history. */
export function computedLeaf(value: Tensor, tracked: boolean): Node {
  if (value.node.storage === null) expectNoRecording("Variable", "a parameter or a buffer is computed");
  realize(value);
  return createLeaf(value.shape, value.dtype, lastingStorage(value.node), { tracked });
}
