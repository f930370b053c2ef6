import type { Shape } from "@stargrad/graph";
import { canWalkTogether } from "./iteration.js";
import {
  countBuffers,
  subexpressionsOf,
  sameLeaf,
  type Leaf,
  type LoopExpression,
  type MapKernel,
  type MapResult,
} from "./kernel.js";
import { sameDigits, sameLayout, stretchOf, type Layout, type Stretch } from "./layout.js";
import { replaceLeaves } from "./rewrite.js";
import type { Target } from "./target.js";

/**
 * A loop to which other loops are joined, one after another. Caches what the joined loop computes and reads, so that the work is
 * linear in the number of loops.
 */
export class GrowingLoop {
  readonly #first: MapKernel;
  readonly #limits: Target["kernel"];
  readonly #results: MapResult[] = [];
  /** By buffer: the results that write it, which do not overlap, and the range from the first to the last element written. */
  readonly #written = new Map<number, Stretch & { readonly results: readonly MapResult[] }>();
  readonly #parts = new Set<LoopExpression>();
  /** Its leaves, without duplicates. A loop has few operands, so a linear search is fast enough. */
  readonly #leaves: Leaf[] = [];
  /** The layouts that the loop traverses. Of layouts that differ only in their offset, it contains one. */
  readonly #layouts: Layout[] = [];

  constructor(first: MapKernel, { kernel }: Target) {
    this.#first = first;
    this.#limits = kernel;
    const parts = subexpressionsOf(first.results.map(({ expression }) => expression));
    this.#add(first.results, parts, this.#newLeaves(parts), this.#newLayouts(first.results, parts));
  }

  /** The joined loop. */
  get kernel(): MapKernel {
    return { ...this.#first, results: this.#results };
  }

  get shape(): Shape {
    return this.#first.shape;
  }

  /** Joins a loop of the same shape; returns `false` and changes nothing if that is impossible. */
  join(loop: MapKernel): boolean {
    const results: MapResult[] = [];
    const known = new Map<LoopExpression, LoopExpression | null>();
    for (const { expression, buffer, layout } of loop.results) {
      if (!this.#mayWrite(buffer, layout)) return false;
      const inlined = replaceLeaves(expression, this.#readBack, known);
      if (inlined === null) return false;
      results.push({ expression: inlined, buffer, layout });
    }
    const parts = subexpressionsOf(
      results.map(({ expression }) => expression),
      this.#parts,
    );
    const leaves = this.#newLeaves(parts);
    if (!this.#hasRoomFor(results, parts, leaves)) return false;
    const layouts = this.#newLayouts(results, parts);
    const fits = layouts.length === 0 || canWalkTogether(loop.shape, [...this.#layouts, ...layouts]);
    if (fits) this.#add(results, parts, leaves, layouts);
    return fits;
  }

  /** Whether no result so far writes between the first and the last element of a new one. */
  #mayWrite(buffer: number, layout: Layout): boolean {
    const written = this.#written.get(buffer);
    if (written === undefined) return true;
    const { first, last } = stretchOf(layout);
    return last < written.first || first > written.last;
  }

  #hasRoomFor(
    results: readonly MapResult[],
    parts: readonly LoopExpression[],
    leaves: readonly Leaf[],
  ): boolean {
    const limits = this.#limits;
    const operands = this.#leaves.length + leaves.length + this.#results.length + results.length;
    if (this.#parts.size + parts.length > limits.parts || operands > limits.operands) return false;
    if (operands <= limits.buffers) return true;
    const written = [...this.#results, ...results].map(({ buffer }) => buffer);
    return countBuffers([...this.#leaves, ...leaves], written) <= limits.buffers;
  }

  /** Replaces a load of a result by its expression; `null` if it is read in another order than it is written. */
  readonly #readBack = (leaf: Leaf): LoopExpression | null => {
    const written = leaf.kind === "load" ? this.#written.get(leaf.buffer) : undefined;
    if (written === undefined) return leaf;
    return written.results.find(({ layout }) => sameLayout(layout, leaf.layout))?.expression ?? null;
  };

  /** The leaves among some parts that the loop does not read yet, without duplicates. */
  #newLeaves(parts: readonly LoopExpression[]): Leaf[] {
    const found: Leaf[] = [];
    for (const part of parts) {
      if (part.kind !== "apply" && !isAmong(this.#leaves, part) && !isAmong(found, part)) found.push(part);
    }
    return found;
  }

  /** The layouts of results and parts that the loop does not traverse yet, without duplicates. */
  #newLayouts(results: readonly MapResult[], parts: readonly LoopExpression[]): Layout[] {
    const found: Layout[] = [];
    const add = (layout: Layout): void => {
      const isKnown = isTraversed(this.#layouts, layout) || isTraversed(found, layout);
      if (!isKnown) found.push(layout);
    };
    for (const part of parts) if (part.kind !== "apply") add(part.layout);
    for (const { layout } of results) add(layout);
    return found;
  }

  #add(
    results: readonly MapResult[],
    parts: readonly LoopExpression[],
    leaves: readonly Leaf[],
    layouts: readonly Layout[],
  ): void {
    for (const result of results) {
      this.#results.push(result);
      const { first, last } = stretchOf(result.layout);
      const written = this.#written.get(result.buffer) ?? { first, last, results: [] };
      this.#written.set(result.buffer, {
        first: Math.min(first, written.first),
        last: Math.max(last, written.last),
        results: [...written.results, result],
      });
    }
    for (const part of parts) this.#parts.add(part);
    this.#leaves.push(...leaves);
    this.#layouts.push(...layouts);
  }
}

function isAmong(leaves: readonly Leaf[], leaf: Leaf): boolean {
  for (const other of leaves) if (sameLeaf(other, leaf)) return true;
  return false;
}

/** Whether some layout has the same digits as another one. */
function isTraversed(layouts: readonly Layout[], layout: Layout): boolean {
  for (const other of layouts) if (sameDigits(other, layout)) return true;
  return false;
}
