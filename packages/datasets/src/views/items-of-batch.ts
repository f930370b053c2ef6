import {
  ArgumentError,
  formatShape,
  fromData,
  sameShape,
  ShapeError,
  Tensor,
  type TypedArray,
} from "@stargrad/tensor";
import { isPlainObject, writeValue } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";

/** A row of a tensor, or a number of a typed array, which has no shape. */
class Row {
  constructor(
    readonly data: TypedArray,
    readonly shape: readonly number[] | null,
  ) {}
}

/**
 * Takes a batch of `count` items apart. A tensor and a typed array have a row for each item, a list has an element for each, and a record
 * has fields that have them.
 *
 * Throws: ArgumentError for a part of the batch with another number of items, or of another kind
 */
export function itemsOfBatch(called: string, batch: unknown, count: number): unknown[] {
  const hasTensor = Array.isArray(batch) && batch.some((each) => each instanceof Tensor);
  if (Array.isArray(batch) && !hasTensor) {
    expectCount(called, batch.length, count);
    return batch as unknown[];
  }
  if (batch instanceof Tensor) {
    const tensor = batch as Tensor;
    return rowsOf(called, valuesOf(tensor), tensor.shape, count);
  }
  if (ArrayBuffer.isView(batch)) return rowsOf(called, batch as TypedArray, null, count);
  if (isPlainObject(batch)) {
    const fields = Object.entries(batch).map(
      ([name, field]) => [name, itemsOfBatch(called, field, count)] as const,
    );
    return Array.from({ length: count }, (_, i) =>
      Object.fromEntries(fields.map(([name, items]) => [name, items[i]])),
    );
  }
  throw new ArgumentError(
    called,
    `got a batch that is ${hasTensor ? "a list of tensors" : writeValue(batch)}; expected a tensor, a list of values, or a record of them`,
    "Name the parts of a batch, as in { x, y }",
  );
}

function rowsOf(called: string, data: TypedArray, shape: readonly number[] | null, count: number): Row[] {
  const [rows, ...rowShape] = shape ?? [data.length];
  expectCount(called, rows, count);
  const size = rowShape.reduce((product, axis) => product * axis, 1);
  return Array.from(
    { length: count },
    (_, i) => new Row(data.slice(i * size, (i + 1) * size), shape === null ? null : rowShape),
  );
}

function expectCount(called: string, got: number | undefined, count: number): void {
  if (got === count) return;
  throw new ArgumentError(
    called,
    `got a batch with ${got ?? "no"} rows for ${count} items; expected a row for each`,
  );
}

/**
 * Puts items together that `itemsOfBatch` has taken out of batches; there is at least one.
 *
 * Throws: ShapeError or ArgumentError for items that differ in shape, element type or fields
 */
export function batchOfItems(called: string, items: readonly unknown[]): unknown {
  const [first] = items;
  if (first instanceof Row) return joinRows(called, items, first);
  if (!isPlainObject(first)) return [...items];
  const names = Object.keys(first);
  const isOther = (item: unknown): boolean => String(namesIn(item)) !== String(names);
  if (items.some(isOther)) {
    const got = namesIn(items.find(isOther)).join(", ") || "none";
    throw new ArgumentError(
      called,
      `got items with the fields ${names.join(", ")} and ${got}; expected equal fields`,
    );
  }
  const records = items as readonly Readonly<Record<string, unknown>>[];
  return Object.fromEntries(
    names.map((name) => [
      name,
      batchOfItems(
        called,
        records.map((record) => record[name]),
      ),
    ]),
  );
}

function namesIn(item: unknown): string[] {
  return isPlainObject(item) ? Object.keys(item) : [];
}

function joinRows(called: string, items: readonly unknown[], first: Row): Tensor | TypedArray {
  const { data, shape } = first;
  const joined = new (data.constructor as new (length: number) => TypedArray)(items.length * data.length);
  for (const [i, item] of items.entries()) {
    expectAlike(called, first, item);
    joined.set(item.data, i * data.length);
  }
  return shape === null ? joined : fromData(joined, [items.length, ...shape]);
}

function expectAlike(called: string, first: Row, item: unknown): asserts item is Row {
  const isAlike =
    item instanceof Row &&
    item.data.constructor === first.data.constructor &&
    sameShape(item.shape ?? [], first.shape ?? []);
  if (isAlike) return;
  const written = (row: unknown): string =>
    row instanceof Row
      ? `${row.data.constructor.name} of shape ${formatShape(row.shape ?? [])}`
      : writeValue(row);
  throw new ShapeError(
    called,
    `got items that are ${written(first)} and ${written(item)}; expected equal ones`,
  );
}
