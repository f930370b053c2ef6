import { backward, Parameter } from "@stargrad/autograd";
import { tensor, zeros } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { klDivLoss } from "../index.js";

describe("klDivLoss", () => {
  it("has no loss and a finite gradient where the target is 0", () => {
    const x = new Parameter(tensor([-1, -2]));
    const target = new Parameter(tensor([0, 1]));
    const losses = klDivLoss(x, target, { reduction: "none" });
    expect(losses.toArraySync()).toEqual([0, 2]);
    backward(losses.sum());
    expect(x.grad?.toArraySync()).toEqual([-0, -1]);
    expect(target.grad?.toArraySync()).toEqual([1, 3]);
  });

  it("is 0 for two distributions that are the same", () => {
    const x = tensor([
      [1, 2, 3],
      [0, 0, 5],
    ]).logSoftmax();
    expect(klDivLoss(x, x, { logTarget: true, reduction: "batchmean" }).itemSync()).toBe(0);
    expect(klDivLoss(x, x.exp(), { reduction: "batchmean" }).itemSync()).toBeCloseTo(0, 6);
  });

  it("does not hide a NaN or a negative probability", () => {
    expect(klDivLoss(zeros([1]), tensor([NaN])).itemSync()).toBeNaN();
    expect(klDivLoss(zeros([1]), tensor([-0.5])).itemSync()).toBeNaN();
  });

  it("checks its shapes and its reduction", () => {
    expect(() => klDivLoss(zeros([4, 3]), zeros([3]))).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: klDivLoss: got [4, 3] and the target [3]; expected one shape. A loss does not broadcast; reshape one of them]`,
    );
    expect(() =>
      klDivLoss(zeros([]), zeros([]), { reduction: "batchmean" }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: klDivLoss: got []; expected [N, …] for the reduction batchmean]`,
    );
    const reduction = "average" as "mean";
    expect(() => klDivLoss(zeros([1]), zeros([1]), { reduction })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: klDivLoss: got reduction "average"; expected "none", "mean", "batchmean" or "sum"]`,
    );
  });
});
