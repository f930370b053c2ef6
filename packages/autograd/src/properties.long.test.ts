import { broadcastShapes } from "@stargrad/graph/internal";
import * as sg from "@stargrad/tensor";
import { concat, cumsum, einsum, Generator, normal, tensor, where, type Tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkGradient, grad, jvp, vjp } from "./index.js";

/** A step of a random graph: what is done to the tensor so far, and to one from before. All of them are smooth. */
type Step = (x: Tensor, other: Tensor) => Tensor;

const unary: Step[] = [
  (x) => x.neg(),
  (x) => x.exp().tanh(),
  (x) => x.expm1().atan(),
  (x) => x.sin(),
  (x) => x.cos(),
  (x) => x.atan(),
  (x) => x.tanh(),
  (x) => x.sigmoid(),
  (x) => x.erf(),
  (x) => x.sigmoid().log(),
  (x) => x.sigmoid().log1p(),
  (x) => x.square().add(1).sqrt(),
];

const binary: Step[] = [
  (x, other) => x.add(other).mul(0.5),
  (x, other) => x.sub(other).tanh(),
  (x, other) => x.mul(other).tanh(),
  (x, other) => x.div(other.square().add(1)),
  (x, other) => x.sigmoid().pow(other.sigmoid()),
  (x, other) => where(alternating(x), x, other),
];

const movement: Step[] = [
  (x) => x.sum({ axis: 0, keepDims: true }).tanh(),
  (x) => x.tanh().prod({ axis: -1, keepDims: true }),
  (x) => cumsum(x).tanh(),
  (x) => x.reshape([x.size, 1]),
  (x) => x.transpose(0, -1),
  (x) =>
    x
      .unsqueeze(0)
      .expand([2, ...x.shape])
      .flatten({ endAxis: 1 }),
  (x) => x.slice([[null, null, 2]]),
  (x) => x.flip(),
  (x) => x.pad([[1, 0], ...x.shape.slice(1).map(() => [0, 0] as const)], { value: 0.5 }),
  (x) => concat([x, x.neg()], { axis: -1 }),
  (x) => x.windows({ size: [1], stride: 1 }),
  (x) => x.take(tensor([0, 0], { dtype: "int32" })),
  (x) => x.matmul(x.transpose()).tanh(),
  (x) => x.logSoftmax(),
  (x) => einsum("...i,...i->...", x, x.sin()).tanh(),
];

/** True at every second element. */
function alternating(x: Tensor): Tensor {
  const flags = Uint8Array.from({ length: x.size }, (_, i) => i % 2);
  return tensor(flags, { dtype: "bool", shape: x.shape });
}

/** Brings a tensor to a size and a rank with which every step works. */
function tamed(x: Tensor): Tensor {
  const matrix = x.ndim < 2 ? x.reshape([1, x.size]) : x.ndim > 2 ? x.flatten({ endAxis: x.ndim - 2 }) : x;
  return matrix.slice([
    [0, 3],
    [0, 4],
  ]);
}

const recipe = fc.array(
  fc.record({
    step: fc.constantFrom(...unary, ...binary, ...movement),
    other: fc.nat(1000),
  }),
  { minLength: 5, maxLength: 50 },
);

type Recipe = readonly { readonly step: Step; readonly other: number }[];

/** The function that a recipe describes. Each step goes on from the last, so that none of them is without effect. */
function cooked(steps: Recipe): (a: Tensor, b: Tensor) => Tensor {
  return (a, b) => {
    const tensors = [tamed(b), tamed(a)];
    for (const { step, other } of steps) {
      const x = tensors[tensors.length - 1];
      const partner = tensors[other % tensors.length];
      const fits = partner.shape.every((length, axis) => length === x.shape[axis] || length === 1);
      tensors.push(tamed(step(x, fits ? partner : partner.mean())));
    }
    return tensors[tensors.length - 1].add(b.sum().mul(0.1));
  };
}

function random(seed: number, shape: readonly number[]): Tensor {
  return normal(shape, { dtype: "float64", std: 0.7, generator: new Generator(seed) });
}

function dot(a: Tensor, b: Tensor): number {
  return a.mul(b).sum().itemSync();
}

