import { Placeholder, type Node, type TensorType } from "@stargrad/graph";
import { Tensor, zeros } from "@stargrad/tensor";
import { traceBody } from "@stargrad/tensor/internal";
import { createBackwardLoop, type BackwardParts, type Loop } from "./backward-loop.js";
import { gradientOrder, leadingTo } from "./gradient-order.js";

/** The largest number of bytes kept of the iterations for the gradient. If more would be needed, only the carries are kept. */
const defaultKeptBytesBound = 256 * 2 ** 20;

/** The signature of `pullBack`. It is passed in because it calls `scanGradient`: an import would be circular. */
export type PullBack = (
  roots: readonly (readonly [root: Tensor, gradient: Tensor])[],
  targets: ReadonlySet<Node>,
  options: { readonly boundary: ReadonlySet<Node> },
) => Map<Node, Tensor>;

/**
 * The gradient of a loop: a loop in the other direction, whose carries are the gradients of the carries. Takes the gradients
 * of the outputs, by index, and returns those of the `wanted` inputs; `null` for an input without gradient.
 *
 * `pullBack` is called once, to record one backward iteration of the body, which may contain loops. The values of the forward
 * iteration that it reads are either kept, as further results of the forward loop, or recomputed (see `Keepable`). The
 * gradient of a constant is summed over the iterations outside of the loop if that is one operation (see `sumOutside`), else
 * in a carry.
 */
export function scanGradient(
  loop: Loop,
  gradients: ReadonlyMap<number, Tensor>,
  wanted: (index: number) => boolean,
  pullBack: PullBack,
  keptBytesBound = defaultKeptBytesBound,
): (Tensor | null)[] {
  const { body, length, reverse } = loop.scan.attributes;
  const formals = [...body.constants, ...body.carries, ...body.sequences];
  const targets = new Set(formals.filter((_, index) => wanted(index)));
  const ends = activeCarries(loop, gradients, targets).map((index) => ({
    carry: body.carries[index],
    end: body.next[index],
    formal: new Placeholder(body.next[index]),
    initial: (gradients.get(index) ?? zerosLike(body.next[index])).node,
  }));
  const slices = [...gradients].flatMap(([index, { node }]) => {
    if (index < body.next.length) return [];
    const result = body.results[index - body.next.length];
    return [{ result, formal: new Placeholder(result), actual: node }];
  });
  const roots = [
    ...ends.map(({ end, formal }) => [new Tensor(end), new Tensor(formal)] as const),
    ...slices.map(({ result, formal }) => [new Tensor(result), new Tensor(formal)] as const),
  ];
  const extent = { length, reverse: !reverse };
  const traced = traceBody(() => {
    const pulled = pullBack(roots, new Set([...targets, ...ends.map(({ carry }) => carry)]), {
      boundary: new Set(formals),
    });
    const next = ends.map(({ carry }) => (pulled.get(carry) ?? zerosLike(carry)).node);
    return { pulled, next };
  }, extent);

  const { pulled, next } = traced.result;
  const arrived = (inputs: readonly Node[]): Node[] =>
    inputs.filter((input) => targets.has(input) && pulled.has(input));
  const gradientOf = (formal: Node): Node[] => {
    const gradient = pulled.get(formal);
    return gradient === undefined ? [] : [gradient.node];
  };
  const [summed, stacked] = [arrived(body.constants), arrived(body.sequences)];
  const parts: BackwardParts = {
    extent,
    carries: ends.map(({ formal, initial }, i) => ({ formal, initial, next: next[i] })),
    gradients: slices,
    traced,
    summed: summed.flatMap(gradientOf),
    stacked: stacked.flatMap(gradientOf),
  };
  const { carries, sums, stacks } = createBackwardLoop(loop, parts, keptBytesBound);
  const found = new Map([
    ...ends.map(({ carry }, i) => [carry, carries[i]] as const),
    ...summed.map((constant, i) => [constant, sums[i]] as const),
    ...stacked.map((sequence, i) => [sequence, stacks[i]] as const),
  ]);
  return formals.map((formal) => (targets.has(formal) ? (found.get(formal) ?? null) : null));
}

/** The indices of the carries that receive a gradient and pass it on to a target. */
function activeCarries(
  { scan }: Loop,
  gradients: ReadonlyMap<number, Tensor>,
  targets: ReadonlySet<Node>,
): number[] {
  const { body } = scan.attributes;
  const formals = new Set([...body.constants, ...body.carries, ...body.sequences]);
  const indices = body.carries.map((_, index) => index);

  const order = gradientOrder([...body.next, ...body.results], formals);
  const leading = closureOf(new Set(indices.filter((index) => targets.has(body.carries[index]))), (known) => {
    const through = leadingTo(
      new Set([...targets, ...[...known].map((index) => body.carries[index])]),
      order,
    );
    return indices.filter((index) => through.has(body.next[index]));
  });
  const results = body.results.filter((_, i) => gradients.has(body.next.length + i));
  const reached = closureOf(new Set(indices.filter((index) => gradients.has(index))), (known) => {
    const roots = [...results, ...[...known].map((index) => body.next[index])];
    const met = new Set(gradientOrder(roots, formals));
    return indices.filter((index) => met.has(body.carries[index]));
  });
  return indices.filter((index) => leading.has(index) && reached.has(index));
}

/** The closure of a set under `follow`: adds the results until no new element is found. */
function closureOf(
  known: Set<number>,
  follow: (known: ReadonlySet<number>) => readonly number[],
): Set<number> {
  for (let size = -1; size < known.size;) {
    size = known.size;
    for (const index of follow(known)) known.add(index);
  }
  return known;
}

function zerosLike({ shape, dtype }: TensorType): Tensor {
  return zeros(shape, { dtype });
}
