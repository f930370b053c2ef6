import { grad } from "@stargrad/autograd";
import { recordAssignments } from "@stargrad/autograd/internal";
import { defaultGenerator, manualSeed, tensor, type Tensor } from "@stargrad/tensor";
import { expect } from "vitest";
import { asScan, randomLoop, unrolled, worldOf, type Loop, type RandomLoop } from "./random-loops.js";

/** The observable results of a loop: its value, the sums of its derivatives of each order, its draws, and its assignments. */
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

/** A weighted sum of all derivatives of an order, each with a different weight. */
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

/** Fails unless a random loop has the same values, derivatives, draws and assignments as `scan` and as a plain loop. */
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
