import { decodeUtf8, FormatError, readFileBytes } from "@stargrad/io";
import { ArgumentError, fromData, type Tensor } from "@stargrad/tensor";
import { belowOne, count, expectOptions, hintFor, writeValue } from "@stargrad/tensor/internal";

import { expectIndices, type Dataset } from "./dataset.js";

/**
 * Reads a text in UTF-8 from a file, or from a pipe such as /dev/stdin. A byte order mark is dropped.
 *
 * Throws: FormatError if the file is not UTF-8, or longer than a string can be; StargradError if it cannot be read
 */
export async function readText(path: string): Promise<string> {
  const called = `readText(${path})`;
  const bytes = await readFileBytes(path, called, { fromPipe: longestString });
  try {
    const text = decodeUtf8(bytes);
    // Without the check, wrong bytes would become replacement characters, and a model would learn them.
    if (text === null)
      throw new FormatError(called, "is not UTF-8", "Is it a text? Convert it to UTF-8 first");
    return text;
  } catch (cause) {
    if (bytes.length > longestString) {
      const problem = `has ${bytes.length} bytes; a string has at most ${longestString} characters`;
      throw new FormatError(called, problem, "Divide the text into parts", { cause });
    }
    throw cause;
  }
}

/** The maximum length of a string in V8, which is that of Node and most browsers. */
const longestString = 2 ** 29 - 24;

export interface SplitTokensOptions {
  /** The fraction that is held out, at least 0 and less than 1. Default: 0.1. */
  readonly validation?: number;
  /** The maximum number of tokens to hold out; it limits the time of a validation. Default: 2¹⁷. */
  readonly atMost?: number;
}

/**
 * Divides a text into its beginning, for training, and its end, for validation. Passages chosen at random would not test
 * generalization: they would continue passages that the model has memorized.
 *
 * Shapes: tokens [N] -> training and validation, together [N]; both are views of the tokens
 * Defaults: validation 0.1, at most 2¹⁷ tokens
 * Throws: ArgumentError if `validation` is not a fraction, or `atMost` below 0
 */
export function splitTokens(
  tokens: Int32Array,
  options: SplitTokensOptions = {},
): { readonly training: Int32Array; readonly validation: Int32Array } {
  expectTokens("splitTokens", tokens);
  expectOptions<SplitTokensOptions>("splitTokens", options, {
    validation: belowOne,
    atMost: ["a number of at least 0", (value) => typeof value === "number" && value >= 0],
  });
  const { validation = 0.1, atMost = 2 ** 17 } = options;
  const start = tokens.length - Math.floor(Math.min(validation * tokens.length, atMost));
  return { training: tokens.subarray(0, start), validation: tokens.subarray(start) };
}

/** Throws: ArgumentError unless the value is a typed array of whole numbers of at most 32 bits */
function expectTokens(called: string, tokens: unknown): void {
  if (/^\[object U?[iI]nt(8|16|32)(Clamped)?Array]$/.test(Object.prototype.toString.call(tokens))) return;
  throw new ArgumentError(
    called,
    `got ${typeof tokens === "string" ? "a text" : writeValue(tokens)}; expected tokens, an Int32Array`,
    hintFor(tokens, "Convert a text with new Vocabulary(text).encode(text)"),
  );
}

export interface TextWindowsOptions {
  /** The number of tokens in a window. */
  readonly length: number;
  /** The distance between the starts of windows: 1 for all windows, `length` for windows without overlap. Default: 1. */
  readonly stride?: number;
}

/**
 * Passages of a text for next-token prediction: window i begins at token i · stride; the target of each token is the next
 * token.
 *
 * Shapes: tokens [N] -> ⌊(N − 1 − length) / stride⌋ + 1 items; batches x [B, length], y [B, length], both int32
 * Defaults: stride 1
 * Throws: ArgumentError unless there are at least length + 1 tokens, and both options are whole numbers of at least 1
 */
export function textWindows(
  tokens: Int32Array,
  options: TextWindowsOptions,
): Dataset<{ x: Tensor; y: Tensor }> {
  expectTokens("textWindows", tokens);
  expectOptions<TextWindowsOptions>("textWindows", options, { length: count, stride: count }, ["length"]);
  const { length, stride = 1 } = options;
  if (tokens.length <= length) {
    throw new ArgumentError(
      "textWindows",
      `got ${tokens.length} tokens; expected at least ${length + 1}, a window of ${length} and the token after it`,
    );
  }
  const windows = Math.floor((tokens.length - 1 - length) / stride) + 1;
  const gather = (indices: Int32Array, offset: number): Tensor => {
    const rows = new Int32Array(indices.length * length);
    for (const [row, index] of indices.entries()) {
      const start = index * stride + offset;
      rows.set(tokens.subarray(start, start + length), row * length);
    }
    return fromData(rows, [indices.length, length]);
  };
  return {
    length: windows,
    batch(indices) {
      expectIndices(indices, windows);
      return { x: gather(indices, 0), y: gather(indices, 1) };
    },
  };
}
