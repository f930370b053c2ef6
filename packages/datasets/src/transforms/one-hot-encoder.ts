import { ArgumentError, formatShape, fromData, Tensor } from "@stargrad/tensor";
import { expectList, writeValue } from "@stargrad/tensor/internal";

import type { Labels } from "../labels.js";
import { valuesOf } from "../values-of.js";

/** Plain texts or numbers, which JSON holds. */
export interface OneHotEncoderState {
  readonly categories: readonly (string | number)[];
}

/**
 * Converts categories to vectors with a 1 for the category and 0 for the others. It is made of the labels of the training part; their
 * categories are sorted, and are saved with a model: `new OneHotEncoder(state.categories)` encodes in the same way.
 *
 * Throws: ArgumentError for no labels, and labels that are neither all texts nor all finite numbers
 * Source: sklearn.preprocessing.OneHotEncoder
 */
export class OneHotEncoder {
  /** In the order of the columns. */
  readonly categories: readonly (string | number)[];
  readonly #columns: ReadonlyMap<string | number, number>;

  constructor(labels: Labels) {
    const known = [...new Set(listOf("OneHotEncoder", labels))];
    const isText = typeof known[0] === "string";
    const wrong = known.find((label) => (isText ? typeof label !== "string" : !Number.isFinite(label)));
    if (known.length === 0 || wrong !== undefined) {
      throw new ArgumentError(
        "OneHotEncoder",
        known.length === 0
          ? "got no labels; expected at least one"
          : `got the labels ${writeValue(known[0])} and ${writeValue(wrong)}; expected all texts, or all finite numbers`,
      );
    }
    this.categories = known.sort((a, b) => (a < b ? -1 : 1));
    this.#columns = new Map(this.categories.map((category, column) => [category, column]));
  }

  /**
   * Shapes: B labels -> [B, categories] float32
   *
   * Throws: ArgumentError for a label that the encoder was not made of
   */
  encode(labels: Labels): Tensor {
    const list = listOf("OneHotEncoder.encode", labels);
    const values = new Float32Array(list.length * this.categories.length);
    for (const [row, label] of list.entries()) {
      const column = this.#columns.get(label);
      if (column === undefined) {
        throw new ArgumentError(
          "OneHotEncoder.encode",
          `got ${writeValue(label)} as label ${row}; expected one of ${writeValue([...this.categories])}`,
          "Make the encoder of all categories that may occur",
        );
      }
      values[row * this.categories.length + column] = 1;
    }
    return fromData(values, [list.length, this.categories.length]);
  }

  /** The category with the greatest value of each row, such as of predicted probabilities. Shapes: [B, categories] -> B labels */
  decode(rows: Tensor): (string | number)[] {
    const { length } = this.categories;
    if (rows.ndim !== 2 || rows.shape[1] !== length) {
      throw new ArgumentError(
        "OneHotEncoder.decode",
        `got ${formatShape(rows.shape)}; expected [B, ${length}]`,
      );
    }
    const values = valuesOf(rows);
    return Array.from({ length: rows.shape[0] }, (_, row) => {
      const own = [...values.subarray(row * length, (row + 1) * length)];
      return this.categories[own.indexOf(Math.max(...own))];
    });
  }

  state(): OneHotEncoderState {
    return { categories: [...this.categories] };
  }
}

function listOf(called: string, labels: Labels): (string | number)[] {
  if (labels instanceof Tensor) return [...valuesOf(labels)];
  return expectList(called, labels, "labels") as (string | number)[];
}
