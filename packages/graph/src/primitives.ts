import { matmul } from "./primitives/contraction.js";
import { check } from "./primitives/check.js";
import * as elementwise from "./primitives/elementwise.js";
import { argsort, gather, iota, scatterAdd } from "./primitives/indexing.js";
import {
  concat,
  expand,
  flip,
  overlapAdd,
  pad,
  permute,
  reshape,
  slice,
  windows,
} from "./primitives/movement.js";
import { randomBits } from "./primitives/random.js";
import { cumsum, max, prod, sum } from "./primitives/reduction.js";
import { scan, scanOutput } from "./primitives/scan.js";
import type { Elementwise } from "./primitives/elementwise.js";
import type { Primitive, Signature } from "./primitive.js";

/** The table of primitives. Everything else that Stargrad computes is composed of these. */
export const primitives = {
  ...elementwise,
  sum,
  prod,
  max,
  cumsum,
  matmul,
  reshape,
  permute,
  expand,
  slice,
  flip,
  pad,
  concat,
  windows,
  overlapAdd,
  iota,
  gather,
  scatterAdd,
  argsort,
  check,
  randomBits,
  scan,
  scanOutput,
};

export type PrimitiveName = keyof typeof primitives;

/** The attributes of the primitive with this name, as its row knows them. */
export type RowAttributes<P extends PrimitiveName> =
  (typeof primitives)[P] extends Signature<infer Attributes> ? Attributes : never;

/** Names of the primitives that have plain semantics of their own: all but those of a loop, which has a body instead. */
export type PlainName = {
  [P in PrimitiveName]: (typeof primitives)[P] extends Primitive ? P : never;
}[PrimitiveName];

/** Names of the primitives that treat every element alike, by how many inputs they take. */
export type UnaryName = ElementwiseName<"unary">;
export type BinaryName = ElementwiseName<"binary">;

type ElementwiseName<Kind extends "unary" | "binary"> = {
  [P in PrimitiveName]: (typeof primitives)[P] extends Elementwise<Kind> ? P : never;
}[PrimitiveName];

export const primitiveNames = Object.keys(primitives) as PrimitiveName[];

export const plainNames = primitiveNames.filter((name): name is PlainName => "reference" in primitives[name]);

export const unaryNames = primitiveNames.filter((name): name is UnaryName =>
  isKind(primitives[name], "unary"),
);
export const binaryNames = primitiveNames.filter((name): name is BinaryName =>
  isKind(primitives[name], "binary"),
);

function isKind(primitive: Signature, kind: string): boolean {
  return "kind" in primitive && primitive.kind === kind;
}
