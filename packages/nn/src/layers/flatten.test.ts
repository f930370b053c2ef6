import { zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { Flatten } from "../index.js";

describe("Flatten", () => {
  it("keeps the batch, also an empty one", () => {
    expect(new Flatten().forward(zeros([2, 3, 4])).shape).toEqual([2, 12]);
    expect(new Flatten().forward(zeros([0, 3, 4])).shape).toEqual([0, 12]);
    expect(new Flatten({ startAxis: -2, endAxis: -2 }).forward(zeros([2, 3])).shape).toEqual([2, 3]);
  });

  it("reports its name, the input and the expected shape", () => {
    // @ts-expect-error TypeScript sees it too
    expect(() => new Flatten().forward(zeros([5]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Flatten(): got [5]; expected at least 2 axes]`,
    );
    // @ts-expect-error TypeScript sees it too
    expect(() => new Flatten({ startAxis: -3 }).forward(zeros([5, 2]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Flatten({ startAxis: -3 }): got [5, 2]; expected at least 3 axes]`,
    );
  });
});
