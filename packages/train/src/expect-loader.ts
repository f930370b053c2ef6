import { ArgumentError } from "@stargrad/tensor";
import { hintFor, writeValue } from "@stargrad/tensor/internal";

/** Checks a loader at run time. Throws: ArgumentError unless it is a DataLoader */
export function expectLoader(called: string, loader: unknown): void {
  const { batch, batches, state } = Object(loader) as Readonly<Record<string, unknown>>;
  if (typeof batches === "function" && typeof state === "function") return;
  const isDataset = typeof batch === "function";
  throw new ArgumentError(
    called,
    `got ${isDataset ? "a dataset" : writeValue(loader)} as its loader; expected a DataLoader`,
    isDataset
      ? "Wrap it: new DataLoader(dataset, { batchSize: 32, shuffle: true })"
      : hintFor(loader, "Make one with new DataLoader(arrays({ x, y }), { batchSize: 32, shuffle: true })"),
  );
}
