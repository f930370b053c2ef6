import {
  buffersOf,
  leafKey,
  leavesOf,
  subexpressionsOf,
  type BufferSpec,
  type Kernel,
  type LoopKernel,
  type ProductKernel,
  type RowsKernel,
} from "../kernel.js";
import { expectElements, type Target } from "../target.js";

/** Throws if a kernel exceeds the limits or uses features that the target does not declare. */
export function expectPromised(kernel: Kernel, buffers: readonly BufferSpec[], target: Target): void {
  if (kernel.kind === "scan") return;
  const { reads, writes } = buffersOf(kernel);
  const touched = new Set([...reads, ...writes]);
  if (kernel.kind !== "copy") expectAtMost(touched.size, target.kernel.buffers, "buffers", kernel);
  for (const buffer of touched) expectElements(target, buffers[buffer].dtype, kernel.kind);
  if (kernel.kind === "map" || kernel.kind === "reduce") expectLoop(kernel, target);
  if (kernel.kind === "rows") expectRows(kernel, buffers, target);
  if (kernel.kind === "product") expectProduct(kernel, target);
}

function expectLoop(loop: LoopKernel, target: Target): void {
  const expressions = expressionsOf(loop);
  const operands = new Set(leavesOf(expressions).map(leafKey));
  expectAtMost(operands.size, target.kernel.operands, "operands", loop);
  expectAtMost(subexpressionsOf(expressions).length, target.kernel.parts, "parts", loop);
  for (const { dtype } of subexpressionsOf(expressions)) expectElements(target, dtype, loop.kind);
}

function expectRows(kernel: RowsKernel, buffers: readonly BufferSpec[], target: Target): void {
  const { rowBlocks } = target;
  for (const loop of kernel.loops) expectLoop(loop, target);
  const parts = kernel.loops.reduce((sum, loop) => sum + subexpressionsOf(expressionsOf(loop)).length, 0);
  const bytes = kernel.locals.reduce((sum, local) => {
    const { size, dtype } = buffers[local];
    return sum + size * target.elementBytes(dtype);
  }, 0);
  expectAtMost(kernel.loops.length, rowBlocks.loops, "loops", kernel);
  expectAtMost(parts, rowBlocks.parts, "parts", kernel);
  expectAtMost(bytes, rowBlocks.mostBlockBytes, "bytes of local buffers", kernel);
}

function expectProduct(
  { dtype, b, epilogue, ...kernel }: ProductKernel,
  { products, ...target }: Target,
): void {
  const expressions = epilogue.map(({ expression }) => expression);
  const operands = leavesOf(expressions).filter(
    (leaf) => leaf.kind === "index" || leaf.buffer !== kernel.c.buffer,
  );
  expectAtMost(new Set(operands.map(leafKey)).size, products.epilogueOperands, "operands", kernel);
  expectAtMost(subexpressionsOf(expressions).length, target.kernel.parts, "parts", kernel);
  const [width, panels] = [b.columns.at(-1)?.length, products.panels];
  if (b.isPacked === true && !(width === panels.columns && panels.dtypes.includes(dtype))) {
    throw new Error(
      `a product reads packed panels of ${String(width)} ${dtype}; the target declares ${panels.columns} ${panels.dtypes.join(", ")}`,
    );
  }
}

function expressionsOf(loop: LoopKernel) {
  return loop.kind === "map" ? loop.results.map(({ expression }) => expression) : [loop.expression];
}

function expectAtMost(count: number, most: number, what: string, { kind }: Pick<Kernel, "kind">): void {
  if (count > most) throw new Error(`a ${kind} kernel has ${count} ${what}; the target allows ${most}`);
}
