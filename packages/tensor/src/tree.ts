import { ArgumentError, DTypeError, formatShape, sameShape, ShapeError } from "@stargrad/graph";
import { Tensor } from "./tensor.js";

/** Tensors in nested arrays and plain objects: what loops carry, and what functions that differentiate take and return. */
export type Tree = Tensor | readonly Tree[] | { readonly [key: string]: Tree };

/** The nesting of T with another type in the place of each tensor. */
export type Nested<T extends Tree, Leaf> = T extends Tensor
  ? Leaf
  : { [Key in keyof T]: T[Key] extends Tree ? Nested<T[Key], Leaf> : never };

/** The same nesting with every tensor replaced. */
export function mapTree<T extends Tree>(tree: T, replace: (leaf: Tensor) => Tensor): T;
export function mapTree<T extends Tree, Leaf>(tree: T, replace: (leaf: Tensor) => Leaf): Nested<T, Leaf>;
export function mapTree(tree: Tree, replace: (leaf: Tensor) => unknown): unknown {
  const walk = (branch: Tree): unknown => {
    if (branch instanceof Tensor) return replace(branch);
    const branches = branchesOf(branch).map(([key, inner]) => [key, walk(inner)] as const);
    return Array.isArray(branch) ? branches.map(([, inner]) => inner) : Object.fromEntries(branches);
  };
  return walk(tree);
}

/** Every tensor of a tree, in order. */
export function leavesOf(tree: Tree): Tensor[] {
  return tree instanceof Tensor ? [tree] : branchesOf(tree).flatMap(([, branch]) => leavesOf(branch));
}

/**
 * Each tensor of a tree beside the one at the same place of another tree, which is to be nested like the first and to
 * have its shapes and types. `subject` is what the error says before the other.
 *
 * Throws: ArgumentError, ShapeError or DTypeError if it is not
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
  const branches = branchesOf(tree);
  const others = new Map(branchesOf(other));
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

function branchesOf(tree: Tree): [string, Tree][] {
  return tree instanceof Tensor ? [] : Object.entries(tree);
}

function describe(tree: Tree): string {
  if (tree instanceof Tensor) return "a tensor";
  const keys = Object.keys(tree);
  return Array.isArray(tree) ? `an array of ${keys.length}` : `an object of ${keys.join(", ")}`;
}
