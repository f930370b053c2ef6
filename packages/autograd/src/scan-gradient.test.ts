import { type Node } from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import {
  getEngine,
  referenceEngine,
  scan,
  setEngine,
  detach,
  tensor,
  where,
  type Tensor,
} from "@stargrad/tensor";
import { sampled, sized } from "@stargrad/graph/testing";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { loopCases, random, type Loop } from "../scripts/loop-cases.js";
import { unrolled } from "../scripts/unrolled.js";
import { Buffer, checkGradient, detectAnomaly, grad, hvp, jvp, Parameter } from "./index.js";
import { recordAssignments } from "./internal.js";
import { pullBack } from "./pull-back.js";
import { scanGradient } from "./scan-gradient.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

function expectClose(got: Tensor, expected: Tensor): void {
  expect(got.shape).toEqual(expected.shape);
  const wanted = expected.dataSync();
  got.dataSync().forEach((element, i) => {
    expect(Math.abs(element - wanted[i])).toBeLessThan(1e-12 * (1 + Math.abs(wanted[i])));
  });
}

/** The loops whose second derivatives are checked. */
const checkedTwice = new Set<unknown>(sampled(Object.keys(loopCases), 5));

/** The loops whose tangents are checked: those, and some others. */
const checkedForward = new Set<unknown>([...checkedTwice, ...sampled(Object.keys(loopCases), 3)]);

describe.each(sampled(Object.entries(loopCases), 3))(
  "the gradient of a loop, %s",
  (name, { f, inputs, otherGradient }) => {
    const [looped, plain] = [f(scan as Loop), f(unrolled as Loop)];

    it("is that of the unrolled loop, in every input", () => {
      expectClose(looped(...inputs), plain(...inputs));
      inputs.forEach((_, argument) => {
        expectClose(grad(looped, { argument })(...inputs), grad(plain, { argument })(...inputs));
      });
    });

    if (otherGradient === true) return;

    it("agrees with central differences, and so does the second gradient", () => {
      checkGradient(looped, inputs);
      if (checkedTwice.has(name)) checkGradient(looped, inputs, { order: 2 });
    });

    if (!checkedForward.has(name)) return;

    it("has correct jvp and hvp", () => {
      const tangents = inputs.map(({ shape }, i) => random(20 + i, ...shape));
      expectClose(jvp(looped, [...inputs], tangents).tangent, jvp(plain, [...inputs], tangents).tangent);
      if (!checkedTwice.has(name)) return;
      const [got, expected] = [hvp(looped, [...inputs], tangents), hvp(plain, [...inputs], tangents)];
      got.product.forEach((each, i) => {
        expectClose(each, expected.product[i]);
      });
    });
  },
);

