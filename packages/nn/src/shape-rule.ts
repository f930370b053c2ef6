import type { MayEqual, Shape, Tensor, Written } from "@stargrad/tensor";

/*
 * How a layer tells TypeScript which shapes it takes and returns. TypeScript cannot apply the type of a generic method to
 * an argument type, so a layer whose shapes follow a rule has that rule as a type. The rule has no value at run time:
 * there, `forward` itself is the rule, and `outputShape` asks it.
 */

/**
 * How the shape that a layer returns follows from the one it takes, as far as TypeScript can know. A layer declares its
 * own, and Sequential goes by it:
 *
 *     interface GroupedShapes extends ShapeRule {
 *       readonly size: number; // an argument of the rule, which the layer fills in
 *       readonly output: [...InputShape<this>, this["size"]];
 *       readonly problem: null;
 *     }
 *     class Grouped<Size extends number> extends Module {
 *       declare readonly shapeRule?: DeclaredRule<GroupedShapes, { readonly size: Size }>;
 *       …
 *     }
 *
 * A layer that keeps the shape needs none: it declares `forward<S extends Shape>(x: Tensor<S>): Tensor<S>`. Of a layer with
 * neither nothing is known: it takes any shape, and the layer behind it takes what it returns.
 */
export interface ShapeRule {
  /** The shape that comes in; a rule reads it as `InputShape<this>`. */
  readonly input: unknown;
  /** The shape that goes out; Shape, if it is not known. */
  readonly output: Shape;
  /** Why the layer does not take the shape: a text; null if it does, or may. */
  readonly problem: string | null;
}

/** The shape that a rule is applied to: `InputShape<this>` inside of a rule. */
export type InputShape<Rule extends ShapeRule> = Rule["input"] extends Shape ? Rule["input"] : Shape;

/**
 * The type of a layer's `shapeRule`: a rule and its arguments. They stand side by side, not applied, because TypeScript would
 * otherwise find `Linear<2, 3>` to be no `Linear`.
 */
export interface DeclaredRule<Rule extends ShapeRule, Arguments = unknown> {
  readonly rule: Rule;
  readonly arguments: Arguments;
}

/** Every layer that declares a rule. */
interface RuleBearing<Rule extends ShapeRule, Arguments> {
  readonly shapeRule?: DeclaredRule<Rule, Arguments>;
}

/** The shape a layer returns. */
export type ShapeAfter<Layer, S extends Shape> =
  Layer extends RuleBearing<infer Rule, infer Arguments>
    ? (Rule & Arguments & { readonly input: S })["output"]
    : Layer extends ShapeKeeping
      ? S
      : Shape;

/** Why a layer does not take a shape; null if it does, or may. */
export type ProblemBefore<Layer, S extends Shape> =
  Layer extends RuleBearing<infer Rule, infer Arguments>
    ? (Rule & Arguments & { readonly input: S })["problem"]
    : null;

/** Every layer whose `forward` says that it returns the shape it got. */
interface ShapeKeeping {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
}

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

/**
 * A shape of known rank; any shape otherwise. Between the layers of a Sequential, `[...number[], 128]` is worth knowing;
 * what `forward` returns would not be a plain Tensor any more, and `let h = …; h = next.forward(h)` would not compile.
 */
export type KnownRank<S extends Shape> = [number] extends [S["length"]] ? Shape : S;