function expectClose(got: Tensor, expected: Tensor): void {
  expect(got.shape).toEqual(expected.shape);
  const wanted = expected.dataSync();
  got.dataSync().forEach((element, i) => {
    expect(Math.abs(element - wanted[i])).toBeLessThan(1e-10 * (1 + Math.abs(wanted[i])));
  });
}

describe("random graphs of 5 to 50 steps, a primitive or a few each", () => {
  const inputsOf = (seed: number): [Tensor, Tensor] => [random(seed, [2, 3]), random(seed + 1, [3])];

  it("have the gradient that central differences find", () => {
    fc.assert(
      fc.property(recipe, fc.nat(1e6), (steps, seed) => {
        expect(checkGradient(cooked(steps), inputsOf(seed)).checked).toBe(9);
      }),
      { numRuns: 30 },
    );
  });

  it("satisfy ⟨J v, u⟩ = ⟨v, Jᵀ u⟩", () => {
    fc.assert(
      fc.property(recipe, fc.nat(1e6), (steps, seed) => {
        const f = cooked(steps);
        const [a, b] = inputsOf(seed);
        const [v, w] = inputsOf(seed + 2);
        const { value, pullBack } = vjp(f, a, b);
        const u = random(seed + 4, value.shape);
        const [byA, byB] = pullBack(u);
        const pushed = dot(jvp(f, [a, b], [v, w]).tangent, u);
        expect(pushed).toBeCloseTo(dot(v, byA) + dot(w, byB), 8);
      }),
      { numRuns: 30 },
    );
  });

  it("pull gradients back linearly", () => {
    fc.assert(
      fc.property(recipe, fc.nat(1e6), fc.double({ min: -3, max: 3, noNaN: true }), (steps, seed, scale) => {
        const { value, pullBack } = vjp(cooked(steps), ...inputsOf(seed));
        const [u, v] = [random(seed + 4, value.shape), random(seed + 5, value.shape)];
        const together = pullBack(u.mul(scale).add(v));
        const [ofU, ofV] = [pullBack(u), pullBack(v)];
        together.forEach((gradient, i) => {
          expectClose(gradient, ofU[i].mul(scale).add(ofV[i]));
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe("broadcasting", () => {
  const operations: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
    add: sg.add,
    sub: sg.sub,
    mul: sg.mul,
    div: sg.div,
    maximum: sg.maximum,
    where: select,
  };

  function select(a: Tensor, b: Tensor): Tensor {
    return where(tensor([true]), a, b);
  }

  /** Two shapes that broadcast: one of up to three axes, and what is left of it after dropping and shrinking some. */
  const shapes = fc
    .array(fc.record({ length: fc.integer({ min: 0, max: 3 }), a: fc.boolean(), b: fc.boolean() }), {
      maxLength: 3,
    })
    .chain((axes) => fc.tuple(fc.constant(axes), fc.nat(axes.length), fc.nat(axes.length)))
    .map(([axes, dropA, dropB]): [number[], number[]] => [
      axes.map(({ length, a }) => (a ? 1 : length)).slice(dropA),
      axes.map(({ length, b }) => (b ? 1 : length)).slice(dropB),
    ]);

  it("is an explicit expand: the same values and the same gradients, in the shapes of the inputs", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...Object.values(operations)),
        fc.nat(1e6),
        (pair, operation, seed) => {
          const [a, b] = [
            random(seed, pair[0]),
            random(seed + 1, pair[1])
              .abs()
              .add(0.5),
          ];
          const shape = broadcastShapes("test", a.shape, b.shape);
          const weights = random(seed + 2, shape);
          const implicit = (x: Tensor, y: Tensor): Tensor => operation(x, y);
          const explicit = (x: Tensor, y: Tensor): Tensor => operation(x.expand(shape), y.expand(shape));
          expectClose(implicit(a, b), explicit(a, b));
          for (const argument of [0, 1] as const) {
            const gradientOf = (f: typeof implicit): Tensor =>
              grad((x: Tensor, y: Tensor) => f(x, y).mul(weights).sum(), { argument })(a, b);
            const gradient = gradientOf(implicit);
            expect(gradient.shape).toEqual([a, b][argument].shape);
            expectClose(gradient, gradientOf(explicit));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
