import {
  ArgumentError,
  createNode,
  formatShape,
  Placeholder,
  ShapeError,
  type DType,
  type Shape,
} from "@stargrad/graph";
import { handleRejections } from "@stargrad/graph/internal";
import { createLoop, traceBody, type LoopDefinition } from "../loop.js";
import { given, operation } from "../operation.js";
import { Tensor } from "../tensor.js";
import { leavesOf, mapTree, pairLeaves, type Nested, type Tree } from "../tree.js";
import { zeros } from "./creation.js";

export interface ScanOptions {
  /** The number of iterations. Default: the length of the sequences. Required if there are no sequences. */
  readonly length?: number;
  /** Whether to iterate from the last slice to the first. Results keep the order of the slices. Default: false. */
  readonly reverse?: boolean;
}

/** The return value of the function that `scan` iterates. */
export interface Iteration<Carry, Y> {
  /** Passed to the next iteration. It must have the nesting, shapes and types of the initial carry. */
  readonly carry: Carry;
  /** The result of this iteration, stacked with those of the others. Default: nothing. */
  readonly y?: Y;
}

/** A tree whose tensors may have any shape. Shapes that are not known at compile time are checked at run time. */
type Loose<T> = T extends Tree ? Nested<T, Tensor> : T;

/**
 * A loop as one operation: `(carry, yₜ) = f(carry, xₜ)` for every slice xₜ of the sequences, from the initial carry on.
 *
 *     const { carry, y } = scan((sum, x) => ({ carry: sum.add(x), y: sum }), zeros([3]), tensor([[1, 2, 3], [4, 5, 6]]));
 *
 * f is called once, to record one iteration; the size of the compiled program does not depend on the number of iterations. So f
 * cannot read a value or branch on one (use `where`). Values that depend on neither carry nor slice are computed once, before the
 * loop. Gradients of any order are supported. Random numbers differ in every iteration. They, and updates of variables (running
 * statistics), equal those of a plain loop that calls f.
 *
 * Shapes: carries and sequences are tensors, or nested arrays and objects of them; a sequence [T, …] -> slices […]; y […] ->
 *         y [T, …], in the order of the slices
 * Defaults: from the first slice to the last; pass null for no sequences, together with a `length`
 * Throws: ShapeError or DTypeError if the next carry differs from the carry in shape or type, or if the sequences differ in
 * length;
 *         ArgumentError if the next carry has another nesting, or if f reads a value
 * Source: jax.lax.scan
 */
export const scan = /* @__PURE__ */ operation(
  "scan",
  [given, given, given, ["length", "reverse"]],
  (
    f: (carry: never, x: never) => Iteration<Tree, Tree | null | undefined>,
    initial: Tree,
    sequences: Tree | null,
    options: ScanOptions,
  ): { readonly carry: Tree; readonly y: Tree | null | undefined } => {
    const actual = sequences === null ? [] : leavesOf(sequences, "scan");
    const extent = { length: lengthOf(actual, options.length), reverse: options.reverse ?? false };
    const carryFormals: Tensor[] = [];
    const carried = mapTree(initial, ({ shape, dtype }) => placeholder(shape, dtype, carryFormals), "scan");
    const sliceFormals: Tensor[] = [];
    const slices =
      sequences === null
        ? null
        : mapTree(sequences, ({ shape, dtype }) => placeholder(shape.slice(1), dtype, sliceFormals), "scan");
    // The public signature guarantees that f accepts arguments of this nesting.
    const traced = traceBody(() => iterationOf(f(carried as never, slices as never)), extent);
    const { carry, y } = traced.result;
    const pairs = pairLeaves("scan", initial, carry, "the next carry is");
    const kept = y === null || y === undefined ? [] : leavesOf(y);

    const finish = (carryOf: (index: number) => Tensor, stackOf: (index: number) => Tensor) => ({
      carry: replaced(initial, carryOf),
      y: y === null || y === undefined ? y : replaced(y, stackOf),
    });
    if (extent.length === 0) {
      return finish(
        (index) => pairs[index][0],
        (index) => zeros([0, ...kept[index].shape], { dtype: kept[index].dtype }),
      );
    }
    const carries = pairs.map(([start, next], index) => ({
      formal: carryFormals[index].node,
      initial: start.node,
      next: next.node,
    }));
    const changing = traced.carries;
    const outputs = loopOutputs({
      ...extent,
      carries: [...carries, ...changing],
      sequences: [
        ...actual.map(({ node }, index) => ({ formal: sliceFormals[index].node, actual: node })),
        ...traced.sequences,
      ],
      results: kept.map(({ node }) => node),
      made: traced.made,
    });
    traced.commit(changing.map((_, i) => outputs(carries.length + i)));
    return finish(outputs, (index) => outputs(carries.length + changing.length + index));
  },
) as <Carry extends Tree, X extends Tree | null, Y extends Tree | null | undefined = undefined>(
  f: (carry: Carry, x: Loose<X>) => Iteration<Tree, Y>,
  initial: Carry,
  sequences: X,
  options?: ScanOptions,
) => { readonly carry: Carry; readonly y: Loose<Y> };

