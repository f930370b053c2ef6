import { grad } from "@stargrad/autograd";
import { recordAssignments } from "@stargrad/autograd/internal";
import { defaultGenerator, manualSeed, tensor, type Tensor } from "@stargrad/tensor";
import { expect } from "vitest";
import { asScan, randomLoop, unrolled, worldOf, type Loop, type RandomLoop } from "./random-loops.js";

/** What can be seen of a loop: its value, what its derivatives of each order add up to, draws and changes. */
export function seenOf({ inputs, value }: RandomLoop, loop: Loop, orders: readonly number[]) {
  return orders.map((order) => {
    manualSeed(5);
    const world = worldOf(6);
    const f = (...given: Tensor[]): Tensor => value(loop, world, ...given);
    const { result, assignments } = recordAssignments(() => derivativesOf(f, order)(...inputs));
    return {
      value: result.itemSync(),
      changed: [...(assignments.get(world.buffer)?.dataSync() ?? [])],
      drawn: defaultGenerator().state(),
    };
  });
}

type Numeric = (...inputs: Tensor[]) => Tensor;

/** A number made of all derivatives of an order, each of which weighs differently. */
function derivativesOf(f: Numeric, order: number): Numeric {
  if (order === 0) return f;
  const below = derivativesOf(f, order - 1);
  return (...inputs) =>
    inputs.reduce(
      (sum: Tensor, _, argument) =>
        sum.add(
          grad(below, { argument })(...inputs)
            .sin()
            .sum()
            .mul(argument + 1),
        ),
      tensor(0, { dtype: "float64" }),
    );
}

/** Fails unless a random loop as `scan` and as a plain loop have the same values, derivatives, draws and changes. */
export function expectPlainLoop(seed: number, orders: readonly number[]): void {
  const loop = randomLoop(seed);
  const [got, expected] = [asScan, unrolled].map((way) => seenOf(loop, way, orders));
  got.forEach(({ value, changed, drawn }, i) => {
    const wanted = expected[i];
    const difference = Math.abs(value - wanted.value);
    expect(difference, `order ${orders[i]}: ${value} and ${wanted.value}`).toBeLessThan(
      1e-9 * (1 + Math.abs(wanted.value)),
    );
    expect(changed).toHaveLength(wanted.changed.length);
    for (const [k, element] of changed.entries()) expect(element).toBeCloseTo(wanted.changed[k], 10);
    expect(drawn).toEqual(wanted.drawn);
  });
}
