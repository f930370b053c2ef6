import { sizeOf, type Node, type Operation } from "@stargrad/graph";
import { checkIndex } from "./checks.js";
import { canWalkTogether } from "./iteration.js";
import { contiguous, digit, type Layout } from "./layout.js";
import type { Lowering } from "./lowering.js";

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

/** The index and x are read as they lie, also if they are repeated: an embedding's index is one number for a whole row. */
function lowerGather(
  node: Node,
  { inputs, attributes: { axis } }: Operation & { readonly primitive: "gather" },
  lowering: Lowering,
): number {
  const [x, index] = inputs;
  const { shape } = node;
  const usable = checkIndex("gather", index, x.shape[axis], lowering);
  if (usable !== null && sizeOf(x.shape) === 0) return filled(lowering.allocate(node), lowering);
  const seen = lowering.read(x);
  let from = seen.layout.axes[axis].length > 1 ? lowering.copied(x) : seen;
  let place = usable ?? lowering.read(index);
  let along = alongIndex(from.layout, axis, shape[axis]);
  if (!canWalkTogether(shape, [place.layout, along.layout, contiguous(shape)])) {
    from = lowering.copied(x);
    place = usable ?? lowering.copied(index);
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
  if (sizeOf(shape) === 0) return filled(lowering.allocate(node), lowering);
  const usable = checkIndex("scatterAdd", index, size, lowering);
  const buffer = lowering.allocate(node);
  const { layout, step } = alongIndex(contiguous(node.shape), axis, shape[axis]);
  let place = usable ?? lowering.read(index);
  let addend = lowering.read(x);
  if (!canWalkTogether(shape, [place.layout, addend.layout, layout])) {
    place = usable ?? lowering.copied(index);
    addend = lowering.copied(x);
  }
  const target = { buffer, layout };
  lowering.kernels.push(
    { kind: "fill", buffer, value: 0 },
    { kind: "scatterAdd", shape, index: place, x: addend, target, step, size },
  );
  return buffer;
}

/** A result that is 0 everywhere. */
function filled(buffer: number, { kernels }: Lowering): number {
  kernels.push({ kind: "fill", buffer, value: 0 });
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
