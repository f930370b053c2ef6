import {
  ArgumentError,
  formatShape,
  fromData,
  sameShape,
  ShapeError,
  type NestedArray,
  type Tensor,
  type TypedArray,
} from "@stargrad/tensor";
import { count, expectList, expectOptions, finite, toTensor } from "@stargrad/tensor/internal";

import { valuesOf } from "../values-of.js";

export interface PadSequencesOptions {
  /** What fills the ends of the shorter sequences. Default: 0. */
  readonly value?: number;
  /** The length of all sequences, at least that of the longest one. Default: that of the longest one. */
  readonly length?: number;
}

/**
 * Puts sequences of different lengths into one tensor, with `value` after the shorter ones, and their lengths.
 *
 * Shapes: B sequences [Lᵢ, ...] -> values [B, max Lᵢ, ...], lengths [B] int32
 * Defaults: value 0, the length of the longest sequence
 * Throws: ArgumentError for no sequences, a longer one than `length`, or a value that the element type cannot hold; ShapeError for a scalar, and for sequences
 * that differ in more than their lengths
 * Source: torch.nn.utils.rnn.pad_sequence with batch_first=True
 */
export function padSequences(
  sequences: Iterable<Tensor | ArrayBufferView | readonly NestedArray[]>,
  options: PadSequencesOptions = {},
): { readonly values: Tensor; readonly lengths: Tensor } {
  const list = expectList("padSequences", sequences, "sequences").map((each) =>
    toTensor("padSequences", each),
  );
  expectOptions<PadSequencesOptions>("padSequences", options, { value: finite, length: count });
  if (list.length === 0) throw new ArgumentError("padSequences", "got no sequences; expected at least one");
  const [first] = list;
  const itemShape = first.shape.slice(1);
  const wrong = list.findIndex(
    ({ shape, dtype }) =>
      shape.length === 0 || !sameShape(shape.slice(1), itemShape) || dtype !== first.dtype,
  );
  if (wrong >= 0) {
    const written = ({ dtype, shape }: Tensor): string => `${dtype} ${formatShape(shape)}`;
    throw new ShapeError(
      "padSequences",
      `got ${written(first)} and, as sequence ${wrong}, ${written(list[wrong])}; expected [length, ...], alike but for the length`,
    );
  }
  const lengths = Int32Array.from(list, ({ shape }) => shape[0]);
  const longest = lengths.reduce((most, each) => Math.max(most, each), 0);
  const { value = 0, length = longest } = options;
  if (length < longest) {
    throw new ArgumentError(
      "padSequences",
      `got a sequence of ${longest} for a length of ${length}`,
      "Cut it with slice first",
    );
  }
  const itemSize = itemShape.reduce((size, axis) => size * axis, 1);
  const rows = list.map(valuesOf);
  const values = filled(rows[0], list.length * length * itemSize, value);
  for (const [i, row] of rows.entries()) values.set(row, i * length * itemSize);
  return {
    values: fromData(values, [list.length, length, ...itemShape]),
    lengths: fromData(lengths, [list.length]),
  };
}

function filled(like: TypedArray, size: number, value: number): TypedArray {
  const values = new (like.constructor as new (length: number) => TypedArray)(size).fill(value);
  const fits =
    like instanceof Uint8Array
      ? value === 0 || value === 1
      : like instanceof Int32Array
        ? value === (value | 0)
        : true;
  if (fits) return values;
  throw new ArgumentError(
    "padSequences",
    `got value ${value}, which the element type of the sequences cannot hold`,
  );
}
