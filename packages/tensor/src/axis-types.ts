import type { Shape } from "@stargrad/graph";
import type { Product } from "./length-product.js";
import type { Unless, Written } from "./shape-types.js";

/*
 * Axes as types: what is known of a shape when axes that are written down have been combined, moved or added. An axis
 * counts from the end if it is negative; here it is found as a key of the tuple: "0", "1", …
 */

/** Whether the rank is known, and every axis is written down. */
type Known<S extends Shape, Axis> = [number] extends [S["length"] | Axis] ? false : true;

/** The keys of some axes; "none" for one that is not there. */
type KeyOf<S extends Shape, Axis> = Axis extends number
  ? `${Axis}` extends `-${infer FromEnd}`
    ? KeyFromEnd<S, FromEnd>
    : `${Axis}`
  : never;

type KeyFromEnd<S extends Shape, FromEnd extends string, Passed extends Shape = [1]> = S extends readonly [
  ...infer Front extends Shape,
  number,
]
  ? `${Passed["length"]}` extends FromEnd
    ? `${Front["length"]}`
    : KeyFromEnd<Front, FromEnd, [...Passed, 1]>
  : "none";

/** One axis or several, as a union. */
type EachAxis<Axes> = Axes extends Shape ? Axes[number] : Axes;

/** Why some axis is not there; null if all are, or may be. */
export type AxisProblem<S extends Shape, Axes> =
  Known<S, EachAxis<Axes>> extends true ? AnyProblem<MissingAxis<S, EachAxis<Axes>>> : null;

/** One axis or several, each of which must be there. */
export type AxesOf<S extends Shape, Axes> = Unless<AxisProblem<S, Axes>, Axes>;

type MissingAxis<S extends Shape, Axis> = Axis extends number
  ? KeyOf<S, Axis> extends keyof S
    ? never
    : `${Written<S>} has no axis ${Axis}`
  : never;

type AnyProblem<Message> = [Message] extends [never] ? null : Message;

/** The shape with other axes in place of those with some keys. */
type Replaced<S extends Shape, Keys, By extends Shape, Before extends Shape = []> = S extends readonly [
  infer First extends number,
  ...infer Rest extends Shape,
]
  ? [...(`${Before["length"]}` extends Keys ? By : [First]), ...Replaced<Rest, Keys, By, [...Before, 1]>]
  : [];

/** The shape with other axes in place of some. */
export type ReplacedAxes<S extends Shape, Axes, By extends Shape> =
  Known<S, EachAxis<Axes>> extends true ? Replaced<S, KeyOf<S, EachAxis<Axes>>, By> : Shape;

/** The shape without some axes of length 1; unknown if all such axes go. */
export type Squeezed<S extends Shape, Axes> = [Axes] extends [never] ? Shape : ReplacedAxes<S, Axes, []>;

/** The shape a reduction leaves: a scalar, unless axes are chosen or kept. */
export type Reduced<S extends Shape, Options> =
  AxesIn<Options> extends "all"
    ? KeepDimsIn<Options> extends false
      ? []
      : KeepDimsIn<Options> extends true
        ? number extends S["length"]
          ? Shape
          : { -readonly [K in keyof S]: 1 }
        : Shape
    : boolean extends KeepDimsIn<Options>
      ? Shape
      : ReplacedAxes<S, AxesIn<Options>, KeepDimsIn<Options> extends true ? [1] : []>;

/** The axes that options choose; any number if they may choose one or not. */
export type AxesIn<Options> = Options extends { readonly axis: infer Axes extends number | Shape }
  ? Axes
  : "axis" extends keyof Options
    ? [Options["axis"]] extends [undefined]
      ? "all"
      : number
    : "all";

type KeepDimsIn<Options> = Options extends { readonly keepDims: true }
  ? true
  : "keepDims" extends keyof Options
    ? [Options["keepDims"]] extends [false | undefined]
      ? false
      : boolean
    : false;

/** The options of a reduction, whose axes must be there. */
export type OptionsFor<S extends Shape, Options> = Unless<AxisProblem<S, AxesIn<Options>>, Options>;

/** Options in which the axis is the last, unless told. */
export type LastAxis<Options> = "axis" extends keyof Options ? Options : Options & { readonly axis: -1 };

/** The shape after exchanging two axes: the last two, unless told. */
export type Transposed<S extends Shape, A extends number = -2, B extends number = -1> =
  Known<S, A | B> extends true ? Exchanged<S, KeyOf<S, A>, KeyOf<S, B>> : Shape;

type Exchanged<S extends Shape, KeyA, KeyB> = {
  -readonly [K in keyof S]: K extends KeyA ? S[KeyB & keyof S] : K extends KeyB ? S[KeyA & keyof S] : S[K];
};

/** The shape whose axis i is axis `Axes[i]` of S. */
export type Permuted<S extends Shape, Axes extends Shape> = [number] extends [Axes["length"]]
  ? Shape
  : Known<S, Axes[number]> extends true
    ? { -readonly [K in keyof Axes]: S[KeyOf<S, Axes[K]> & keyof S] }
    : Shape;

/** Why axes do not permute those of a shape; null if they do, or may. */
export type PermuteProblem<S extends Shape, Axes extends Shape> = [number] extends [
  S["length"] | Axes["length"],
]
  ? null
  : S["length"] extends Axes["length"]
    ? AxisProblem<S, Axes>
    : `${Written<S>} has ${S["length"]} axes, got ${Axes["length"]} to permute them by`;

export type PermutationOf<S extends Shape, Axes extends Shape> = Unless<PermuteProblem<S, Axes>, Axes>;

/** The shape with an axis of length 1 that stands at `Axis` of it. */
export type Unsqueezed<S extends Shape, Axis extends number> =
  Known<S, Axis> extends true ? Inserted<S, KeyOf<[...S, 1], Axis>> : Shape;

type Inserted<S extends Shape, Key, Before extends Shape = []> = `${Before["length"]}` extends Key
  ? [1, ...S]
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? [First, ...Inserted<Rest, Key, [...Before, 1]>]
    : [];

/** The shape after joining the axes from one to another. */
export type Flattened<S extends Shape, Start extends number, End extends number> = S extends readonly []
  ? [1]
  : Known<S, Start | End> extends true
    ? JoinedFrom<S, KeyOf<S, Start>, KeyOf<S, End>>
    : Shape;

type JoinedFrom<S extends Shape, Start, End, Before extends Shape = []> = `${Before["length"]}` extends Start
  ? JoinedTo<S, End, Before>
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? [First, ...JoinedFrom<Rest, Start, End, [...Before, 1]>]
    : [];

type JoinedTo<S extends Shape, End, Before extends Shape, Joined extends number = 1> = S extends readonly [
  infer First extends number,
  ...infer Rest extends Shape,
]
  ? `${Before["length"]}` extends End
    ? [Product<Joined, First>, ...Rest]
    : JoinedTo<Rest, End, [...Before, 1], Product<Joined, First>>
  : Shape;

/** Why axes cannot be joined; null if they can, or may. */
export type FlattenProblem<S extends Shape, Start extends number, End extends number> = [S] extends [
  readonly [],
]
  ? null
  : AxisProblem<S, Start | End>;
