import type { Module } from "@stargrad/nn";
import { ArgumentError, leavesOf, tensor, Tensor, type Tree } from "@stargrad/tensor";
import { isPlainObject } from "@stargrad/tensor/internal";

/** A batch of a loader: inputs x and targets y. */
export interface Batch {
  readonly x: Tensor;
  readonly y: Tensor;
}

type Other = string | boolean | bigint | symbol | null | undefined | ArrayBufferView | Date;

/**
 * The tensors in a batch, in its nesting, with numbers converted to tensors. Fields that are neither, such as file names, are left out: a
 * recorded step would keep those of the batch that it was recorded with.
 */
export type BatchTensors<B> = B extends Tensor
  ? B
  : B extends number
    ? Tensor
    : B extends Other
      ? never
      : B extends readonly unknown[]
        ? { readonly [Key in keyof B]: BatchTensors<B[Key]> }
        : {
            readonly [Key in keyof B as BatchTensors<B[Key]> extends never ? never : Key]: BatchTensors<
              B[Key]
            >;
          };

/** How a batch goes through a model, and what its outputs are compared with. */
export interface Pass {
  /** The tensors of a batch. Throws: ArgumentError if it has none, or not those that the pass needs */
  readonly tensorsOf: (called: string, batch: unknown) => Tree;
  readonly forward: (tensors: Tree) => unknown;
  /** Calls a loss, or the function of a metric, with outputs and targets. */
  readonly compare: (f: (output: never, target: never) => unknown, output: unknown, tensors: Tree) => unknown;
}

/** `forward`: the function of the user. Without it, the model maps x to what is compared with y. */
export function passOf(model: Module, forward?: (model: never, batch: never) => unknown): Pass {
  if (forward !== undefined) {
    return {
      tensorsOf: anyTensors,
      forward: (tensors) => forward(model as never, tensors as never),
      compare: (f, output, tensors) => f(output as never, tensors as never),
    };
  }
  const layer = model as Module & { forward(x: Tensor): Tensor };
  return {
    tensorsOf: inputsAndTargets,
    forward: (tensors) => layer.forward((tensors as unknown as Batch).x),
    compare: (f, output, tensors) => f(output as never, (tensors as unknown as Batch).y as never),
  };
}

/** The number of items of a batch: the rows of its first tensor that has an axis. */
export function itemsIn(tensors: Tree): number {
  return leavesOf(tensors).find(({ ndim }) => ndim > 0)?.shape[0] ?? 1;
}

function inputsAndTargets(called: string, batch: unknown): Tree {
  const { x, y } = Object(batch) as Record<string, unknown>;
  if (x instanceof Tensor && y instanceof Tensor) return { x, y };
  const fields = typeof batch === "object" && batch !== null ? Object.keys(batch).join(", ") : "";
  throw new ArgumentError(
    called,
    `the loader yields a batch ${fields === "" ? "without fields" : `of ${fields}`}; expected the tensors x and y`,
    "Name the fields of the dataset x and y, as in arrays({ x, y }), or pass forward: (model, batch) => …",
  );
}

function anyTensors(called: string, batch: unknown): Tree {
  const tensors = tensorsWithin(batch);
  if (tensors !== undefined) return tensors;
  throw new ArgumentError(
    called,
    "the loader yields a batch without tensors; expected some, such as { x, y }",
  );
}

/** The tensors and numbers in a value, in its nesting; undefined if there are none. Arrays are taken as a whole or not at all. */
function tensorsWithin(value: unknown): Tree | undefined {
  if (value instanceof Tensor) return value;
  if (typeof value === "number") return tensor(value);
  if (Array.isArray(value)) {
    const trees = Array.from<unknown, Tree | undefined>(value, tensorsWithin);
    return trees.length === 0 || trees.includes(undefined) ? undefined : (trees as Tree[]);
  }
  if (!isPlainObject(value)) return undefined;
  const entries = Object.entries(value).flatMap(([name, field]) => {
    const tree = tensorsWithin(field);
    return tree === undefined ? [] : [[name, tree] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
