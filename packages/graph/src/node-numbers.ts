import type { Node } from "./node.js";

let walks = 0;

/**
 * Numbers for the nodes of a graph, for as long as a walk through it lasts. They stand in the nodes themselves, which costs a
 * tenth of a map. So a node has one number at a time: a walk must not begin within another one that meets the same nodes.
 */
export class NodeNumbers {
  readonly #walk = ++walks;

  /** `undefined` for a node that has none yet. */
  get(node: Node): number | undefined {
    return node.walk === this.#walk ? node.place : undefined;
  }

  has(node: Node): boolean {
    return node.walk === this.#walk;
  }

  set(node: Node, number: number): void {
    node.walk = this.#walk;
    node.place = number;
  }
}
