import { grad, recordAssignments } from "@stargrad/autograd";
import {
  defaultGenerator,
  getEngine,
  manualSeed,
  referenceEngine,
  setEngine,
  tensor,
  WasmEngine,
  type Tensor,
} from "@stargrad/tensor";
import { afterEach, describe, expect, it } from "vitest";
import { asScan, randomLoop, unrolled, worldOf, type Loop, type RandomLoop } from "./random-loops.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

/** What can be seen of a loop: its value, what its derivatives of each order add up to, draws and changes. */
function seenOf({ inputs, value }: RandomLoop, loop: Loop, orders: readonly number[]) {
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

function expectSame(seed: number, orders: readonly number[]): void {
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

const seeds = Array.from({ length: 30 }, (_, i) => i);

describe("a random loop", () => {
  it.each(seeds)("%i is the plain loop, with its derivatives, draws and changes", (seed) => {
    expectSame(seed, [0, 1, 2]);
  });

  it.each([3, 8, 22])("%i has the third derivatives of the plain loop", (seed) => {
    expectSame(seed, [3]);
  });

  it.each(seeds.slice(0, 10))("%i is the same on threads, and on the reference engine", (seed) => {
    const loop = randomLoop(seed);
    const expected = seenOf(loop, asScan, [0, 1]);
    using threaded = new WasmEngine({ threads: 3, waitForThreads: true, leastWork: 0 });
    setEngine(threaded);
    expect(seenOf(loop, asScan, [0, 1])).toEqual(expected);
    setEngine(referenceEngine);
    for (const [order, { value }] of seenOf(loop, asScan, [0, 1]).entries()) {
      expect(value).toBeCloseTo(expected[order].value, 8);
    }
  });
});
