import { Parameter } from "@stargrad/autograd";
import { eye, Generator, normal, tensor, zeros, type Tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Muon, type MuonOptions } from "./index.js";

/** How far one step moves a matrix of zeros. */
function move(gradient: Tensor, options: MuonOptions = {}): Tensor {
  const parameter = new Parameter(zeros(gradient.shape, { dtype: gradient.dtype }));
  parameter.grad = gradient;
  new Muon([parameter], { learningRate: 1, weightDecay: 0, ...options }).step();
  return parameter.neg();
}

function largestDifference(a: Tensor, b: Tensor): number {
  return a.sub(b).abs().amax().itemSync();
}

describe("Muon", () => {
  // Coefficients that converge, where the default ones stay between 0.7 and 1.2 and get there sooner.
  const converging = { coefficients: [1.875, -1.25, 0.375], iterations: 30 } as const;

  it("steps by an orthogonal matrix, whatever the gradient's size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.nat(),
        (rows, more, size, seed) => {
          const dtype = "float64";
          const noise = normal([rows, rows + more], { generator: new Generator(seed), dtype });
          // Away from matrices without full rank, which have no nearest orthogonal one.
          const gradient = eye(rows, rows + more, { dtype })
            .mul(8)
            .add(noise)
            .mul(size);
          const step = move(gradient, converging);
          expect(largestDifference(step.matmul(step.transpose()), eye(rows, rows, { dtype }))).toBeLessThan(
            1e-6,
          );
        },
      ),
      { numRuns: sized({ short: 5, long: 20 }) },
    );
  });

  it("treats a tall matrix as the transpose of a wide one, but for √(rows / columns)", () => {
    const gradient = normal([6, 2], { generator: new Generator(1), dtype: "float64" });
    const wide = move(gradient.transpose());
    expect(largestDifference(move(gradient), wide.transpose().mul(Math.sqrt(3)))).toBeLessThan(1e-12);
    const matched = move(gradient, { matchAdamW: true });
    expect(largestDifference(matched, wide.transpose().mul(0.2 * Math.sqrt(6)))).toBeLessThan(1e-12);
  });

  it("stays where it is when the gradient is 0, but for the decay", () => {
    expect(move(zeros([2, 3])).toArraySync()).toEqual(zeros([2, 3]).neg().toArraySync());
    const parameter = new Parameter(tensor([[8]]));
    parameter.grad = tensor([[0]]);
    new Muon([parameter], { learningRate: 0.5, weightDecay: 0.25 }).step();
    expect(parameter.itemSync()).toBe(7);
  });

  it("takes matrices only", () => {
    expect(
      () => new Muon([new Parameter(zeros([2, 2])), new Parameter(zeros([2]))]),
    ).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: Muon: got a parameter of shape [2]; expected matrices. Optimize the other parameters with AdamW]`,
    );
  });

  it("checks its options", () => {
    const make = (options: MuonOptions) => () => new Muon([new Parameter(zeros([2, 2]))], options);
    expect(make({ momentum: 1 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Muon: got momentum 1; expected a number of at least 0 and below 1]`,
    );
    expect(make({ iterations: 0.5 })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: Muon: got iterations 0.5; expected a whole number of at least 1]`,
    );
    expect(make({ weightDecay: -1 })).toThrow("Muon: got weightDecay -1");
    expect(make({ epsilon: -1 })).toThrow("Muon: got epsilon -1");
  });
});
