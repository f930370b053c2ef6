import { CheckError, referenceEngine } from "@stargrad/graph";
import { afterEach, describe, expect, it } from "vitest";
import { check, getEngine, setEngine, tensor, type Tensor } from "../index.js";
import { nonFiniteCode } from "../internal.js";

const engine = getEngine();
afterEach(() => {
  setEngine(engine);
});

const options = { called: "test", problems: ["is one", "is two"], hint: "Take 0" };
const codes = (...values: number[]): Tensor => tensor(values, { dtype: "int32" });

describe.each([engine, referenceEngine])("check on the engine $name", (each) => {
  it("returns codes that are 0, and conditions that are false", () => {
    setEngine(each);
    expect(check(codes(0, 0).mul(1), options).toArraySync()).toEqual([0, 0]);
    expect(check(tensor([1, 2]).greater(2), options).toArraySync()).toEqual([0, 0]);
  });

  it("throws the message of the first code that is not 0", () => {
    setEngine(each);
    const checked = check(codes(0, 2, 1).mul(1), options);
    expect(() => checked.dataSync()).toThrow("test: is two. Take 0");
    expect(() => check(codes(-7), { called: "test", problems: [] }).dataSync()).toThrow(
      "test: found the code -7",
    );
    const error = (() => {
      try {
        checked.dataSync();
        return null;
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(CheckError);
    expect((error as CheckError).code).toBe(2);
  });

  it("throws the message of its own check if two checks share their codes", () => {
    setEngine(each);
    const same = codes(1).mul(1);
    const [first, second] = ["first", "second"].map((problem) =>
      check(same, { called: "test", problems: [problem] }),
    );
    expect(() => first.add(second).dataSync()).toThrow("test: first");
    expect(() => second.add(first).dataSync()).toThrow("test: second");
  });

  it("fails a program that does not use the codes otherwise", () => {
    setEngine(each);
    const x = tensor([1, NaN, 3]);
    const guarded = x.add(check(nonFiniteCode(x).max(), { called: "test", problems: ["NaN"] }));
    expect(() => guarded.sum().itemSync()).toThrow("test: NaN");
  });
});

describe("check", () => {
  it("accepts only int32 and bool", () => {
    expect(() => check(tensor([0.5]), options)).toThrowErrorMatchingInlineSnapshot(
      `[DTypeError: check: got codes float32 [1]; expected int32 or bool. Cast with x.cast("int32")]`,
    );
  });
});

describe("nonFiniteCode", () => {
  it.each(["float32", "float64"] as const)("classifies non-finite %s", (dtype) => {
    const x = tensor([0, -1.5, NaN, Infinity, -Infinity, 3e38], { dtype });
    expect(nonFiniteCode(x).dtype).toBe("int32");
    expect(nonFiniteCode(x).toArraySync()).toEqual([0, 0, 1, 2, 3, 0]);
  });
});
