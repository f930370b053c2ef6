import type { Shape } from "@stargrad/graph";
import { canWalkTogether } from "./iteration.js";
import {
  countBuffers,
  partsOf,
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
 * A loop that others are joined to, one after another. What it computes and reads by now is kept, so that each of them is looked at
 * once, however many there are.
 */
export class GrowingLoop {
  readonly #first: MapKernel;
  readonly #limits: Target["kernel"];
  readonly #results: MapResult[] = [];
  /** By buffer: the parts of it that are written, which lie apart, and the stretch that they are in. */
  readonly #written = new Map<number, Stretch & { readonly results: readonly MapResult[] }>();
  readonly #parts = new Set<LoopExpression>();
  /** What it reads, each once: at most as many as a loop may have operands, so they are looked through one by one. */
  readonly #leaves: Leaf[] = [];
  /** All that it is walked by; of those that differ only in where they begin, one. */
  readonly #layouts: Layout[] = [];

  constructor(first: MapKernel, { kernel }: Target) {
    this.#first = first;
    this.#limits = kernel;
    const parts = partsOf(first.results.map(({ expression }) => expression));
    this.#add(first.results, parts, this.#newLeaves(parts), this.#newLayouts(first.results, parts));
  }

  /** The loop as it is by now. */
  get kernel(): MapKernel {
    return { ...this.#first, results: this.#results };
  }

  get shape(): Shape {
    return this.#first.shape;
  }

  /** Takes in what a loop of the same shape computes, unless they cannot share one. */
  join(loop: MapKernel): boolean {
    const results: MapResult[] = [];
    const known = new Map<LoopExpression, LoopExpression | null>();
    for (const { expression, buffer, layout } of loop.results) {
      if (!this.#mayWrite(buffer, layout)) return false;
      const inlined = replaceLeaves(expression, this.#readBack, known);
      if (inlined === null) return false;
      results.push({ expression: inlined, buffer, layout });
    }
    const parts = partsOf(
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

  /** Whether nothing is written by now from the first element of a result to its last. */
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

  /** What is read back, as it was computed; `null` if it is read in another order than it was written. */
  readonly #readBack = (leaf: Leaf): LoopExpression | null => {
    const written = leaf.kind === "load" ? this.#written.get(leaf.buffer) : undefined;
    if (written === undefined) return leaf;
    return written.results.find(({ layout }) => sameLayout(layout, leaf.layout))?.expression ?? null;
  };

  /** The leaves among some parts that are not read by now, each once. */
  #newLeaves(parts: readonly LoopExpression[]): Leaf[] {
    const found: Leaf[] = [];
    for (const part of parts) {
      if (part.kind !== "apply" && !isAmong(this.#leaves, part) && !isAmong(found, part)) found.push(part);
    }
    return found;
  }

  /** What results and parts are walked by, unless the loop is walked so by now; each once. */
  #newLayouts(results: readonly MapResult[], parts: readonly LoopExpression[]): Layout[] {
    const found: Layout[] = [];
    const note = (layout: Layout): void => {
      const isKnown = isWalked(this.#layouts, layout) || isWalked(found, layout);
      if (!isKnown) found.push(layout);
    };
    for (const part of parts) if (part.kind !== "apply") note(part.layout);
    for (const { layout } of results) note(layout);
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

/** Whether one of some layouts is walked like another. */
function isWalked(layouts: readonly Layout[], layout: Layout): boolean {
  for (const other of layouts) if (sameDigits(other, layout)) return true;
  return false;
}
