import type { Shape } from "@stargrad/graph";
import { canWalkTogether } from "./iteration.js";
import {
  countBuffers,
  leafKey,
  partsOf,
  type Leaf,
  type LoopExpression,
  type MapKernel,
  type MapResult,
} from "./kernel.js";
import { digitsKey, sameLayout, type Layout } from "./layout.js";
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
  readonly #leaves = new Map<string, Leaf>();
  /** All that it is walked by; of those that differ only in where they begin, one. */
  readonly #layouts = new Map<string, Layout>();

  constructor(first: MapKernel, { kernel }: Target) {
    this.#first = first;
    this.#limits = kernel;
    const parts = partsOf(first.results.map(({ expression }) => expression));
    this.#add(first.results, parts, layoutsOf(first.results, parts));
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
    if (!this.#hasRoomFor(results, parts)) return false;
    const layouts = layoutsOf(results, parts).filter((layout) => !this.#layouts.has(digitsKey(layout)));
    const fits = layouts.length === 0 || canWalkTogether(loop.shape, [...this.#layouts.values(), ...layouts]);
    if (fits) this.#add(results, parts, layouts);
    return fits;
  }

  #hasRoomFor(results: readonly MapResult[], parts: readonly LoopExpression[]): boolean {
    const limits = this.#limits;
    const leaves = parts.filter(isLeaf);
    const added = new Set(leaves.map(leafKey).filter((key) => !this.#leaves.has(key)));
    const operands = this.#leaves.size + added.size + this.#results.length + results.length;
    if (this.#parts.size + parts.length > limits.parts || operands > limits.operands) return false;
    if (operands <= limits.buffers) return true;
    const written = [...this.#results, ...results].map(({ buffer }) => buffer);
    return countBuffers([...this.#leaves.values(), ...leaves], written) <= limits.buffers;
  }

  /** What is read back, as it was computed; `null` if it is read in another order than it was written. */
  readonly #readBack = (leaf: Leaf): LoopExpression | null => {
    const source = leaf.kind === "load" ? this.#written.get(leaf.buffer) : undefined;
    if (source === undefined) return leaf;
    return sameLayout(source.layout, leaf.layout) ? source.expression : null;
  };

  #add(results: readonly MapResult[], parts: readonly LoopExpression[], layouts: readonly Layout[]): void {
    for (const result of results) {
      this.#results.push(result);
      this.#written.set(result.buffer, result);
    }
    for (const part of parts) {
      this.#parts.add(part);
      if (isLeaf(part)) this.#leaves.set(leafKey(part), part);
    }
    for (const layout of layouts) this.#layouts.set(digitsKey(layout), layout);
  }
}

function isLeaf(part: LoopExpression): part is Leaf {
  return part.kind !== "apply";
}

/** What results and leaves are walked by. */
function layoutsOf(results: readonly MapResult[], parts: readonly LoopExpression[]): Layout[] {
  return [...parts.filter(isLeaf), ...results].map(({ layout }) => layout);
}
