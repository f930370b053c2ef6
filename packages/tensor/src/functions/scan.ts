import {
  ArgumentError,
  createNode,
  formatShape,
  Placeholder,
  ShapeError,
  type DType,
  type Shape,
} from "@stargrad/graph";
import { createLoop, traceBody, type LoopDefinition } from "../loop.js";
import { Tensor } from "../tensor.js";
import { leavesOf, mapTree, pairLeaves, type Nested, type Tree } from "../tree.js";
import { zeros } from "./creation.js";

export interface ScanOptions {
  /** How many iterations there are. Default: the length of the sequences; without sequences it has to be given. */
  readonly length?: number;
  /** Whether the first iteration takes the last slices, and so on to the first, results likewise. Default: false. */
  readonly reverse?: boolean;
}

/** What a function that is looped over returns. */
export interface Iteration<Carry, Y> {
  /** What the next iteration takes over: nested as the initial carry, with its shapes and types. */
  readonly carry: Carry;
  /** What is kept of this iteration. Default: nothing. */
  readonly y?: Y;
}

/** A tree whose tensors may have any shape: what TypeScript cannot know is checked when it is called. */
type Loose<T> = T extends Tree ? Nested<T, Tensor> : T;

/**
 * A loop as one operation: `(carry, yₜ) = f(carry, xₜ)` for every slice xₜ of the sequences, from the initial carry on.
 *
 *     const { carry, y } = scan((sum, x) => ({ carry: sum.add(x), y: sum }), zeros([3]), tensor([[1, 2, 3], [4, 5, 6]]));
 *
 * f is called once, to see what an iteration computes; the loop is compiled as small as one iteration, whatever its length.
 * So f cannot read a value or choose by one (`where` does), and what it computes from neither carry nor slice is computed
 * once, before the loop. Gradients of any order go through it. Numbers that f draws are other ones in every iteration,
 * and they and what becomes of variables (running statistics) are what a plain loop over f makes of them.
 *
 * Shapes: carries and sequences are tensors, or nested arrays and records of them; a sequence [T, …] -> slices […]; y […] ->
 *         y [T, …], in the order of the slices
 * Defaults: from the first slice to the last; no sequences (null) with a `length`
 * Throws: ShapeError or DTypeError if the next carry is not like the carry, or if the sequences differ in length;
 *         ArgumentError if it is nested otherwise, or if f reads a value
 * Source: jax.lax.scan
 */
export function scan<
  Carry extends Tree,
  X extends Tree | null,
  Y extends Tree | null | undefined = undefined,
>(
  f: (carry: Carry, x: Loose<X>) => Iteration<Tree, Y>,
  initial: Carry,
  sequences: X,
  options?: ScanOptions,
): { readonly carry: Carry; readonly y: Loose<Y> };
export function scan(
  f: (carry: never, x: never) => Iteration<Tree, Tree | null | undefined>,
  initial: Tree,
  sequences: Tree | null,
  options: ScanOptions = {},
): { readonly carry: Tree; readonly y: Tree | null | undefined } {
  const given = sequences === null ? [] : leavesOf(sequences);
  const extent = { length: lengthOf(given, options.length), reverse: options.reverse ?? false };
  const carryFormals: Tensor[] = [];
  const carried = mapTree(initial, ({ shape, dtype }) => placeholder(shape, dtype, carryFormals));
  const sliceFormals: Tensor[] = [];
  const slices =
    sequences === null
      ? null
      : mapTree(sequences, ({ shape, dtype }) => placeholder(shape.slice(1), dtype, sliceFormals));
  // The signature above says that f takes what is nested like these.
  const traced = traceBody(() => iterationOf(f(carried as never, slices as never)), extent);
  const { carry, y } = traced.result;
  const pairs = pairLeaves("scan", initial, carry, "the next carry is");
  const kept = y === null || y === undefined ? [] : leavesOf(y);

  const finish = (carryOf: (place: number) => Tensor, stackOf: (place: number) => Tensor) => ({
    carry: replaced(initial, carryOf),
    y: y === null || y === undefined ? y : replaced(y, stackOf),
  });
  if (extent.length === 0) {
    return finish(
      (place) => pairs[place][0],
      (place) => zeros([0, ...kept[place].shape], { dtype: kept[place].dtype }),
    );
  }
  const carries = pairs.map(([start, next], place) => ({
    formal: carryFormals[place].node,
    initial: start.node,
    next: next.node,
  }));
  const changing = traced.carries;
  const outputs = loopOutputs({
    ...extent,
    carries: [...carries, ...changing],
    sequences: [
      ...given.map(({ node }, place) => ({ formal: sliceFormals[place].node, actual: node })),
      ...traced.sequences,
    ],
    results: kept.map(({ node }) => node),
    made: traced.made,
  });
  traced.commit(changing.map((_, i) => outputs(carries.length + i)));
  return finish(outputs, (place) => outputs(carries.length + changing.length + place));
}

/** Makes a loop; returns what looks up its outputs, which are nodes of their own only if somebody wants them. */
function loopOutputs(definition: LoopDefinition): (index: number) => Tensor {
  if (definition.carries.length + definition.results.length === 0) {
    return () => {
      throw new Error("a loop without outputs is asked for one");
    };
  }
  const bundle = createLoop(definition);
  return (index) => new Tensor(createNode("scanOutput", [bundle], { index }));
}

/** The length that all sequences have, or that is given if there are none. */
function lengthOf(sequences: readonly Tensor[], length: number | undefined): number {
  if (length !== undefined && !(Number.isInteger(length) && length >= 0)) {
    throw new ArgumentError("scan", `got the length ${length}; expected a whole number of at least 0`);
  }
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

/** The tree with each of its tensors replaced by the one that is found for its place. */
function replaced<T extends Tree>(tree: T, find: (place: number) => Tensor): T {
  let place = 0;
  return mapTree(tree, (): Tensor => find(place++));
}

/**
 * What a function returned, as it is now: a variable may stand for another value in a moment.
 *
 * Throws: ArgumentError if it is no iteration, as far as TypeScript could not see to it
 */
function iterationOf({ carry, y }: Iteration<Tree, Tree | null | undefined>): {
  readonly carry: Tree;
  readonly y: Tree | null | undefined;
} {
  const now = (tree: Tree): Tree => mapTree(tree, ({ node }: Tensor): Tensor => new Tensor(node));
  if ((carry as Tree | null | undefined) !== null && typeof carry === "object")
    return { carry: now(carry), y: y === null || y === undefined ? y : now(y) };
  throw new ArgumentError("scan", "the function did not return { carry, y }, of which y may be left out");
}
