import {
  createLeaf,
  formatShape,
  sameShape,
  ShapeError,
  DTypeError,
  type Node,
  type Shape,
  type Storage,
} from "@stargrad/graph";
import { realize, Tensor } from "@stargrad/tensor";

/** Which parameter a leaf of the graph belongs to: how `backward` finds its way home. */
const owners = new WeakMap<Node, Parameter>();

/** The parameter whose value this leaf is or was; `undefined` for any other node. */
export function ownerOf(leaf: Node): Parameter | undefined {
  return owners.get(leaf);
}

/**
 * A tensor whose value can be replaced: the only kind of thing in Stargrad that ever changes. What has been computed from
 * it before keeps the value it was computed from.
 *
 * The current value and the one before it are there to compute with, so that `loss` and `logits` can still be read after
 * an optimizer's step. What needs an older one throws a StaleValueError that names the variable.
 */
export abstract class Variable<S extends Shape = Shape> extends Tensor<S> {
  /** What errors call it: its place in a module, say. */
  name: string | null = null;
  /** The leaves that stand for the current value: at most one that is tracked and one that is not. */
  #leaves: Node[];
  /** Those that stand for the value before it. */
  #previous: Node[] = [];

  readonly #kind: string;

  constructor(leaf: Node, kind: "parameter" | "buffer") {
    super(leaf);
    this.#leaves = [leaf];
    this.#kind = kind;
  }

  /**
   * Takes on the value of another tensor, which is computed now.
   *
   * Throws: ShapeError or DTypeError if it is of another shape or type
   */
  assign(value: Tensor): void {
    assignAll([[this, value]]);
  }

  /** Has a new leaf stand for this variable. For `assignAll`, which has checked that the elements fit. */
  replaceValue(elements: Storage): void {
    for (const leaf of this.#previous) leaf.release(this.#description());
    this.#previous = this.#leaves;
    this.#leaves = [];
    this.represent(elements, this.current.tracked);
  }

  /** Has a leaf with the current value, tracked or not, stand for this variable. */
  protected represent(elements: Storage, tracked: boolean): void {
    const known = this.#leaves.find((leaf) => leaf.tracked === tracked);
    this.current = known ?? createLeaf(this.shape, this.dtype, elements, { tracked });
    if (known === undefined) this.#leaves.push(this.current);
  }

  #description(): string {
    return this.name === null ? `a ${this.#kind} of shape` : `the ${this.#kind} ${this.name}`;
  }
}

/**
 * A tensor that is learned. `backward` leaves its gradient in `grad`; an optimizer turns that into a new value.
 *
 * Throws: DTypeError unless the value is float32 or float64
 * Source: torch.nn.Parameter
 */
export class Parameter<S extends Shape = Shape> extends Variable<S> {
  /** dL/dthis, summed over the `backward` calls since it was last set to null; null if no loss has depended on it. */
  grad: Tensor | null = null;

  constructor(value: Tensor<S>, { requiresGradient = true }: { readonly requiresGradient?: boolean } = {}) {
    if (value.dtype !== "float32" && value.dtype !== "float64") {
      throw new DTypeError("Parameter", `got ${value.dtype}; expected float32 or float64`);
    }
    super(computedLeaf(value, requiresGradient), "parameter");
    owners.set(this.current, this);
  }

  /** Whether gradients reach it. Freezing a parameter takes effect for what is computed from here on. */
  get requiresGradient(): boolean {
    return this.current.tracked;
  }

  set requiresGradient(required: boolean) {
    this.represent(elementsOf(this), required);
  }

  protected override represent(elements: Storage, tracked: boolean): void {
    super.represent(elements, tracked);
    owners.set(this.current, this);
  }
}

/** A tensor that a module keeps and changes but does not learn, such as running statistics. Source: torch.nn buffers */
export class Buffer<S extends Shape = Shape> extends Variable<S> {
  constructor(value: Tensor<S>) {
    super(computedLeaf(value, false), "buffer");
  }
}

/**
 * Gives several variables new values, all computed as one program before the first of them changes: either every
 * variable is replaced, or, if something throws, none. Of two values for one variable, the last counts.
 */
export function assignAll(assignments: readonly (readonly [Variable, Tensor])[]): void {
  for (const [variable, value] of assignments) {
    if (!sameShape(variable.shape, value.shape)) {
      throw new ShapeError(
        "assign",
        `got the shape ${formatShape(value.shape)} for a variable of shape ${formatShape(variable.shape)}`,
      );
    }
    if (variable.dtype !== value.dtype) {
      throw new DTypeError(
        "assign",
        `got ${value.dtype} for a variable of ${variable.dtype}`,
        "Cast it first",
      );
    }
  }
  const values = assignments.map(([, value]) => value);
  // A gradient that is still to be computed needs the value it is the gradient at.
  const gradients = assignments.flatMap(([variable]) =>
    variable instanceof Parameter && variable.grad !== null ? [variable.grad] : [],
  );
  // Parameters are listed from the first layer to the last, and gradients arrive the other way round. Asked for as they
  // arrive, each lets go of what it needed before the next is computed.
  realize(...values.reverse(), ...gradients.reverse());
  // Read out before the first variable changes: a value may be the previous one of another, which is let go then.
  const elements = new Map(assignments.map(([variable, value]) => [variable, elementsOf(value)]));
  for (const [variable, storage] of elements) variable.replaceValue(storage);
}

/** A leaf with the elements of a tensor and none of its history. */
function computedLeaf(value: Tensor, tracked: boolean): Node {
  realize(value);
  return createLeaf(value.shape, value.dtype, elementsOf(value), { tracked });
}

function elementsOf({ node }: Tensor): Storage {
  if (node.storage === null) throw new Error("a variable was given a value that has not been computed");
  return node.storage;
}
