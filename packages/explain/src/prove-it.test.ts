import { backward, Parameter } from "@stargrad/autograd";
import { tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { proveIt } from "./prove-it.js";

describe("proveIt", () => {
  for (const dtype of ["float32", "float64"] as const) {
    it(`measures the slope that equals the gradient, in ${dtype}`, async () => {
      const w = new Parameter(tensor([[0.5, -1.5, 2]], { dtype }));
      const proof = await proveIt(w, [0, 1], { loss: () => w.sin().mul(w).sum() });
      expect(proof.blame).toBeCloseTo(Math.sin(-1.5) - 1.5 * Math.cos(-1.5), 5);
      expect(Math.abs(proof.slope - proof.blame)).toBeLessThan(dtype === "float32" ? 2e-3 : 1e-8);
    });
  }

  it("restores the weight and its gradient", async () => {
    const w = new Parameter(tensor([0.1, 0.2]));
    backward(w.square().sum());
    const before = [w.dataSync(), w.grad?.dataSync()];
    await proveIt(w, [1], { loss: () => w.sum() });
    await expect(
      proveIt(w, [0], {
        loss: () => {
          throw new Error("no");
        },
      }),
    ).rejects.toThrow("no");
    expect([w.dataSync(), w.grad?.dataSync()]).toEqual(before);
  });

  it("rejects an index out of range", async () => {
    const w = new Parameter(tensor([[1, 2]]));
    await expect(proveIt(w, [0, 2], { loss: () => w.sum() })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: proveIt: got the index [0, 2] for a parameter of shape [1, 2]]`,
    );
  });
});
