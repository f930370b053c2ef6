import { buffersOf, type BufferSpec, type Kernel, type ProductKernel, type ScanKernel } from "./kernel.js";
import { reshape, type Layout } from "./layout.js";
import type { Target } from "./target.js";

type Panels = Target["products"]["panels"];

/**
 * Packs loop-invariant operands of a loop's products once before the loop, into contiguous panels of neighbouring columns, which is
 * the order in which the inner loop of a product reads them. Otherwise each product packs its operands again in every iteration,
 * which for few rows takes as long as the multiplication. Returns the kernels to run before the loop, and the changed loop.
 */
export function withArrangedConstants(
  scan: ScanKernel,
  buffers: BufferSpec[],
  { products: { panels } }: Target,
): { readonly before: readonly Kernel[]; readonly scan: ScanKernel } {
  const changing = new Set(scan.views.map(({ buffer }) => buffer));
  for (const kernel of scan.kernels) for (const buffer of buffersOf(kernel).writes) changing.add(buffer);
  const before: Kernel[] = [];
  const known = new Map<string, ProductKernel["b"]>();
  const kernels = scan.kernels.map((kernel) => {
    if (kernel.kind !== "product" || !isWorthIt(kernel, panels) || changing.has(kernel.b.buffer))
      return kernel;
    const key = JSON.stringify(kernel.b);
    const arranged = known.get(key) ?? arrange(kernel, panels.columns, buffers, before);
    if (arranged === null) return kernel;
    known.set(key, arranged);
    return { ...kernel, b: arranged };
  });
  return { before, scan: { ...scan, kernels } };
}

/** Whether packing before the loop saves time. With many rows, the multiplication takes much longer than packing. */
function isWorthIt({ dtype, m, n, b }: ProductKernel, { dtypes, columns, rows }: Panels): boolean {
  return dtypes.includes(dtype) && m <= rows && n % columns === 0 && b.batch.length === 0;
}

/** The operand b packed in panels; `null` if its columns cannot be divided into panels. */
function arrange(
  { dtype, n, k, b }: ProductKernel,
  panelWidth: number,
  buffers: BufferSpec[],
  before: Kernel[],
): ProductKernel["b"] | null {
  const shape = [k, n / panelWidth, panelWidth];
  const from = reshape({ offset: b.offset, axes: [b.rows, b.columns] }, shape);
  if (from === null) return null;
  const contents = "panels";
  const buffer = buffers.push({ contents, shape: [n / panelWidth, k, panelWidth], dtype, size: n * k }) - 1;
  const rows = k === 1 ? [] : [{ length: k, stride: panelWidth }];
  const panels = n === panelWidth ? [] : [{ length: n / panelWidth, stride: k * panelWidth }];
  const columns = [{ length: panelWidth, stride: 1 }];
  const layout: Layout = { offset: 0, axes: [rows, panels, columns] };
  const expression = { kind: "load", dtype, buffer: b.buffer, layout: from } as const;
  before.push({ kind: "map", shape, results: [{ expression, buffer, layout }] });
  return { buffer, offset: 0, batch: [], rows, columns: [...panels, ...columns], isPacked: true };
}
