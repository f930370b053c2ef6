import { sizeOf, type Node, type Operation } from "@stargrad/graph";
import { canWalkTogether } from "./iteration.js";
import type { CheckKernel, Kernel, Operand } from "./kernel.js";
import { contiguous, digit, layoutKey, type Layout } from "./layout.js";

/** What a primitive needs to become kernels. */
export interface Lowering {
  /** The kernels so far, to which more are added. */
  readonly kernels: Kernel[];
  /** What is checked by one of them: see `check`. */
  readonly checked: Set<string>;
  /** Where the elements of a node stand, seen through its movements; they are computed now if they were not yet. */
  readonly read: (node: Node) => Operand;
  /** The same in a buffer of its own, row-major. */
  readonly copied: (node: Node) => Operand;
  /** A new buffer for the elements of a node. */
  readonly allocate: (node: Node) => number;
}

/** The operations that become kernels of their own. */
export type IndexingOperation = Operation & {
  readonly primitive: "gather" | "scatterAdd" | "cumsum" | "argsort" | "randomBits";
};

/** Lowers a primitive that works by the numbers of an index, or in another order than its elements'. Returns the result's buffer. */
export function lowerIndexing(node: Node, operation: IndexingOperation, lowering: Lowering): number {
  const { kernels, read, allocate } = lowering;
  const { shape } = node;
  switch (operation.primitive) {
    case "gather":
      return lowerGather(node, operation, lowering);
    case "scatterAdd":
      return lowerScatterAdd(node, operation, lowering);
    case "cumsum": {
      const x = read(operation.inputs[0]);
      const buffer = allocate(node);
      kernels.push({ kind: "cumsum", shape, ...operation.attributes, x, buffer });
      return buffer;
    }
    case "argsort": {
      const x = read(operation.inputs[0]);
      const buffer = allocate(node);
      kernels.push({ kind: "argsort", shape, ...operation.attributes, x, buffer });
      return buffer;
    }
    case "randomBits": {
      const state = lowering.copied(operation.inputs[0]).buffer;
      const buffer = allocate(node);
      kernels.push({ kind: "randomBits", shape, state, buffer });
      return buffer;
    }
  }
}

/** Ends the program where the reference engine would throw: int32 has no remainder by 0, and no power below 0. */
export function checkIntegers(
  node: Node,
  { primitive, inputs }: Operation & { readonly primitive: "mod" | "pow" },
  lowering: Lowering,
): void {
  if (node.dtype !== "int32") return;
  const faulty = primitive === "mod" ? { from: 0, to: 0 } : { from: -(2 ** 31), to: -1 };
  check(primitive, inputs[1], faulty, lowering);
}

/** The index and x are read as they lie, also if they are repeated: an embedding's index is one number for a whole row. */
function lowerGather(
  node: Node,
  { inputs, attributes: { axis } }: Operation & { readonly primitive: "gather" },
  lowering: Lowering,
): number {
  const [x, index] = inputs;
  const { shape } = node;
  checkIndex("gather", index, x.shape[axis], lowering);
  const seen = lowering.read(x);
  let from = seen.layout.axes[axis].length > 1 ? lowering.copied(x) : seen;
  let place = lowering.read(index);
  let along = alongIndex(from.layout, axis, shape[axis]);
  if (!canWalkTogether(shape, [place.layout, along.layout, contiguous(shape)])) {
    from = lowering.copied(x);
    place = lowering.copied(index);
    along = alongIndex(from.layout, axis, shape[axis]);
  }
  const buffer = lowering.allocate(node);
  const { layout, step } = along;
  lowering.kernels.push({
    kind: "gather",
    shape,
    index: place,
    x: { buffer: from.buffer, layout },
    step,
    buffer,
  });
  return buffer;
}

function lowerScatterAdd(
  node: Node,
  { inputs, attributes: { axis, size } }: Operation & { readonly primitive: "scatterAdd" },
  lowering: Lowering,
): number {
  const [index, x] = inputs;
  const { shape } = x;
  const isEmpty = sizeOf(shape) === 0;
  if (!isEmpty) checkIndex("scatterAdd", index, size, lowering);
  const buffer = lowering.allocate(node);
  if (isEmpty) {
    lowering.kernels.push({ kind: "fill", buffer, value: 0 });
    return buffer;
  }
  const { layout, step } = alongIndex(contiguous(node.shape), axis, shape[axis]);
  let [place, addend] = [index, x].map(lowering.read);
  if (!canWalkTogether(shape, [place.layout, addend.layout, layout])) {
    [place, addend] = [index, x].map(lowering.copied);
  }
  const target = { buffer, layout };
  lowering.kernels.push(
    { kind: "fill", buffer, value: 0 },
    { kind: "scatterAdd", shape, index: place, x: addend, target, step, size },
  );
  return buffer;
}

/** A layout whose indexed axis, of one digit, stands still for so many elements; and how far apart that axis' elements are. */
function alongIndex(
  { offset, axes }: Layout,
  axis: number,
  length: number,
): { readonly layout: Layout; readonly step: number } {
  const still = axes.map((digits, i) => (i === axis ? digit(length, 0) : digits));
  return { layout: { offset, axes: still }, step: axes[axis].at(0)?.stride ?? 0 };
}

/** Ends the program if an index is not from 0 up to, and without, the size. */
export function checkIndex(
  primitive: "gather" | "scatterAdd",
  index: Node,
  size: number,
  lowering: Lowering,
): void {
  check(primitive, index, outside(size), lowering);
}

/** All numbers but those from 0 up to, and without, the size. */
function outside(size: number): CheckKernel["faulty"] {
  return { from: size, to: -1 };
}

/** Checks an operand, unless that has been done: a gather's gradient scatters by the same index. */
function check(
  primitive: CheckKernel["primitive"],
  node: Node,
  faulty: CheckKernel["faulty"],
  { kernels, checked, read }: Lowering,
): void {
  const operand = read(node);
  const key = `${operand.buffer} ${layoutKey(operand.layout)} ${faulty.from} ${faulty.to}`;
  if (checked.has(key)) return;
  checked.add(key);
  kernels.push({ kind: "check", primitive, shape: node.shape, operand, faulty });
}
