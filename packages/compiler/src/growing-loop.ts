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
import { sameDigits, sameLayout, type Layout } from "./layout.js";
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
  readonly #written = new Map<number, MapResult>();
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
      const inlined = this.#written.has(buffer) ? null : replaceLeaves(expression, this.#readBack, known);
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
    const source = leaf.kind === "load" ? this.#written.get(leaf.buffer) : undefined;
    if (source === undefined) return leaf;
    return sameLayout(source.layout, leaf.layout) ? source.expression : null;
  };

  /** The leaves among some parts that are not read by now, each once. */
  #newLeaves(parts: readonly LoopExpression[]): Leaf[] {
    const found: Leaf[] = [];
    for (const part of parts) {
      if (!isLeaf(part)) continue;
      const isSame = (leaf: Leaf): boolean => sameLeaf(leaf, part);
      if (!this.#leaves.some(isSame) && !found.some(isSame)) found.push(part);
    }
    return found;
  }

  /** What results and parts are walked by, unless the loop is walked so by now; each once. */
  #newLayouts(results: readonly MapResult[], parts: readonly LoopExpression[]): Layout[] {
    const found: Layout[] = [];
    for (const { layout } of [...parts.filter(isLeaf), ...results]) {
      const isSame = (other: Layout): boolean => sameDigits(other, layout);
      if (!this.#layouts.some(isSame) && !found.some(isSame)) found.push(layout);
    }
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
      this.#written.set(result.buffer, result);
    }
    for (const part of parts) this.#parts.add(part);
    this.#leaves.push(...leaves);
    this.#layouts.push(...layouts);
  }
}

function isLeaf(part: LoopExpression): part is Leaf {
  return part.kind !== "apply";
}