/** Makes a loop; returns a function that makes the node of an output when it is needed. */
function loopOutputs(definition: LoopDefinition): (index: number) => Tensor {
  if (definition.carries.length + definition.results.length === 0) {
    return () => {
      throw new Error("an output was requested from a loop that has none");
    };
  }
  const bundle = createLoop(definition);
  return (index) => new Tensor(createNode("scanOutput", [bundle], { index }));
}

/** The common length of the sequences, or the given length if there are none. */
function lengthOf(sequences: readonly Tensor[], length: number | undefined): number {
  const [expected = length] = sequences.map(({ shape }) => shape[0] as number | undefined);
  if (expected === undefined) {
    throw sequences.length === 0
      ? new ArgumentError("scan", "got neither sequences nor a length", "Pass { length }")
      : new ShapeError(
          "scan",
          "got a scalar as a sequence; expected at least one axis, that of the iterations",
        );
  }
  const odd = sequences.find(({ shape }) => shape.length === 0 || shape[0] !== expected);
  if (odd !== undefined || (length ?? expected) !== expected) {
    const got = sequences.map(({ shape }) => formatShape(shape)).join(", ");
    const also = length === undefined ? "" : ` and the length ${length}`;
    throw new ShapeError(
      "scan",
      `got the sequences ${got}${also}; expected one length along their first axes`,
    );
  }
  return expected;
}

function placeholder(shape: Shape, dtype: DType, made: Tensor[]): Tensor {
  const tensor = new Tensor(new Placeholder({ shape, dtype }));
  made.push(tensor);
  return tensor;
}

/** The tree with its i-th tensor replaced by `find(i)`. */
function replaced<T extends Tree>(tree: T, find: (index: number) => Tensor): T {
  let index = 0;
  return mapTree(tree, (): Tensor => find(index++));
}

/**
 * The return value of a function, with variables replaced by their current values, because assignments are undone after tracing.
 *
 * Throws: ArgumentError if it is not an iteration, for callers without type checking
 */
function iterationOf(returned: Iteration<Tree, Tree | null | undefined> | null | undefined): {
  readonly carry: Tree;
  readonly y: Tree | null | undefined;
} {
  const now = (tree: Tree): Tree => mapTree(tree, ({ node }: Tensor): Tensor => new Tensor(node), "scan");
  const { carry, y, ...further } = returned ?? {};
  const unknown = returned instanceof Tensor ? [] : Object.keys(further);
  try {
    if (typeof carry === "object" && unknown.length === 0)
      return { carry: now(carry), y: y === null || y === undefined ? y : now(y) };
    const also = unknown.length === 0 ? "" : `, but ${unknown.join(", ")}`;
    throw new ArgumentError("scan", `the function did not return { carry, y }${also} (y is optional)`);
  } catch (error) {
    handleRejections(returned);
    throw error;
  }
}
