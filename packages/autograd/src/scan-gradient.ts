import { Placeholder, type Node, type TensorType } from "@stargrad/graph";
import { Tensor, zeros } from "@stargrad/tensor";
import { traceBody } from "@stargrad/tensor/internal";
import { createBackwardLoop, type BackwardParts, type Loop } from "./backward-loop.js";
import { gradientOrder, leadingTo } from "./gradient-order.js";

/** All that is kept of the iterations for the gradient takes no more than this; otherwise only the carries are kept. */
const defaultKeptBytesBound = 256 * 2 ** 20;

/** How gradients go back through a graph: `pullBack`, which asks for the gradient of a loop and is asked here in turn. */
export type PullBack = (
  roots: readonly (readonly [root: Tensor, gradient: Tensor])[],
  targets: ReadonlySet<Node>,
  options: { readonly boundary: ReadonlySet<Node> },
) => Map<Node, Tensor>;

/**
 * The gradient of a loop: a loop in the other direction, which carries the gradients of the carries. From the gradients of the
 * outputs, by index, to those of the inputs that are `wanted`; `null` where there is none.
 *
 * In each iteration, `pullBack` takes the gradient back through the body once: there may be loops in it too. What it reads of the iteration forwards is either kept, as
 * a further result of the loop forwards, or computed once more (see `Keepable`). What iterations add to the gradient of a constant is
 * added up outside of the loop where that is one operation (see `sumOutside`), and is else carried along.
 */
export function scanGradient(
  loop: Loop,
  gradients: ReadonlyMap<number, Tensor>,
  wanted: (place: number) => boolean,
  pullBack: PullBack,
  keptBytesBound = defaultKeptBytesBound,
): (Tensor | null)[] {
  const { body, length, reverse } = loop.scan.attributes;
  const formals = [...body.constants, ...body.carries, ...body.sequences];
  const targets = new Set(formals.filter((_, place) => wanted(place)));
  const ends = activeCarries(loop, gradients, targets).map((place) => ({
    carry: body.carries[place],
    end: body.next[place],
    formal: new Placeholder(body.next[place]),
    initial: (gradients.get(place) ?? zerosLike(body.next[place])).node,
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

/** The carries, by their places, that a gradient comes to and through which it reaches a target. */
function activeCarries(
  { scan }: Loop,
  gradients: ReadonlyMap<number, Tensor>,
  targets: ReadonlySet<Node>,
): number[] {
  const { body } = scan.attributes;
  const formals = new Set([...body.constants, ...body.carries, ...body.sequences]);
  const places = body.carries.map((_, place) => place);

  const order = gradientOrder([...body.next, ...body.results], formals);
  const leading = grown(new Set(places.filter((place) => targets.has(body.carries[place]))), (known) => {
    const through = leadingTo(
      new Set([...targets, ...[...known].map((place) => body.carries[place])]),
      order,
    );
    return places.filter((place) => through.has(body.next[place]));
  });
  const results = body.results.filter((_, i) => gradients.has(body.next.length + i));
  const reached = grown(new Set(places.filter((place) => gradients.has(place))), (known) => {
    const roots = [...results, ...[...known].map((place) => body.next[place])];
    const met = new Set(gradientOrder(roots, formals));
    return places.filter((place) => met.has(body.carries[place]));
  });
  return places.filter((place) => leading.has(place) && reached.has(place));
}

/** A set with what follows from it, and from that, until nothing new does. */
function grown(known: Set<number>, follow: (known: ReadonlySet<number>) => readonly number[]): Set<number> {
  for (let size = -1; size < known.size;) {
    size = known.size;
    for (const place of follow(known)) known.add(place);
  }
  return known;
}

function zerosLike({ shape, dtype }: TensorType): Tensor {
  return zeros(shape, { dtype });
}
