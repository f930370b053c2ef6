import { dtypes } from "@stargrad/graph";
import {
  finite,
  flag,
  fraction,
  listOf,
  notNegative,
  number,
  oneOf,
  text,
  type Kind,
} from "@stargrad/graph/internal";

/** NaN too. */
const anyNumber: Kind = ["a number", (value) => typeof value === "number"];

const numbers: Kind = [
  "a number or a list of numbers",
  (value) => typeof value === "number" || list[1](value),
];

const list = /* @__PURE__ */ listOf(anyNumber);

/**
 * What the value of each option has to be, in every function of tensors that has an option of this name. Functions check further what
 * depends on their other arguments: an axis against the shape, `low` against `high`.
 */
export const optionKinds = {
  absoluteTolerance: notNegative,
  alpha: number,
  approximate: /* @__PURE__ */ oneOf("none", "tanh"),
  axis: numbers,
  called: text,
  correction: finite,
  descending: flag,
  dilation: numbers,
  dtype: /* @__PURE__ */ oneOf(...dtypes),
  endAxis: anyNumber,
  epsilon: number,
  equalNaN: flag,
  generator: [
    "a Generator",
    (value: unknown) => typeof value === "object" && value !== null && "permutation" in value,
  ],
  high: finite,
  hint: text,
  keepDims: flag,
  largest: flag,
  // A loop counts with 31 bits.
  length: [
    "a whole number from 0 to 2³¹ − 1",
    (value: unknown) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31,
  ],
  lengths: numbers,
  low: finite,
  max: number,
  mean: finite,
  min: number,
  negativeSlope: number,
  order: number,
  probability: fraction,
  problems: /* @__PURE__ */ listOf(text),
  relativeTolerance: notNegative,
  reverse: flag,
  shape: list,
  size: numbers,
  startAxis: anyNumber,
  std: notNegative,
  stride: numbers,
  value: anyNumber,
} as const satisfies Readonly<Record<string, Kind>>;

export type OptionName = keyof typeof optionKinds;
