import { decodeIdx, encodeIdx, type Dataset } from "@stargrad/datasets";
import { fromData, type Tensor } from "@stargrad/tensor";

// The examples of a training: pictures or rows of a table, each of one class.

export interface Data {
  /** What it is called: the names of its files, or of the sample. */
  readonly name: string;
  readonly what: "picture" | "row";
  /** Of one example: [channels, height, width] of a picture, [features] of a row. */
  readonly shape: readonly number[];
  /** The names of the features of a row. */
  readonly features: readonly string[];
  /** The columns that the features of a row were made of; of a table only. */
  readonly inputs?: readonly Input[];
  /** The examples one after the other: the bytes of pictures, or any numbers. */
  readonly values: Uint8Array | Float32Array;
  /** The class of each example. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** The first of the examples that the files hold out themselves; null if they do not. */
  readonly heldOutFrom: number | null;
  /** The columns of a table that could be predicted, and the one that is. */
  readonly targets?: readonly string[];
  readonly target?: string;
  /** What was done or left out when it was read, as sentences. */
  readonly notes: readonly string[];
}

/** A column of a table that a model predicts from. */
export interface Input {
  readonly name: string;
  /** Each is a feature, 1 for its own rows and 0 for others; null for a column of numbers, which is one feature. */
  readonly categories: readonly string[] | null;
}

export function sizeOf({ shape }: Pick<Data, "shape">): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Some examples of data, scaled for a model: bytes to [0, 1], and features to the mean 0 and the deviation 1 of the training examples. */
export class Examples implements Dataset<{ x: Tensor; y: Tensor }> {
  readonly indices: Int32Array;
  readonly #data: Data;
  readonly #scale: Scale;

  constructor(data: Data, indices: Int32Array, scale: Scale) {
    this.#data = data;
    this.indices = indices;
    this.#scale = scale;
  }

  get length(): number {
    return this.indices.length;
  }

  batch(positions: Int32Array): { x: Tensor; y: Tensor } {
    const { values, labels, shape } = this.#data;
    const size = this.#scale.shift.length;
    const x = new Float32Array(positions.length * size);
    for (const [row, position] of positions.entries()) {
      const start = this.indices[position] * size;
      for (let i = 0; i < size; i++) x[row * size + i] = scaled(values[start + i], this.#scale, i);
    }
    const y = positions.map((position) => labels[this.indices[position]]);
    return { x: fromData(x, [positions.length, ...shape]), y: fromData(y, [positions.length]) };
  }
}

/** What is subtracted from each value of an example, and what it is multiplied by then. */
export interface Scale {
  readonly shift: Float64Array;
  readonly factor: Float64Array;
}

/** The i-th value of an example, as a model gets it. */
export function scaled(value: number, { shift, factor }: Scale, i: number): number {
  return (value - shift[i]) * factor[i];
}

/** The scale of data, from its training examples alone, so that nothing is learned from those that are held out. */
export function scaleOf(data: Data, training: Int32Array): Scale {
  const size = sizeOf(data);
  const [shift, factor] = [new Float64Array(size), new Float64Array(size)];
  if (data.what === "picture")
    return { shift, factor: factor.fill(data.values instanceof Uint8Array ? 1 / 255 : 1) };
  for (let i = 0; i < size; i++) {
    const column = new Float64Array(training).map((index) => data.values[index * size + i]);
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
    shift[i] = mean;
    factor[i] = variance > 0 ? 1 / Math.sqrt(variance) : 1;
  }
  return { shift, factor };
}

/** The bytes of data, to be kept: a line of JSON and two IDX files. */
export function encodeData({ values, labels, ...description }: Data): Uint8Array {
  const header = new TextEncoder().encode(JSON.stringify(description));
  const parts = [values, labels].map((data) => encodeIdx({ shape: [data.length], data }));
  const bytes = new Uint8Array(8 + header.length + parts[0].length + parts[1].length);
  new Uint32Array(bytes.buffer, 0, 2).set([header.length, parts[0].length]);
  bytes.set(header, 8);
  bytes.set(parts[0], 8 + header.length);
  bytes.set(parts[1], 8 + header.length + parts[0].length);
  return bytes;
}

/** Throws: FormatError or SyntaxError for other bytes */
export function decodeData(bytes: Uint8Array): Data {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [headerEnd, valuesLength] = [8 + view.getUint32(0, true), view.getUint32(4, true)];
  const description = JSON.parse(new TextDecoder().decode(bytes.subarray(8, headerEnd))) as Omit<
    Data,
    "values" | "labels"
  >;
  const values = decodeIdx(bytes.subarray(headerEnd, headerEnd + valuesLength)).data as Data["values"];
  const labels = decodeIdx(bytes.subarray(headerEnd + valuesLength)).data as Int32Array;
  return { ...description, values, labels };
}
