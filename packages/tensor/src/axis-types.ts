import type { Shape } from "@stargrad/graph";
import type { Product } from "./length-product.js";
import type { Unless, Written } from "./shape-types.js";
import type { Tensor } from "./tensor.js";

/*
 * Axes as types: the shape after literal axes have been combined, moved or added. A negative axis counts from the end. These
 * types convert an axis to a key of the shape's tuple: "0", "1", …
 */

/** One axis or several, where they are given without a name: `sum(x, 0)` is `sum(x, { axis: 0 })`. */
export type Axis = number | readonly number[];

/** The axis of a function that works along one. */
export interface AxisOption {
  readonly axis?: number;
}

/** A function along one axis that keeps the shape. */
export type AlongAxis = <S extends Shape>(x: Tensor<S>, options?: AxisOption | number) => Tensor<S>;

/** Whether the rank is known and every axis is a literal. */
type Known<S extends Shape, Axis> = [number] extends [S["length"] | Axis] ? false : true;

/** The tuple keys of axes; "none" for an axis out of range. */
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

/** An error message if an axis is out of range; false if all are, or may be, in range. */
export type AxisProblem<S extends Shape, Axes> =
  Known<S, EachAxis<Axes>> extends true ? AnyProblem<MissingAxis<S, EachAxis<Axes>>> : false;

/** One axis or several, each of which must be in range. */
export type AxesOf<S extends Shape, Axes> = Unless<AxisProblem<S, Axes>, Axes>;

type MissingAxis<S extends Shape, Axis> = Axis extends number
  ? KeyOf<S, Axis> extends keyof S
    ? never
    : `${Written<S>} has no axis ${Axis}`
  : never;

type AnyProblem<Message> = [Message] extends [never] ? false : Message;

/** The shape with the axes of the given keys replaced by `By`. */
type Replaced<S extends Shape, Keys, By extends Shape, Before extends Shape = []> = S extends readonly [
  infer First extends number,
  ...infer Rest extends Shape,
]
  ? [...(`${Before["length"]}` extends Keys ? By : [First]), ...Replaced<Rest, Keys, By, [...Before, 1]>]
  : [];

/** The shape with the given axes replaced by `By`. */
export type ReplacedAxes<S extends Shape, Axes, By extends Shape> =
  Known<S, EachAxis<Axes>> extends true ? Replaced<S, KeyOf<S, EachAxis<Axes>>, By> : Shape;

/** The shape without the given axes of length 1; unknown if no axes are given, because any such axis is removed. */
export type Squeezed<S extends Shape, Axes> = [Axes] extends [never] ? Shape : ReplacedAxes<S, Axes, []>;

/** The shape of a reduction's result: a scalar, unless the options choose axes or keep them. */
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

/** The axes that options choose, or are; `number` if the type leaves open whether they choose any. */
export type AxesIn<Options> = Options extends number | Shape
  ? Options
  : Options extends { readonly axis: infer Axes extends number | Shape }
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

/** The options of a reduction, whose axes must be in range. */
export type OptionsFor<S extends Shape, Options> = Unless<AxisProblem<S, AxesIn<Options>>, Options>;

/** Options whose axis defaults to the last. */
export type LastAxis<Options> = Options extends number
  ? Options
  : "axis" extends keyof Options
    ? Options
    : Options & { readonly axis: -1 };

/** The shape after exchanging two axes. Default: the last two. */
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

/** An error message if the axes are no permutation of the shape's axes; false if they are, or may be. */
export type PermuteProblem<S extends Shape, Axes extends Shape> = [number] extends [
  S["length"] | Axes["length"],
]
  ? false
  : S["length"] extends Axes["length"]
    ? AxisProblem<S, Axes>
    : `${Written<S>} has ${S["length"]} axes, got ${Axes["length"]} to permute them by`;

export type PermutationOf<S extends Shape, Axes extends Shape> = Unless<PermuteProblem<S, Axes>, Axes>;

/** The shape with a new axis of length 1, which is axis `Axis` of the result. */
export type Unsqueezed<S extends Shape, Axis extends number> =
  Known<S, Axis> extends true ? Inserted<S, KeyOf<[...S, 1], Axis>> : Shape;

type Inserted<S extends Shape, Key, Before extends Shape = []> = `${Before["length"]}` extends Key
  ? [1, ...S]
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? [First, ...Inserted<Rest, Key, [...Before, 1]>]
    : [];

/** The shape after joining the axes from `Start` to `End`. */
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

/** An error message if the axes cannot be joined; false if they can, or may. */
export type FlattenProblem<S extends Shape, Start extends number, End extends number> = [S] extends [
  readonly [],
]
  ? false
  : AxisProblem<S, Start | End>;
