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
  takeBackIfItFails,
} from "@stargrad/tensor/internal";
import { DisposedStorage } from "./disposed-storage.js";

/** The variable whose value this node is or was; `undefined` for any other node. */
export function variableOf({ owner }: Node): Variable | undefined {
  return owner instanceof Variable ? owner : undefined;
}

/**
 * A tensor whose value can be replaced: the only kind of thing in Stargrad that ever changes. What has been computed from
 * it before keeps the value it was computed from.
 *
 * The current value and the one before it are there to compute with, so that `loss` and `logits` can still be read after
 * an optimizer's step. What needs an older one throws a StaleValueError that names the variable.
 *
 * Values that were computed for it live in the engine, in places that belong to the variable alone and are written over
 * in turn: however many steps are taken, nothing is copied out, and there is nothing to collect.
 */
export abstract class Variable<S extends Shape = Shape> extends Tensor<S> {
  /** What errors call it: its place in a module, say. */
  name: string | null = null;
  /** The nodes that stand for the current value: at most one that is tracked and one that is not. */
  #leaves: Node[];
  /** Those that stand for the value before it. */
  #previous: Node[] = [];
  /** Where that value is. */
  #previousElements: Storage | null = null;
  #elements: Storage;
  /** The nodes that stand for its next values, which are still to be computed; the current one is the last of them. */
  #coming: Node[] = [];

  /** How often it has taken on another value. */
  #changes = 0;

  readonly #keepsPrevious: boolean;

  constructor(leaf: Node, keepsPrevious: boolean) {
    super(leaf);
    this.#leaves = [leaf];
    this.#elements = elementsOf(leaf);
    this.#keepsPrevious = keepsPrevious;
    leaf.belongTo(this);
  }

  /** Whether it is learned, or only kept. */
  abstract get kind(): "parameter" | "buffer";

  /** Where the current value is, which is computed now if it is still to come. */
  get elements(): Storage {
    if (this.#coming.length > 0) realize(this);
    this.#catchUp();
    return this.#elements;
  }

  /** How many values it has been given that are still to be computed. */
  get awaits(): number {
    this.#catchUp();
    return this.#coming.length;
  }

  /**
   * Where the next value may be written: where one is that will be gone by then.
   *
   * Throws: StaleValueError if the variable has been disposed of
   */
  get destination(): Destination {
    this.expectNotDisposed("assign");
    this.#catchUp();
    const free = this.#keepsPrevious ? this.#previousElements : this.#elements;
    return free === null || free.location === "host" ? "engine" : free;
  }

  /** What errors call it, and it is followed by its shape. */
  get description(): string {
    return this.name === null ? `a ${this.kind} of shape` : `the ${this.kind} ${this.name}`;
  }

  /**
   * Takes on the value of another tensor, which is computed now.
   *
   * Throws: ShapeError or DTypeError if it is of another shape or type
   */
  abstract assign(value: Tensor): void;

  /** The gradient that it has been left, for whoever computes with it at once: `null` for what is not learned. */
  abstract peekGradient(): Tensor | null;

  /** The nodes that are let go by one of the next two updates, unless only its own next value is made from them. */
  sharedLeaves(): readonly Node[] {
    this.#catchUp();
    return this.#keepsPrevious ? [...this.#previous, ...this.#leaves] : [];
  }

  /**
   * Takes on elements that belong to this variable alone, or to nobody. For `assignAll`, which checks that they fit. If they
   * are still being computed and that fails, this has not happened.
   */
  replaceValue(elements: Storage): void {
    if (this.isDisposed) {
      // It was disposed of while its next value was computed, which nobody needs any more.
      giveBackPlace(elements);
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
      // The value before may come back.
      takeBackIfItFails(takeBack);
      return;
    }
    const after = [this.#previousElements, this.#elements];
    for (const storage of before) if (!after.includes(storage)) giveBackPlace(storage);
  }

  /** Lets the value before the last go, and takes on the next, for which these nodes stand. */
  #moveOn(leaves: Node[], elements: Storage): void {
    for (const leaf of this.#keepsPrevious ? this.#previous : this.#leaves) leaf.release(this);
    if (this.#keepsPrevious) {
      this.#previous = this.#leaves;
      this.#previousElements = this.#elements;
    }
    this.#leaves = leaves;
    this.#elements = elements;
  }

  /** Takes on the values that have been computed since somebody looked. */
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

  /** What undoes the next change, unless another one has come after it. */
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
      for (const leaf of leaves) leaf.settle(elements);
      if (previousElements !== null) for (const leaf of previous) leaf.settle(previousElements);
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

  /** Throws a StaleValueError that names the variable if it has been disposed of. `called`: for what it is needed. */
  expectNotDisposed(called: string): void {
    if (this.#elements instanceof DisposedStorage) throw this.#elements.error(called);
  }

  /**
   * Gives back at once what its values take. What has been computed from them stays as it is; whoever computes something
   * from them, reads or assigns them afterwards gets a StaleValueError that names the variable. Disposing of it twice is the
   * same as once. Without this they are given back when the variable has been collected, for which a loop has to return to the
   * event loop now and then, as one does that awaits its losses.
   *
   * Throws: ArgumentError inside of a function that is recorded
   */
  abstract dispose(): void;

  /** What `using` does at the end of its block. */
  [disposeSymbol](): void {
    this.dispose();
  }

  /** Gives back what its values take, and has none from here on. For `disposeOf`. */
  giveBack(): void {
    this.#catchUp();
    const disposed = new DisposedStorage(`${this.description} ${formatShape(this.shape)}`);
    for (const node of [...this.#previous, ...this.#leaves, ...this.#coming]) node.settle(disposed);
    for (const elements of [this.#previousElements, this.#elements]) giveBackPlace(elements);
    this.#leaves = [this.current];
    this.#coming = [];
    this.#previous = [];
    this.#previousElements = null;
    this.#elements = disposed;
  }

  /** Has a node with the current value, tracked or not, stand for this variable. */
  protected represent(tracked: boolean): void {
    const known = this.#leaves.find((leaf) => leaf.tracked === tracked);
    this.current = known ?? createLeaf(this.shape, this.dtype, this.#elements, { tracked });
    if (known !== undefined) return;
    this.#leaves.push(this.current);
    this.current.belongTo(this);
  }

  /** Has a node that is still to be computed stand for this variable, now and when it is. For `assignAlong`. */
  standForComing(value: Node): Node {
    const operation = { primitive: "stopGradient" as const, inputs: [value], attributes: {} };
    const node = new Node(value, { operation, tracked: false });
    fallBackOn(node, this.current);
    node.belongTo(this);
    this.#coming.push(node);
    this.current = node;
    return node;
  }

  /** Has a node that is still to be computed stand for this variable, and returns what ends that. For recordings. */
  standIn(value: Node): () => void {
    const leaf = this.current;
    const operation = { primitive: "stopGradient" as const, inputs: [value], attributes: {} };
    this.current = new Node(value, { operation, tracked: leaf.tracked });
    this.current.belongTo(this);
    return () => {
      this.current = leaf;
    };
  }
}

/** Gives back a place in an engine that was the variable's own. */
function giveBackPlace(elements: Storage | null): void {
  if (elements?.location === "engine") elements.dispose?.();
}

/** A leaf with the elements of a tensor and none of its history. */
export function computedLeaf(value: Tensor, tracked: boolean): Node {
  if (value.node.storage === null) expectNoRecording("Variable", "a parameter or a buffer is computed");
  realize(value);
  return createLeaf(value.shape, value.dtype, lastingStorage(value.node), { tracked });
}
