import { describe, expect, it } from "vitest";
import { differences } from "./differences.js";

describe("differences", () => {
  const tree = { scene: { points: [0.1, -2e5], name: "Blame", end: null } };

  it("overlooks the last digits of a number, and nothing else", () => {
    expect(differences(tree, structuredClone(tree))).toEqual([]);
    expect(differences({ scene: { ...tree.scene, points: [0.1 + 1e-13, -2e5 - 1e-8] } }, tree)).toEqual([]);
    expect(differences({ scene: { ...tree.scene, points: [0.1 + 1e-11, -2e5] } }, tree)).toEqual([
      "it.scene.points.0: 0.10000000001 instead of 0.1",
    ]);
  });

  it("names what lacks, what is too much and what is of another kind", () => {
    expect(differences({ a: 1 }, { b: 1 })).toEqual([
      "it.a: 1 instead of undefined",
      "it.b: undefined instead of 1",
    ]);
    expect(differences([1], { 0: 1 })).toHaveLength(1);
    expect(differences({ a: null }, { a: {} })).toHaveLength(1);
    expect(differences({ a: "1" }, { a: 1 })).toEqual(["it.a: 1 instead of 1"]);
    expect(differences([NaN, Infinity], [NaN, -Infinity])).toEqual(["it.1: Infinity instead of -Infinity"]);
  });
});
