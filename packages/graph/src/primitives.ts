import { matmul } from "./primitives/contraction.js";
import { check } from "./primitives/check.js";
import { elementwise } from "./primitives/elementwise.js";
import { argsort, gather, iota, scatterAdd } from "./primitives/indexing.js";
import {
  concat,
  expand,
  flip,
  fold,
  pad,
  permute,
  reshape,
  slice,
  detach,
  unfold,
} from "./primitives/movement.js";
import { randomBits } from "./primitives/random.js";
import { cumsum, max, prod, sum } from "./primitives/reduction.js";
import { scan, scanOutput } from "./primitives/scan.js";
import type { Elementwise } from "./primitives/elementwise.js";
import type { DType } from "./dtype.js";
import type { PrimitiveKind, Signature } from "./primitive.js";

/** The table of primitives, of which all other functions are composed. */
export const primitives = {
  ...elementwise,
  detach,
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
  unfold,
  fold,
  iota,
  gather,
  scatterAdd,
  argsort,
  check,
  randomBits,
  scan,
  scanOutput,
};

/** The name of a primitive. */
export type PrimitiveName = keyof typeof primitives;

/** The attributes of the primitive with this name, as declared by its row. */
export type RowAttributes<P extends PrimitiveName> =
  (typeof primitives)[P] extends Signature<infer Attributes> ? Attributes : never;

/** Names of the primitives whose rows are assignable to this type. */
type NameOf<Row> = { [P in PrimitiveName]: (typeof primitives)[P] extends Row ? P : never }[PrimitiveName];

/** Names of the primitives of one kind, or of several. */
export type NameOfKind<Kind extends PrimitiveKind> = NameOf<{ readonly kind: Kind }>;

/** Names of the primitives that have reference semantics: all except loops, whose body defines their semantics. */
export type PlainName = Exclude<PrimitiveName, NameOfKind<"loop">>;

/** Names of the elementwise primitives with one input. */
export type UnaryName = NameOf<Elementwise<1>>;
/** Names of the elementwise primitives with two inputs. */
export type BinaryName = NameOf<Elementwise<2>>;

/** Names of the elementwise primitives for which an engine needs functions that approximate them. */
export type TranscendentalName = NameOf<{ readonly transcendental: true }>;

/** The element types that a primitive accepts, as its row lists them. */
export type AcceptedType<P extends NameOf<{ readonly accepts: readonly DType[] }>> =
  (typeof primitives)[P]["accepts"][number];

/** The names of all primitives. */
export const primitiveNames = Object.keys(primitives) as PrimitiveName[];

/** The names of all primitives but the loops. */
export const plainNames = primitiveNames.filter((name): name is PlainName => kindOf(name) !== "loop");

/** The names of the elementwise primitives with one input. */
export const unaryNames = primitiveNames.filter((name): name is UnaryName => isElementwise(name, 1));
/** The names of the elementwise primitives with two inputs. */
export const binaryNames = primitiveNames.filter((name): name is BinaryName => isElementwise(name, 2));

/** The kind of a primitive, as its row says. */
export function kindOf(name: PrimitiveName): PrimitiveKind {
  return primitives[name].kind;
}

function isElementwise(name: PrimitiveName, arity: number): boolean {
  return kindOf(name) === "elementwise" && primitives[name].arity === arity;
}
