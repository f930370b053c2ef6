/** A stretch of memory that nobody has, and the root of those below it in the tree. */
interface Space {
  readonly start: number;
  readonly end: number;
  /** A space is above all that have a smaller one. */
  readonly priority: number;
  /** How long the longest space is, of this one and all below it. */
  readonly longest: number;
  readonly left: Tree;
  readonly right: Tree;
}

type Tree = Space | null;

/**
 * The free stretches of a memory, in the order of their addresses, none of them neighbours.
 *
 * They are a treap: a search tree by address that is also a heap by priority, and each node knows the longest space below
 * it. So the first space that is long enough is found on one way down, and so are the neighbours of a space that is given
 * back. Priorities are scrambled addresses, which makes the depth that of a random tree, about 2 ln n: recursion is shallow.
 * Nodes never change: an operation builds those on its way anew and replaces the root at last, so one that throws half way
 * (at the end of the caller's stack, say) has changed nothing.
 *
 * First fit keeps what lives long at low addresses, and lets the end of the memory become free.
 *
 * Source: Seidel & Aragon, "Randomized Search Trees", 1996; Stephenson, "Fast Fits", 1983
 */
export class FreeSpaces {
  #root: Tree = null;
  #built = 0;

  /** How many nodes have been built so far: what the work is proportional to. */
  get built(): number {
    return this.#built;
  }

  /** Takes in a stretch, and joins it with its neighbours. */
  add(start: number, end: number): void {
    const [before, after] = this.#split(this.#root, start);
    const [left, previous] = this.#withoutLast(before, start);
    const [right, next] = this.#withoutFirst(after, end);
    const joined = this.#space(previous?.start ?? start, next?.end ?? end, scrambled(start), null, null);
    this.#root = this.#merge(this.#merge(left, joined), right);
  }

  /** The address of the first space of at least this length, from whose beginning so much is taken; `null` if there is none. */
  take(length: number): number | null {
    const root = this.#root;
    if (root === null || root.longest < length) return null;
    const [start, rest] = this.#takeFrom(root, length);
    this.#root = rest;
    return start;
  }

  /** Takes the last space if it ends here, and returns where it began; otherwise `end`. */
  takeEnd(end: number): number {
    const [rest, last] = this.#withoutLast(this.#root, end);
    this.#root = rest;
    return last?.start ?? end;
  }

  /** Where the first space begins that is long enough, of which there is one, and the tree without that part of it. */
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
    if (right === null) throw new Error("the longest space is not where the tree says it is");
    const [address, rest] = this.#takeFrom(right, length);
    return [address, this.#below(tree, left, rest)];
  }

  /** What begins before an address, and the rest. */
  #split(tree: Tree, address: number): [before: Tree, after: Tree] {
    if (tree === null) return [null, null];
    if (tree.start < address) {
      const [before, after] = this.#split(tree.right, address);
      return [this.#below(tree, tree.left, before), after];
    }
    const [before, after] = this.#split(tree.left, address);
    return [before, this.#below(tree, after, tree.right)];
  }

  /** One tree of two, the first of which lies before the second. */
  #merge(before: Tree, after: Tree): Tree {
    if (before === null) return after;
    if (after === null) return before;
    return before.priority > after.priority
      ? this.#below(before, before.left, this.#merge(before.right, after))
      : this.#below(after, this.#merge(before, after.left), after.right);
  }

  /** The tree without its last space if that ends at an address, and that space. */
  #withoutLast(tree: Tree, end: number): [rest: Tree, last: Tree] {
    if (tree === null) return [null, null];
    if (tree.right === null) return tree.end === end ? [tree.left, tree] : [tree, null];
    const [rest, last] = this.#withoutLast(tree.right, end);
    return last === null ? [tree, null] : [this.#below(tree, tree.left, rest), last];
  }

  /** The tree without its first space if that begins at an address, and that space. */
  #withoutFirst(tree: Tree, start: number): [rest: Tree, first: Tree] {
    if (tree === null) return [null, null];
    if (tree.left === null) return tree.start === start ? [tree.right, tree] : [tree, null];
    const [rest, first] = this.#withoutFirst(tree.left, start);
    return first === null ? [tree, null] : [this.#below(tree, rest, tree.right), first];
  }

  /** The same space with others below it. */
  #below({ start, end, priority }: Space, left: Tree, right: Tree): Space {
    return this.#space(start, end, priority, left, right);
  }

  #space(start: number, end: number, priority: number, left: Tree, right: Tree): Space {
    this.#built++;
    const longest = Math.max(end - start, left?.longest ?? 0, right?.longest ?? 0);
    return { start, end, priority, longest, left, right };
  }
}

/** A number of 32 bits that looks random, another for every address. Source: the finalizer of MurmurHash3 */
function scrambled(address: number): number {
  let bits = Math.imul(address ^ (address >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
