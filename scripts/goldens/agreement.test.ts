import { describe, expect, it } from "vitest";

import { compare } from "./agreement.js";

const verdict = (a: string, b: string) => compare(Buffer.from(a), Buffer.from(b)).verdict;

describe("compare", () => {
  it("finds equal files the same", () => {
    expect(compare(Buffer.from("[1]"), Buffer.from("[1]"))).toEqual({ verdict: "same", reason: "" });
  });

  it("takes the last digits of numbers for rounding, and noise around zero", () => {
    expect(verdict("[0.3661922162818002,1]", "[0.36619221628180026,1]")).toBe("rounding");
    expect(verdict("[-2.3e-15]", "[2.4e-15]")).toBe("rounding");
    expect(verdict("[1e-6]", "[1.0e-06]")).toBe("rounding");
    expect(compare(Buffer.from("[2]"), Buffer.from("[2.000000001]")).reason).toBe(
      "differs by rounding, at most by 5.0e-10",
    );
  });

  it("says where and how a number has changed", () => {
    expect(compare(Buffer.from("[1,\n0.5]"), Buffer.from("[1,\n0.50001]"))).toEqual({
      verdict: "different",
      reason: 'line 2: "0.5]" is now "0.50001]"',
    });
    expect(verdict("[1e-12]", "[2e-12]")).toBe("different");
    expect(verdict("[1]", "[-1]")).toBe("different");
    expect(verdict("[1]", "[NaN]")).toBe("different");
  });

  it("notices text that has changed, was added or is gone", () => {
    expect(verdict('{"x":1}', '{"y":1}')).toBe("different");
    expect(verdict("[1]", "[1,2]")).toBe("different");
    expect(verdict("[1,2]", "[1]")).toBe("different");
    expect(verdict("1 2", "1 ")).toBe("different");
  });

  it("knows numbers from digits inside of words, hashes and base64", () => {
    expect(verdict('"x1e3"', '"x1000"')).toBe("different");
    expect(verdict('"AAAA+10000000000="', '"AAAA+10000000001="')).toBe("different");
  });

  it("compares files that are not text by their bytes", () => {
    expect(verdict("\x001", "\x001.0")).toBe("different");
  });
});
