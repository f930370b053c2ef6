import { sizeOf, type Node, type Operation } from "@stargrad/graph";
import { checkIndex } from "./checks.js";
import { canWalkTogether } from "./iteration.js";
import { contiguous, digit, type Layout } from "./layout.js";
import type { Lowering } from "./lowering.js";

/** The operations that are lowered to separate kernels. */
export type IndexingOperation = Operation & {
  readonly primitive: "gather" | "scatterAdd" | "cumsum" | "argsort" | "randomBits";
};

/** Lowers a primitive whose accesses depend on an index, or that does not compute element by element. Returns the result's buffer. */
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

/** Reads the index and x through their layouts without a copy, even if they repeat: an embedding has one index for a whole row. */
function lowerGather(
  node: Node,
  { inputs, attributes: { axis } }: Operation & { readonly primitive: "gather" },
  lowering: Lowering,
): number {
  const [x, index] = inputs;
  const { shape } = node;
  const usable = checkIndex("gather", index, x.shape[axis], lowering);
  if (usable !== null && sizeOf(x.shape) === 0) return filled(lowering.allocate(node), lowering);
  const operand = lowering.read(x);
  let source = operand.layout.axes[axis].length > 1 ? lowering.copied(x) : operand;
  let indices = usable ?? lowering.read(index);
  let along = alongIndex(source.layout, axis, shape[axis]);
  if (!canWalkTogether(shape, [indices.layout, along.layout, contiguous(shape)])) {
    source = lowering.copied(x);
    indices = usable ?? lowering.copied(index);
    along = alongIndex(source.layout, axis, shape[axis]);
  }
  const buffer = lowering.allocate(node);
  const { layout, step } = along;
  lowering.kernels.push({
    kind: "gather",
    shape,
    index: indices,
    x: { buffer: source.buffer, layout },
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
  let indices = usable ?? lowering.read(index);
  let addend = lowering.read(x);
  if (!canWalkTogether(shape, [indices.layout, addend.layout, layout])) {
    indices = usable ?? lowering.copied(index);
    addend = lowering.copied(x);
  }
  const target = { buffer, layout };
  lowering.kernels.push(
    { kind: "fill", buffer, value: 0 },
    { kind: "scatterAdd", shape, index: indices, x: addend, target, step, size },
  );
  return buffer;
}

/** Fills the result with 0. */
function filled(buffer: number, { kernels }: Lowering): number {
  kernels.push({ kind: "fill", buffer, value: 0 });
  return buffer;
}

/** The layout with stride 0 and the given length along the indexed axis, which must have at most one digit; and that axis's stride. */
function alongIndex(
  { offset, axes }: Layout,
  axis: number,
  length: number,
): { readonly layout: Layout; readonly step: number } {
  const repeated = axes.map((digits, i) => (i === axis ? digit(length, 0) : digits));
  return { layout: { offset, axes: repeated }, step: axes[axis].at(0)?.stride ?? 0 };
}
