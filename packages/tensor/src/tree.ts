import { ArgumentError, DTypeError, formatShape, sameShape, ShapeError } from "@stargrad/graph";
import { hintFor, isPlainObject, writeValue } from "@stargrad/graph/internal";
import { Tensor } from "./tensor.js";

/**
 * Tensors in nested arrays and plain objects, as loops carry them and differentiated functions take and return them. See
 * also: JAX pytrees
 */
export type Tree = Tensor | readonly Tree[] | { readonly [key: string]: Tree };

/** The nesting of T with each tensor type replaced by `Leaf`. */
export type Nested<T extends Tree, Leaf> = T extends Tensor
  ? Leaf
  : { [Key in keyof T]: T[Key] extends Tree ? Nested<T[Key], Leaf> : never };

/**
 * The same nesting with every tensor replaced.
 *
 * Throws: ArgumentError, as thrown by the function `called`, for what is neither a tensor nor an array or object
 */
export function mapTree<T extends Tree>(tree: T, replace: (leaf: Tensor) => Tensor, called?: string): T;
export function mapTree<T extends Tree, Leaf>(
  tree: T,
  replace: (leaf: Tensor) => Leaf,
  called?: string,
): Nested<T, Leaf>;
export function mapTree(tree: Tree, replace: (leaf: Tensor) => unknown, called = "mapTree"): unknown {
  const walk = (branch: Tree): unknown => {
    if (branch instanceof Tensor) return replace(branch);
    const branches = branchesOf(called, branch).map(([key, inner]) => [key, walk(inner)] as const);
    return Array.isArray(branch) ? branches.map(([, inner]) => inner) : Object.fromEntries(branches);
  };
  return walk(tree);
}

/** Every tensor of a tree, in order. Throws as `mapTree` does. */
export function leavesOf(tree: Tree, called = "leavesOf"): Tensor[] {
  return tree instanceof Tensor
    ? [tree]
    : branchesOf(called, tree).flatMap(([, branch]) => leavesOf(branch, called));
}

/**
 * Pairs each tensor of a tree with the tensor at the same path of another tree, which must have the same nesting, shapes and
 * types. Error messages start with `subject`, followed by a description of the other tree.
 *
 * Throws: ArgumentError, ShapeError or DTypeError if nesting, shapes or types differ
 */
export function pairLeaves(called: string, tree: Tree, other: Tree, subject = "got"): [Tensor, Tensor][] {
  if (tree instanceof Tensor && other instanceof Tensor) {
    if (!sameShape(tree.shape, other.shape)) {
      throw new ShapeError(
        called,
        `${subject} ${formatShape(other.shape)} for a tensor of ${formatShape(tree.shape)}`,
      );
    }
    if (tree.dtype !== other.dtype) {
      throw new DTypeError(
        called,
        `${subject} ${other.dtype} for a tensor of ${tree.dtype}`,
        "Cast it first",
      );
    }
    return [[tree, other]];
  }
  const branches = branchesOf(called, tree);
  const others = new Map(branchesOf(called, other));
  const pairs = branches.flatMap(([key, branch]) => {
    const counterpart = others.get(key);
    return counterpart === undefined ? [] : [[branch, counterpart] as const];
  });
  const alike = pairs.length === branches.length && branches.length === others.size;
  if (alike && !(tree instanceof Tensor) && !(other instanceof Tensor)) {
    return pairs.flatMap(([branch, counterpart]) => pairLeaves(called, branch, counterpart, subject));
  }
  throw new ArgumentError(
    called,
    `${subject} ${describe(other)} for ${describe(tree)}; expected the same nesting`,
  );
}

function branchesOf(called: string, tree: Tree): [string, Tree][] {
  if (tree instanceof Tensor) return [];
  if (Array.isArray(tree) || isPlainObject(tree))
    return Object.entries<Tree>(tree as Readonly<Record<string, Tree>>);
  throw new ArgumentError(
    called,
    `got ${writeValue(tree)}; expected a tensor, or an array or object of tensors`,
    hintFor(tree, "Make numbers a tensor first"),
  );
}

function describe(tree: Tree): string {
  if (tree instanceof Tensor) return "a tensor";
  const keys = Object.keys(tree);
  return Array.isArray(tree) ? `an array of ${keys.length}` : `an object of ${keys.join(", ")}`;
}