describe("random loops", () => {
  type Step = (tensors: Tensor[]) => Tensor;
  const pick = (tensors: readonly Tensor[], place: number): Tensor => tensors[place % tensors.length];
  const unary = fc.constantFrom(
    (x: Tensor) => x.tanh(),
    (x: Tensor) => x.sin().transpose(),
    (x: Tensor) => x.sum({ axis: 0, keepDims: true }).expand([2, 2]).mul(0.3),
    (x: Tensor) => x.sigmoid().flip(0),
    (x: Tensor) =>
      x
        .reshape([4])
        .slice([[0, 2]])
        .unsqueeze(0)
        .expand([2, 2]),
    (x: Tensor) => detach(x.cos()),
  );
  const binary = fc.constantFrom(
    (x: Tensor, y: Tensor) => x.matmul(y).tanh(),
    (x: Tensor, y: Tensor) => x.mul(y),
    (x: Tensor, y: Tensor) => x.sub(y).mul(0.5),
    (x: Tensor, y: Tensor) => where(x.greater(y), x, y.mul(0.5)),
  );
  const step = fc.oneof(
    fc.tuple(unary, fc.nat(20)).map(
      ([f, a]): Step =>
        (tensors) =>
          f(pick(tensors, a)),
    ),
    fc.tuple(binary, fc.nat(20), fc.nat(20)).map(
      ([f, a, b]): Step =>
        (tensors) =>
          f(pick(tensors, a), pick(tensors, b)),
    ),
  );
  const body = fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: 12 }),
    carries: fc.array(fc.nat(20), { maxLength: 3 }),
    results: fc.array(fc.nat(20), { maxLength: 3 }),
    length: fc.integer({ min: 1, max: 4 }),
    reverse: fc.boolean(),
  });

  it("have the values, gradients and Hessian products of unrolled ones", () => {
    // Each has a structure of its own, which is not worth compiling; tests/random-loops.long.test.ts compiles such loops.
    setEngine(referenceEngine);
    fc.assert(
      fc.property(body, fc.nat(1e6), ({ steps, carries, results, length, reverse }, seed) => {
        const f =
          (loop: Loop) =>
          (constant: Tensor, start: Tensor, x: Tensor): Tensor => {
            const { carry, y } = loop(
              (carried: Tensor[], slice: Tensor) => {
                const tensors = [slice, constant, ...carried];
                for (const each of steps) tensors.push(each(tensors));
                const backwards = tensors.reverse();
                return {
                  carry: carries.map((place) => pick(backwards, place)),
                  y: results.map((place) => pick(backwards, place)),
                };
              },
              carries.map((place) => start.mul(place + 1)),
              x,
              { reverse },
            );
            return [...carry, ...y].reduce((sum, each, i) => sum.add(each.mul(i + 0.5).sum()), start.sum());
          };
        const inputs = [random(seed, 2, 2), random(seed + 1, 2, 2), random(seed + 2, length, 2, 2)] as const;
        const tangents = inputs.map(({ shape }, i) => random(seed + 3 + i, ...shape)) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        const [got, expected] = [
          hvp(f(scan as Loop), [...inputs], tangents),
          hvp(f(unrolled as Loop), [...inputs], tangents),
        ];
        expectClose(got.value, expected.value);
        inputs.forEach((_, i) => {
          expectClose(got.grad[i], expected.grad[i]);
          expectClose(got.product[i], expected.product[i]);
        });
      }),
      { numRuns: sized({ short: 15, long: 60 }) },
    );
  });
});

describe("what a loop keeps for its gradient", () => {
  const [w, h0, x] = [random(1, 2, 2), random(2, 1, 2), random(3, 4, 1, 2)];
  const layer = (weights: Tensor, start: Tensor, sequence: Tensor): Tensor =>
    scan((h, each) => ({ carry: h.matmul(weights).add(each).tanh().mul(h), y: h }), start, sequence).y.sum();

  /** Every loop that a tensor depends on. */
  const loopsBehind = (tensors: readonly Tensor[]): Node[] =>
    topologicalOrder(
      tensors.map(({ node }) => node),
      () => true,
    ).filter(({ operation }) => operation?.primitive === "scan");

  it("is the carry and expensive nodes; products for weights are computed outside", () => {
    const gradient = grad(layer)(w, h0, x);
    const bodies = loopsBehind([gradient]).map(({ operation }) =>
      operation?.primitive === "scan" ? operation.attributes.body : null,
    );
    expect(bodies.map((body) => body?.results.map((node) => node.operation?.primitive ?? "formal"))).toEqual([
      ["formal", "tanh"],
      ["mul"],
    ]);
    // Nothing but the gradient of the state is carried.
    expect(bodies[1]?.carries.map(({ shape }) => shape)).toEqual([[1, 2]]);
  });

  it("is only the carry if the rest is too large, with the same gradients", () => {
    const gradientsWithin = (bound: number) => {
      const y = layer(new Parameter(w), new Parameter(h0), new Parameter(x));
      const [bundle] = loopsBehind([y]);
      if (bundle.operation?.primitive !== "scan") throw new Error("the layer loops");
      const loop = { bundle, scan: bundle.operation };
      const gradients = scanGradient(loop, new Map([[1, random(9, 4, 1, 2)]]), () => true, pullBack, bound);
      return { body: loop.scan.attributes.body, gradients };
    };
    const [lean, generous] = [gradientsWithin(0), gradientsWithin(Infinity)];
    expect(lean.body.results).toEqual([lean.body.carries[0]]);
    expect(generous.body.results).toHaveLength(2);
    expect(lean.gradients).toHaveLength(3);
    lean.gradients.forEach((each, i) => {
      const other = generous.gradients[i];
      if (each === null || other === null) throw new Error("every input has a gradient");
      expectClose(each, other);
    });
  });
});

