/** What can be numbered: a node. */
export interface Numbered {
  /** The walk that has met it last; 0 if none has. */
  walk: number;
  /** The number that it has there. */
  place: number;
}

let walks = 0;

/**
 * Numbers for the nodes of a graph, for as long as a walk through it lasts. They stand in the nodes themselves, which costs a
 * tenth of a map. So a node has one number at a time: a walk must not begin within another one that meets the same nodes.
 */
export class NodeNumbers {
  readonly #walk = ++walks;

  /** `undefined` for a node that has none yet. */
  get(node: Numbered): number | undefined {
    return node.walk === this.#walk ? node.place : undefined;
  }

  has(node: Numbered): boolean {
    return node.walk === this.#walk;
  }

  set(node: Numbered, number: number): void {
    node.walk = this.#walk;
    node.place = number;
  }
}
