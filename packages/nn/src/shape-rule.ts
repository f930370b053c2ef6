import type { MayEqual, Shape, Tensor, Written } from "@stargrad/tensor";

/*
 * Types that declare which shapes a layer accepts and returns. TypeScript cannot apply the type of a generic method to an
 * argument type, so such a layer declares its rule as a separate type. The rule has no value at run time; `outputShape` calls
 * `forward` instead.
 */

/**
 * Computes the output shape of a layer from its input shape, as far as TypeScript knows it. A layer declares its own rule,
 * and Sequential uses it:
 *
 *     interface GroupedShapes extends ShapeRule {
 *       readonly size: number; // an argument of the rule, which the layer fills in
 *       readonly output: [...InputShape<this>, this["size"]];
 *       readonly problem: false;
 *     }
 *     class Grouped<Size extends number> extends Module {
 *       declare readonly shapeRule?: DeclaredRule<GroupedShapes, { readonly size: Size }>;
 *       …
 *     }
 *
 * A layer that keeps the shape needs no rule: it declares `forward<S extends Shape>(x: Tensor<S>): Tensor<S>`. A layer with
 * neither is unchecked: TypeScript accepts any shape before and after it.
 */
export interface ShapeRule {
  /** The input shape; a rule reads it as `InputShape<this>`. */
  readonly input: unknown;
  /** The output shape; Shape, if it is unknown. */
  readonly output: Shape;
  /** An error text if the layer does not accept the shape; false if it does, or may. */
  readonly problem: string | false;
}

/** The shape that a rule is applied to: `InputShape<this>` inside of a rule. */
export type InputShape<Rule extends ShapeRule> = Rule["input"] extends Shape ? Rule["input"] : Shape;

/**
 * The type of a layer's `shapeRule`: a rule and its arguments. The rule is not applied to the arguments here, because
 * TypeScript could then not assign `Linear<2, 3>` to `Linear`.
 */
export interface DeclaredRule<Rule extends ShapeRule, Arguments = unknown> {
  readonly rule: Rule;
  readonly arguments: Arguments;
}

/** A layer that declares a rule. */
interface RuleBearing<Rule extends ShapeRule, Arguments> {
  readonly shapeRule?: DeclaredRule<Rule, Arguments>;
}

/** The output shape of a layer. */
export type ShapeAfter<Layer, S extends Shape> =
  Layer extends RuleBearing<infer Rule, infer Arguments>
    ? (Rule & Arguments & { readonly input: S })["output"]
    : Layer extends ShapeKeeping
      ? S
      : Shape;

/** An error text if a layer does not accept a shape; false if it does, or may. */
export type ProblemBefore<Layer, S extends Shape> =
  Layer extends RuleBearing<infer Rule, infer Arguments>
    ? (Rule & Arguments & { readonly input: S })["problem"]
    : false;

/** A layer whose `forward` declares that the output shape is the input shape. */
interface ShapeKeeping {
  forward<S extends Shape>(x: Tensor<S>): Tensor<S>;
}

/** An error text if the last axis of a shape does not have the length that a layer expects; false if it does, or may. */
export type LastAxisProblem<Layer extends string, S extends Shape, Length extends number> = [number] extends [
  Length,
]
  ? false
  : [Shape] extends [S]
    ? false
    : S extends readonly [...Shape, infer Last extends number]
      ? MayEqual<Last, Length> extends true
        ? false
        : `${Layer} expects the last axis to be ${Length}, got ${Last}`
      : S extends readonly []
        ? `${Layer} expects the last axis to be ${Length}, got a scalar`
        : false;

/** An error text if the last axes of a shape are not those that a layer expects; false if they are, or may be. */
export type TrailingProblem<Layer extends string, S extends Shape, Last> = [number] extends [Last]
  ? false
  : Last extends number
    ? LastAxisProblem<`${Layer}(${Last})`, S, Last>
    : Last extends Shape
      ? [number] extends [S["length"] | Last["length"]]
        ? false
        : MayEndIn<S, Last> extends true
          ? false
          : `${Layer}(${Written<Last>}) expects the last axes to be ${Written<Last>}, got ${Written<S>}`
      : false;

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
 * A shape of known rank; any shape otherwise. Between the layers of a Sequential, `[...number[], 128]` is useful. As the
 * result of `forward`, it would not be a plain Tensor, and `let h = …; h = next.forward(h)` would not compile.
 */
export type KnownRank<S extends Shape> = [number] extends [S["length"]] ? Shape : S;