describe("a long loop", () => {
  it("of 2,000 iterations has a gradient without stack overflow", () => {
    const decay = (rate: Tensor): Tensor =>
      scan((h: Tensor) => ({ carry: h.mul(rate), y: h }), tensor(1, { dtype: "float64" }), null, {
        length: 2000,
      }).y.sum();
    const rate = 0.999;
    const expected = Array.from({ length: 2000 }, (_, n) => n * rate ** (n - 1)).reduce((a, b) => a + b);
    expect(grad(decay)(tensor(rate, { dtype: "float64" })).itemSync()).toBeCloseTo(expected, 4);
  });

  it("in float32 agrees with the plain loop", () => {
    const [a, x] = [random(1, 3).cast("float32"), random(2, 20, 3).cast("float32")];
    const f = (loop: Loop) => (start: Tensor) =>
      loop((h: Tensor, each: Tensor) => ({ carry: h.mul(each).sin() }), start, x).carry.sum();
    const [got, expected] = [grad(f(scan as Loop))(a), grad(f(unrolled as Loop))(a)];
    expect(got.dtype).toBe("float32");
    got.dataSync().forEach((element, i) => {
      expect(element).toBeCloseTo(expected.dataSync()[i], 6);
    });
  });
});

it("the gradient uses the value of a variable in each iteration, also if that value was pending", () => {
  const x = tensor(1, { dtype: "float64" });
  const factor = new Buffer(tensor(2, { dtype: "float64" }));
  const f = (given: Tensor): Tensor =>
    scan(
      (h) => {
        const next = h.mul(factor);
        factor.assign(factor.mul(0.5));
        return { carry: next };
      },
      given,
      null,
      { length: 2 },
    ).carry;
  // The second loop begins with what the first one has assigned.
  const { result } = recordAssignments(() => [grad(f)(x), grad(f)(x)]);
  expect(result.map((each) => each.itemSync())).toEqual([2 * 1, 0.5 * 0.25]);
});

describe("detectAnomaly", () => {
  it("names the operation in the body, and the line that called it", () => {
    const x = tensor([4, 1, 0, -1], { dtype: "float64" });
    const f = (): Tensor =>
      scan((h, each) => ({ carry: h.add(each.sqrt()) }), tensor(0, { dtype: "float64" }), x).carry;
    expect(() => detectAnomaly(f)).toThrow(/detectAnomaly: sqrt made NaN in element \[\] of \[\], called at/);
  });

  it("names the differentiated operation", () => {
    const x = tensor([4, 1, 0], { dtype: "float64" });
    const f = (each: Tensor): Tensor =>
      scan((h, slice) => ({ carry: h.add(slice.sqrt()) }), tensor(0, { dtype: "float64" }), each).carry;
    expect(() => detectAnomaly(() => grad(f)(x))).toThrow(/the derivative of sqrt made Infinity/);
  });

  it("finds nothing in a loop without NaN and infinities", () => {
    const x = tensor([4, 1], { dtype: "float64" });
    const f = (each: Tensor): Tensor =>
      scan((h, slice) => ({ carry: h.add(slice.sqrt()) }), tensor(0, { dtype: "float64" }), each).carry;
    expect(detectAnomaly(() => grad(f)(x)).toArraySync()).toEqual([0.25, 0.5]);
  });
});

describe("sums in a body", () => {
  it("may have many parts", () => {
    const f = (w: Tensor): Tensor =>
      scan(
        (carry: Tensor, x: Tensor) => {
          let sum = carry;
          for (let i = 0; i < 3000; i++) sum = sum.add(w);
          return { carry: sum.mul(x) };
        },
        tensor([0, 0], { dtype: "float64" }),
        tensor(
          [
            [1, 1],
            [1, 1],
          ],
          { dtype: "float64" },
        ),
      ).carry.sum();
    expect(grad(f)(tensor([1, 2], { dtype: "float64" })).toArraySync()).toEqual([6000, 6000]);
  });

  it("may have equal parts many times", () => {
    const f = (w: Tensor): Tensor =>
      scan(
        (carry: Tensor, x: Tensor) => {
          let sum: Tensor = w.add(x);
          for (let i = 0; i < 60; i++) sum = sum.add(sum);
          return { carry: carry.add(sum) };
        },
        tensor([0, 0], { dtype: "float64" }),
        tensor(
          [
            [1, 1],
            [1, 1],
          ],
          { dtype: "float64" },
        ),
      ).carry.sum();
    expect(grad(f)(tensor([1, 2], { dtype: "float64" })).toArraySync()).toEqual([2 ** 61, 2 ** 61]);
  });
});
