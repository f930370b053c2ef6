import { ArgumentError, fromData, ShapeError, type Tensor, type TypedArray } from "@stargrad/tensor";
import { expectValues, isRecord, tensorLike, toTensor, type Kind } from "@stargrad/tensor/internal";

import { expectIndices, type Dataset } from "./dataset.js";

/**
 * A dataset in memory, made of tensors or arrays with equally many items: `arrays({ x, y })`. The values are
 * copied.
 *
 * Shapes: each field [N, …]; its batches [B, …]
 * Throws: ShapeError if the numbers of items differ, or if a field is a scalar
 */
export function arrays<Name extends string>(
  fields: Readonly<Record<Name, Tensor | TypedArray>>,
): TensorDataset<Name> {
  return new TensorDataset(fields);
}

const fieldsKind: Kind = [
  "fields by name, such as { x, y }",
  (value) => isRecord(value) && !tensorLike[1](value),
];

/** The dataset that {@link arrays} returns. */
export class TensorDataset<Name extends string> implements Dataset<Record<Name, Tensor>> {
  readonly length: number;
  readonly #columns: readonly Column[];

  constructor(fields: Readonly<Record<Name, Tensor | TypedArray>>) {
    expectValues("arrays", { fields }, fieldsKind);
    const columns = Object.entries<unknown>(fields).map(([name, field]) => columnOf(name, field));
    if (columns.length === 0)
      throw new ArgumentError("arrays", "got no fields; expected some, as in { x, y }");
    this.length = columns[0].count;
    if (columns.some(({ count }) => count !== this.length)) {
      const counts = columns.map(({ name, count }) => `${name} has ${count}`).join(", ");
      throw new ShapeError("arrays", `expected fields with equally many items, but ${counts}`);
    }
    this.#columns = columns;
  }

  batch(indices: Int32Array): Record<Name, Tensor> {
    expectIndices(indices, this.length);
    const fields = this.#columns.map((column) => [column.name, gatherRows(column, indices)] as const);
    return Object.fromEntries(fields) as Record<Name, Tensor>;
  }

  /** All items in their order, as one batch. */
  all(): Record<Name, Tensor> {
    return this.batch(Int32Array.from({ length: this.length }, (_, index) => index));
  }

  /**
   * One field of all items, such as the labels: `data.field("y")`.
   *
   * Throws: ArgumentError if there is none of this name
   */
  field(name: Name): Tensor {
    const found = this.#columns.find((column) => column.name === name);
    if (found !== undefined) return fromData(found.data.slice(), [found.count, ...found.rowShape]);
    const names = this.#columns.map((column) => JSON.stringify(column.name)).join(", ");
    throw new ArgumentError("field", `got ${JSON.stringify(name)}; expected one of ${names}`);
  }
}

/** One field: `count` rows of `rowSize` elements. */
interface Column {
  readonly name: string;
  readonly data: TypedArray;
  readonly count: number;
  readonly rowShape: readonly number[];
  readonly rowSize: number;
}

function columnOf(name: string, field: unknown): Column {
  const source = toTensor(`arrays({ ${name} })`, field);
  if (source.ndim === 0) {
    throw new ShapeError("arrays", `${name} is a scalar; expected a first axis that counts the items`);
  }
  const [count, ...rowShape] = source.shape;
  const rowSize = rowShape.reduce((size, axis) => size * axis, 1);
  return { name, data: source.dataSync(), count, rowShape, rowSize };
}

function gatherRows({ data, rowShape, rowSize }: Column, indices: Int32Array): Tensor {
  const rows = new (data.constructor as new (length: number) => TypedArray)(indices.length * rowSize);
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i] * rowSize;
    rows.set(data.subarray(start, start + rowSize), i * rowSize);
  }
  return fromData(rows, [indices.length, ...rowShape]);
}
