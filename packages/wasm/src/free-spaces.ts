/** A free range of memory, and the root of a subtree of free ranges. */
interface Space {
  readonly start: number;
  readonly end: number;
  /** The heap property: a space has a higher priority than all spaces below it. */
  readonly priority: number;
  /** The length of the longest space in the subtree. */
  readonly longest: number;
  readonly left: Tree;
  readonly right: Tree;
}

type Tree = Space | null;

/**
 * The free ranges of a memory, ordered by address. Adjacent ranges are merged.
 *
 * They form a treap: a search tree by address that is also a heap by priority. Each node stores the length of the longest space in
 * its subtree, so one descent finds the first space that is long enough; another finds the neighbours of a space that is freed.
 * Priorities are scrambled addresses, which gives the depth of a random tree, about 2 ln n, so recursion is shallow.
 * Nodes are immutable: an operation rebuilds the nodes on its path and finally replaces the root, so an operation that throws
 * halfway (by a stack overflow, for example) changes nothing.
 *
 * First fit keeps long-lived allocations at low addresses, so that the end of the memory becomes free.
 *
 * Source: Seidel & Aragon, "Randomized Search Trees", 1996; Stephenson, "Fast Fits", 1983
 */
export class FreeSpaces {
  #root: Tree = null;
  #built = 0;

  /** The number of nodes built so far, which is proportional to the work done. */
  get built(): number {
    return this.#built;
  }

  /** Adds a free range, and merges it with its neighbours. */
  add(start: number, end: number): void {
    const [before, after] = this.#split(this.#root, start);
    const [left, previous] = this.#withoutLast(before, start);
    const [right, next] = this.#withoutFirst(after, end);
    const joined = this.#space(previous?.start ?? start, next?.end ?? end, scrambled(start), null, null);
    this.#root = this.#merge(this.#merge(left, joined), right);
  }

  /** Takes `length` bytes from the start of the first space that is long enough. Returns their address; `null` if there is none. */
  take(length: number): number | null {
    const root = this.#root;
    if (root === null || root.longest < length) return null;
    const [start, rest] = this.#takeFrom(root, length);
    this.#root = rest;
    return start;
  }

  /** Removes the last space if it ends at `end`, and returns its start; otherwise returns `end`. */
  takeEnd(end: number): number {
    const [rest, last] = this.#withoutLast(this.#root, end);
    this.#root = rest;
    return last?.start ?? end;
  }

  /** The start of the first space that is long enough, which must exist, and the tree without the taken part. */
  #takeFrom(tree: Space, length: number): [start: number, rest: Tree] {
    const { start, end, left, right } = tree;
    if (left !== null && left.longest >= length) {
      const [address, rest] = this.#takeFrom(left, length);
      return [address, this.#below(tree, rest, right)];
    }
    if (end - start > length) {
      return [start, this.#space(start + length, end, tree.priority, left, right)];
    }
    if (end - start === length) return [start, this.#merge(left, right)];
    if (right === null) throw new Error("FreeSpaces found no space of the length that its tree records");
    const [address, rest] = this.#takeFrom(right, length);
    return [address, this.#below(tree, left, rest)];
  }

  /** The spaces that start before an address, and the others. */
  #split(tree: Tree, address: number): [before: Tree, after: Tree] {
    if (tree === null) return [null, null];
    if (tree.start < address) {
      const [before, after] = this.#split(tree.right, address);
      return [this.#below(tree, tree.left, before), after];
    }
    const [before, after] = this.#split(tree.left, address);
    return [before, this.#below(tree, after, tree.right)];
  }

  /** Merges two trees. All spaces of the first are before those of the second. */
  #merge(before: Tree, after: Tree): Tree {
    if (before === null) return after;
    if (after === null) return before;
    return before.priority > after.priority
      ? this.#below(before, before.left, this.#merge(before.right, after))
      : this.#below(after, this.#merge(before, after.left), after.right);
  }

  /** If the last space ends at an address: the tree without it, and that space. */
  #withoutLast(tree: Tree, end: number): [rest: Tree, last: Tree] {
    if (tree === null) return [null, null];
    if (tree.right === null) return tree.end === end ? [tree.left, tree] : [tree, null];
    const [rest, last] = this.#withoutLast(tree.right, end);
    return last === null ? [tree, null] : [this.#below(tree, tree.left, rest), last];
  }

  /** If the first space starts at an address: the tree without it, and that space. */
  #withoutFirst(tree: Tree, start: number): [rest: Tree, first: Tree] {
    if (tree === null) return [null, null];
    if (tree.left === null) return tree.start === start ? [tree.right, tree] : [tree, null];
    const [rest, first] = this.#withoutFirst(tree.left, start);
    return first === null ? [tree, null] : [this.#below(tree, rest, tree.right), first];
  }

  /** The same space with other subtrees. */
  #below({ start, end, priority }: Space, left: Tree, right: Tree): Space {
    return this.#space(start, end, priority, left, right);
  }

  #space(start: number, end: number, priority: number, left: Tree, right: Tree): Space {
    this.#built++;
    const longest = Math.max(end - start, left?.longest ?? 0, right?.longest ?? 0);
    return { start, end, priority, longest, left, right };
  }
}

/** A pseudo-random 32-bit number, different for every address. Source: the finalizer of MurmurHash3 */
function scrambled(address: number): number {
  let bits = Math.imul(address ^ (address >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
