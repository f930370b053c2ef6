import {
  ArgumentError,
  formatShape,
  fromData,
  sameShape,
  ShapeError,
  tensor,
  Tensor,
  type NestedArray,
  type TypedArray,
} from "@stargrad/tensor";
import { isPlainObject, toTensor, writeValue } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";

/** What becomes a row of a tensor. */
type Numeric = Tensor | ArrayBufferView | number | boolean | readonly NumericArray[];
type NumericArray = number | boolean | readonly NumericArray[];
/** What is kept as it is, in a list. */
type Kept =
  string | bigint | symbol | null | undefined | Date | readonly string[] | ((...values: never[]) => unknown);

/** The batch that `collate` makes of items of a type. */
export type Collated<Item> = [Item] extends [Numeric]
  ? Tensor
  : [Item] extends [Kept]
    ? Item[]
    : Item extends object
      ? { -readonly [Key in keyof Item]: Collated<Item[Key]> }
      : Item[];

/**
 * Makes a batch of single items. Tensors, typed arrays, numbers, booleans and nested arrays of numbers become the rows of a tensor; a record
 * becomes a record of batches, and a list of such parts a list of batches. Everything else, such as texts, is kept in a list.
 *
 * Numbers become float32, and typed arrays keep their type. Cast labels that are plain numbers: `y.cast("int32")`.
 *
 * Shapes: B items of [...] -> [B, ...]
 * Throws: ArgumentError for no items, or items of different kinds or fields; ShapeError or DTypeError for different shapes or element types
 * Source: torch.utils.data.default_collate
 */
export function collate<Item>(items: readonly Item[]): Collated<Item> {
  if (!Array.isArray(items) || items.length === 0) {
    throw new ArgumentError("collate", `got ${writeValue(items)}; expected a list of at least one item`);
  }
  return collateNamed<Item>(items, (i) => `item ${i}`);
}

/** `collate` with the names of the items for its errors. */
export function collateNamed<Item>(items: readonly Item[], nameOf: (i: number) => string): Collated<Item> {
  return new Collation(nameOf).join(items, "") as Collated<Item>;
}

type PartKind = "numbers" | "record" | "list" | "kept";

class Collation {
  readonly #nameOf: (i: number) => string;

  constructor(nameOf: (i: number) => string) {
    this.#nameOf = nameOf;
  }

  /** A batch of the parts of all items at one path: `.x`, `[0]`, or nothing for the whole items. */
  join(parts: readonly unknown[], path: string): unknown {
    // An empty list may be one of numbers or of texts, as the others are.
    const telling = parts.findIndex((part) => !isEmptyList(part));
    const kind = kindOf(parts[Math.max(0, telling)]);
    this.#expectAlike(parts, path, (part) => isEmptyList(part) || kindOf(part) === kind, writeValue);
    if (kind === "numbers") return this.#joinNumbers(parts, path);
    if (kind === "kept") return [...parts];
    if (kind === "list") {
      const lists = parts as readonly (readonly unknown[])[];
      this.#expectAlike(
        parts,
        path,
        (part) => (part as readonly unknown[]).length === lists[0].length,
        writeValue,
      );
      return lists[0].map((_, at) =>
        this.join(
          lists.map((list) => list[at]),
          `${path}[${at}]`,
        ),
      );
    }
    const records = parts as readonly Readonly<Record<string, unknown>>[];
    const namesOf = (record: unknown): string =>
      Object.keys(record as object)
        .sort()
        .join(", ");
    const names = namesOf(records[0]);
    this.#expectAlike(
      parts,
      path,
      (part) => namesOf(part) === names,
      (part) => `the fields ${namesOf(part) || "none"}`,
    );
    return Object.fromEntries(
      Object.keys(records[0]).map((name) => [
        name,
        this.join(
          records.map((record) => record[name]),
          `${path}.${name}`,
        ),
      ]),
    );
  }

  #joinNumbers(parts: readonly unknown[], path: string): Tensor {
    if (parts.every((part) => typeof part === "number" || typeof part === "boolean"))
      return tensor(parts as NestedArray);
    const rows = parts.map((part, i) => toTensor(`collate: ${this.#nameOf(i)}${path}`, part));
    const [first] = rows;
    const wrong = rows.findIndex((row) => !sameShape(row.shape, first.shape) || row.dtype !== first.dtype);
    if (wrong >= 0) {
      const written = (i: number): string =>
        `${this.#nameOf(i)}${path} of ${rows[i].dtype} ${formatShape(rows[i].shape)}`;
      throw new ShapeError(
        "collate",
        `got ${written(0)} and ${written(wrong)}; expected equal shapes and element types`,
        "Resize or crop images, and pass sequences of different lengths to padSequences, in a collate function of your own",
      );
    }
    const data = rows.map(valuesOf);
    const joined = new (data[0].constructor as new (length: number) => TypedArray)(rows.length * first.size);
    for (const [i, values] of data.entries()) joined.set(values, i * first.size);
    return fromData(joined, [rows.length, ...first.shape]);
  }

  #expectAlike(
    parts: readonly unknown[],
    path: string,
    isAlike: (part: unknown) => boolean,
    write: (part: unknown) => string,
  ): void {
    const wrong = parts.findIndex((part) => !isAlike(part));
    if (wrong < 0) return;
    const written = (i: number): string => `${write(parts[i])} in ${this.#nameOf(i)}${path}`;
    throw new ArgumentError(
      "collate",
      `got ${written(0)}, and ${written(wrong)}; expected items that are alike`,
    );
  }
}

function kindOf(part: unknown): PartKind {
  if (isNumeric(part)) return "numbers";
  if (isPlainObject(part)) return "record";
  const hasParts = Array.isArray(part) && part.some((each) => isPlainObject(each) || isBinary(each));
  return hasParts ? "list" : "kept";
}

function isNumeric(part: unknown): boolean {
  if (Array.isArray(part)) return isNumericArray(part);
  return typeof part === "number" || typeof part === "boolean" || isBinary(part);
}

function isEmptyList(part: unknown): boolean {
  return Array.isArray(part) && part.length === 0;
}

/** Of numbers; `collate` of tensors in a list goes part by part. */
function isNumericArray(part: readonly unknown[]): boolean {
  return part.every(
    (each) =>
      typeof each === "number" || typeof each === "boolean" || (Array.isArray(each) && isNumericArray(each)),
  );
}

function isBinary(part: unknown): boolean {
  return part instanceof Tensor || ArrayBuffer.isView(part);
}
