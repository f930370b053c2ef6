import {
  mapTree,
  leavesOf,
  stack,
  type Iteration,
  type ScanOptions,
  type Tensor,
  type Tree,
} from "@stargrad/tensor";

/** What `scan` computes, as a plain loop: what its tests compare it with. */
export function unrolled(
  f: (carry: never, x: never) => Iteration<Tree, Tree | null | undefined>,
  initial: Tree,
  sequences: Tree | null,
  { length, reverse = false }: ScanOptions = {},
): { carry: never; y: never } {
  const steps = length ?? leavesOf(sequences as Tree)[0].shape[0];
  let carry = initial;
  const kept: Tree[] = [];
  for (let i = 0; i < steps; i++) {
    const place = reverse ? steps - 1 - i : i;
    const x = sequences === null ? null : mapTree(sequences, (each: Tensor): Tensor => each.select(0, place));
    const iteration = f(carry as never, x as never);
    carry = iteration.carry;
    kept.push(iteration.y ?? []);
  }
  if (reverse) kept.reverse();
  let leaf = 0;
  const y = mapTree(kept[0], (): Tensor => {
    const each = leaf++;
    return stack(kept.map((tree) => leavesOf(tree)[each]));
  });
  return { carry: carry as never, y: y as never };
}
