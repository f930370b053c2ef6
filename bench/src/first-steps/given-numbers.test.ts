import { expect, it } from "vitest";
import { givenInput, givenNumbers, givenState, scattered } from "./given-numbers.js";

it("equals the finalizer of MurmurHash3", () => {
  // The value for 1 is from fmix32 in the reference implementation.
  expect([...scattered(2, 0)]).toEqual([0, 0x514e28b7]);
  expect(scattered(3, 5)[2]).toBe(scattered(1, 7)[0]);
});

it("gives numbers from −1 to 1, and classes below their number", () => {
  const numbers = givenNumbers(1000, 1);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(Math.min(...numbers)).toBeLessThan(-0.9);
  expect(new Set(givenInput({ shape: [100], high: 3 }, 0).dataSync())).toEqual(new Set([0, 1, 2]));
});

it("gives weights in the order of their names, for any order of the model's parameters", () => {
  const shapes: [string, number[]][] = [
    ["b.weight", [2, 4]],
    ["a.weight", [3]],
    ["b.bias", [2]],
  ];
  const [one, other] = [shapes, [...shapes].reverse()].map((order) => givenState(new Map(order)));
  for (const [name, value] of one) expect(value.dataSync()).toEqual(other.get(name)!.dataSync());
  expect([...one.get("a.weight")!.dataSync()]).toEqual([1, 1, 1]);
  expect(one.get("b.bias")!.dataSync()[0]).toBeCloseTo(givenNumbers(1, 2 ** 20)[0] / 10);
  expect(one.get("b.weight")!.dataSync()[0]).toBeCloseTo(givenNumbers(1, 2 ** 21)[0] * Math.sqrt(3 / 4));
});
