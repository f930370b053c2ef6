import type { Flattened, FlattenProblem, MayEqual, Mismatch, Shape, Tensor, Written } from "@stargrad/tensor";
import type { Embedding } from "./layers/embedding.js";
import type { Flatten } from "./layers/flatten.js";
import type { LayerNorm } from "./layers/layer-norm.js";
import type { Linear } from "./layers/linear.js";
import type { RMSNorm } from "./layers/rms-norm.js";
import type { Sequential } from "./layers/sequential.js";

/*
 * Layers as types: which shapes they take and which they return, as far as TypeScript can know. A layer with lengths that
 * are known only at run time takes any shape and returns one that is not known.
 */

/** Why the last axis of a shape is not as long as a layer expects; null if it is, or may be. */
export type LastAxisProblem<Layer extends string, S extends Shape, Length extends number> = [number] extends [
  Length,
]
  ? null
  : [Shape] extends [S]
    ? null
    : S extends readonly [...Shape, infer Last extends number]
      ? MayEqual<Last, Length> extends true
        ? null
        : `${Layer} expects the last axis to be ${Length}, got ${Last}`
      : S extends readonly []
        ? `${Layer} expects the last axis to be ${Length}, got a scalar`
        : null;

/** Why a shape does not end in others; null if it does, or may. */
export type TrailingProblem<Layer extends string, S extends Shape, Last> = [number] extends [Last]
  ? null
  : Last extends number
    ? LastAxisProblem<`${Layer}(${Last})`, S, Last>
    : Last extends Shape
      ? [number] extends [S["length"] | Last["length"]]
        ? null
        : MayEndIn<S, Last> extends true
          ? null
          : `${Layer}(${Written<Last>}) expects the last axes to be ${Written<Last>}, got ${Written<S>}`
      : null;

type MayEndIn<S extends Shape, Last extends Shape> = Last extends readonly [
  ...infer OuterLast extends Shape,
  infer Length extends number,
]
  ? S extends readonly [...infer Outer extends Shape, infer Got extends number]
    ? MayEqual<Got, Length> extends true
      ? MayEndIn<Outer, OuterLast>
      : false
    : false
  : true;

export type LinearProblem<S extends Shape, In extends number, Out extends number> = LastAxisProblem<
  `Linear(${In}, ${Out})`,
  S,
  In
>;

/** The shape with another last axis. */
export type WithLast<S extends Shape, Last extends number> = [number] extends [Last]
  ? Shape
  : [Shape] extends [S]
    ? [...Shape, Last]
    : S extends readonly [...infer Outer extends Shape, number]
      ? [...Outer, Last]
      : Shape;

/** The shape with one more axis. */
export type WithOneMore<S extends Shape, Last extends number> = [number] extends [Last]
  ? Shape
  : [...S, Last];

/** The shape a layer returns. */
export type ShapeAfter<Layer, S extends Shape> =
  Layer extends Linear<number, infer Out>
    ? WithLast<S, Out>
    : Layer extends Embedding<number, infer Features>
      ? WithOneMore<S, Features>
      : Layer extends Flatten<infer Start, infer End>
        ? Flattened<S, Start, End>
        : Layer extends Sequential<infer Layers>
          ? ShapeAfterAll<Layers, S>
          : Layer extends ShapeKeeping
            ? S
            : Shape;

/** Every layer whose `forward` says that it returns the shape it got. */
interface ShapeKeeping {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
}

/** Why a layer does not take a shape; null if it does, or may. */
export type ProblemBefore<Layer, S extends Shape> =
  Layer extends Linear<infer In, infer Out>
    ? LinearProblem<S, In, Out>
    : Layer extends LayerNorm<infer Last>
      ? TrailingProblem<"LayerNorm", S, Last>
      : Layer extends RMSNorm<infer Last>
        ? TrailingProblem<"RMSNorm", S, Last>
        : Layer extends Flatten<infer Start, infer End>
          ? FlattenProblem<S, Start, End>
          : Layer extends Sequential<infer Layers>
            ? FirstProblem<Layers, S>
            : null;

/** The shape that layers return, one after another. */
export type ShapeAfterAll<Layers, S extends Shape> = Layers extends readonly [infer First, ...infer Rest]
  ? ShapeAfterAll<Rest, ShapeAfter<First, S>>
  : Layers extends readonly []
    ? S
    : Shape;

/** Why the first of some layers does not take what the ones before it return; null if each does, or may. */
export type FirstProblem<Layers extends readonly unknown[], S extends Shape> = [number] extends [
  Layers["length"],
]
  ? null
  : Layers extends readonly [infer First, ...infer Rest]
    ? [ProblemBefore<First, S>] extends [string]
      ? ProblemBefore<First, S>
      : FirstProblem<Rest, ShapeAfter<First, S>>
    : null;

/** The layers, with a Mismatch in place of the first that does not fit. */
export type Fitting<Layers extends readonly unknown[]> = [FirstProblem<Layers, Shape>] extends [string]
  ? Marked<Layers, Shape>
  : Layers;

type Marked<Layers extends readonly unknown[], S extends Shape> = Layers extends readonly [
  infer First,
  ...infer Rest,
]
  ? [ProblemBefore<First, S>] extends [string]
    ? [Mismatch<ProblemBefore<First, S>>, ...Rest]
    : [First, ...Marked<Rest, ShapeAfter<First, S>>]
  : [];

/**
 * A shape of known rank; any shape otherwise. Between the layers of a Sequential, `[...number[], 128]` is worth knowing;
 * what `forward` returns would not be a plain Tensor any more, and `let h = …; h = next.forward(h)` would not compile.
 */
export type KnownRank<S extends Shape> = [number] extends [S["length"]] ? Shape : S;
