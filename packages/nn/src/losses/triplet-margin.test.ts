import { backward, Parameter } from "@stargrad/autograd";
import { ones, tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { tripletMarginLoss } from "../index.js";

describe("tripletMarginLoss", () => {
  it("has a finite gradient where anchor and positive are the same", () => {
    const anchor = new Parameter(ones([2, 3]));
    const loss = tripletMarginLoss(anchor, ones([2, 3]), zeros([2, 3]), { margin: 4 });
    expect(loss.itemSync()).toBeCloseTo(4 - Math.sqrt(3), 5);
    backward(loss);
    expect(anchor.grad?.isFinite().all().toArraySync()).toBe(true);
  });

  it("is 0 where the negative is far enough away", () => {
    const loss = tripletMarginLoss(zeros([2]), tensor([0, 1]), tensor([3, 0]), { margin: 1.5 });
    expect(loss.itemSync()).toBe(0);
  });

  it("says which shapes and options do not fit", () => {
    const x = zeros([4, 3]);
    expect(() => tripletMarginLoss(x, x, zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: tripletMarginLoss: got [4, 3], [4, 3], [3]; expected vectors of one shape, [N, D] or [D]]`,
    );
    expect(() => tripletMarginLoss(x, x, x, { margin: 0 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tripletMarginLoss: got margin 0; expected a number above 0]`,
    );
    expect(() => tripletMarginLoss(x, x, x, { order: -1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: tripletMarginLoss: got order -1; expected a number above 0]`,
    );
  });
});
