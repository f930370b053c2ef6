import { binaryNames, sizeOf, unaryNames, type Shape } from "@stargrad/graph";
import * as sg from "@stargrad/tensor";
import { Generator, tensor, uniform, type Tensor } from "@stargrad/tensor";
import { sampled } from "@stargrad/graph/testing";
import { describe, expect, it } from "vitest";
import { checkGradient } from "./index.js";

/** A function and inputs at which its first and second derivative are checked. */
interface Sample {
  readonly f: (...inputs: Tensor[]) => Tensor;
  readonly inputs: readonly Tensor[];
}

const generator = new Generator(7);

/** Random numbers in [low, high), no two closer than a finite difference reaches. */
function reals(shape: Shape, low = -2, high = 2): Tensor {
  const jitter = uniform(shape, { low: 0.2, high: 0.8, dtype: "float64", generator });
  const places = tensor(Float64Array.from(generator.permutation(sizeOf(shape))), { shape });
  return places
    .add(jitter)
    .mul((high - low) / sizeOf(shape))
    .add(low);
}

function positive(shape: Shape): Tensor {
  return reals(shape, 0.3, 2);
}

function index(...elements: number[]): Tensor {
  return tensor(elements, { dtype: "int32" });
}

function on(f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Sample {
  return { f, inputs };
}

const image = reals([1, 2, 4, 3]);
const mask = tensor([
  [true, false, true],
  [false, false, true],
]);
const grid = tensor(Int32Array.of(0, 2, 1, 1, 0, 0), { shape: [2, 3] });

/** Every function of @stargrad/tensor that has a derivative, except those that are one elementwise primitive. */
const functions: Record<string, readonly Sample[]> = {
  // Elementwise
  ceil: [on((x) => sg.ceil(x).mul(x), reals([2, 3]))],
  clamp: [
    on((x) => sg.clamp(x, { min: -1, max: 0.5 }), reals([2, 4])),
    on((x) => sg.clamp(x, { min: -1 }), reals([5])),
    on((x) => sg.clamp(x, { max: 0.5 }), reals([5, 1])),
  ],
  cast: [on((x) => sg.cast(x, "float64"), reals([3]))],
  erfinv: [on(sg.erfinv, reals([2, 4], -0.99, 0.99))],
  floorDivide: [on((a, b) => sg.floorDivide(a, b).mul(a), reals([3], 0.1, 0.9), reals([3], 1, 2))],
  logit: [
    on((x) => sg.logit(x), reals([2, 4], 0.1, 0.9)),
    on((x) => sg.logit(x, { epsilon: 0.2 }), reals([6], 0.05, 0.95)),
  ],
  reciprocal: [on(sg.reciprocal, positive([2, 3]))],
  rsqrt: [on(sg.rsqrt, positive([2, 3]))],
  square: [on(sg.square, reals([2, 3]))],
  tan: [on(sg.tan, reals([4], -1, 1))],
  where: [
    on((a, b) => sg.where(mask, a, b), reals([2, 3]), reals([1, 3])),
    on((a) => sg.where(a.greater(0), a, 0.5), reals([5])),
  ],

  // Activations
  gelu: [on((x) => sg.gelu(x), reals([2, 3])), on((x) => sg.gelu(x, { approximate: "tanh" }), reals([2, 3]))],
  glu: [on((x) => sg.glu(x), reals([2, 4])), on((x) => sg.glu(x, { axis: 0 }), reals([4, 3]))],
  relu: [on(sg.relu, reals([2, 4]))],
  silu: [on(sg.silu, reals([2, 3]))],
  softplus: [on(sg.softplus, reals([2, 4], -3, 3))],
  elu: [on((x) => sg.elu(x), reals([2, 3])), on((x) => sg.elu(x, { alpha: 0.4 }), reals([2, 3]))],
  hardtanh: [
    on((x) => sg.hardtanh(x), reals([2, 3])),
    on((x) => sg.hardtanh(x, { min: -3, max: 3 }), reals([5])),
  ],
  leakyRelu: [
    on((x) => sg.leakyRelu(x), reals([2, 3])),
    on((x) => sg.leakyRelu(x, { negativeSlope: -0.5 }), reals([2, 3])),
  ],
  mish: [on(sg.mish, reals([2, 3]))],
  prelu: [on(sg.prelu, reals([2, 3]), reals([3])), on(sg.prelu, reals([4]), reals([1]))],
  selu: [on(sg.selu, reals([2, 3]))],
  softmax: [on((x) => sg.softmax(x), reals([2, 3])), on((x) => sg.softmax(x, { axis: 0 }), reals([3, 1]))],
  logSoftmax: [
    on((x) => sg.logSoftmax(x), reals([2, 3])),
    on((x) => sg.logSoftmax(x, { axis: 0 }), reals([3, 2])),
  ],

  // Reductions
  sum: [on((x) => x.sum({ axis: [0, 2] }), reals([2, 3, 2]))],
  prod: [
    on((x) => x.prod({ axis: 1 }), reals([2, 3])),
    on((x) => x.prod(), tensor([2, 0, 3, 0.5], { dtype: "float64" })),
  ],
  mean: [on((x) => x.mean({ axis: -1, keepDims: true }), reals([2, 3])), on((x) => x.mean(), reals([4, 1]))],
  amax: [on((x) => x.amax({ axis: 0 }).square(), reals([3, 2])), on((x) => x.amax(), reals([5]))],
  amin: [on((x) => x.amin({ axis: 0 }).square(), reals([3, 2])), on((x) => x.amin(), reals([5]))],
  max: [on((x) => x.max({ axis: 1 }).values.square(), reals([2, 3])), on((x) => x.max(), reals([2, 3]))],
  min: [on((x) => x.min({ axis: 1 }).values.square(), reals([2, 3])), on((x) => x.min(), reals([2, 3]))],
  logsumexp: [
    on((x) => x.logsumexp({ axis: 1 }), reals([2, 3])),
    on((x) => x.logsumexp({ axis: [0, 1], keepDims: true }), reals([3, 1])),
  ],
  variance: [
    on((x) => x.variance({ axis: 1 }), reals([2, 3])),
    on((x) => x.variance({ correction: 0 }), reals([4, 1])),
  ],
  std: [on((x) => x.std({ axis: 1 }), reals([2, 3])), on((x) => x.std({ correction: 0 }), reals([4]))],
  norm: [
    on((x) => x.norm(), reals([2, 3])),
    on((x) => x.norm({ axis: 1, order: 1 }), reals([2, 3])),
    on((x) => x.norm({ axis: 1, order: 3 }), positive([2, 3])),
    on((x) => x.norm({ axis: 0, order: Infinity }), reals([3, 2])),
    on((x) => x.norm({ axis: 0, order: -Infinity }), reals([3, 2])),
  ],
  cumsum: [
    on((x) => sg.cumsum(x).square(), reals([2, 3])),
    on((x) => sg.cumsum(x, { axis: 0 }), reals([3, 1])),
  ],

  // Products
  matmul: [
    on(sg.matmul, reals([2, 1, 2, 3]), reals([2, 3, 1])),
    on(sg.matmul, reals([3]), reals([3, 2])),
    on(sg.matmul, reals([2, 3]), reals([3])),
    on(sg.matmul, reals([3]), reals([3])),
  ],
  dot: [on(sg.dot, reals([4]), reals([4]))],
  outer: [on(sg.outer, reals([2]), reals([3]))],
  einsum: [
    on((a, b) => sg.einsum("ij,jk->ik", a, b), reals([2, 3]), reals([3, 2])),
    on((a, b) => sg.einsum("bij,bjk->bk", a, b), reals([2, 2, 3]), reals([2, 3, 1])),
    on((a) => sg.einsum("ii->i", a), reals([3, 3])),
    on((a, b, c) => sg.einsum("i,ij,j->", a, b, c), reals([2]), reals([2, 3]), reals([3])),
    on((a, b) => sg.einsum("...i,i->...", a, b), reals([2, 1, 3]), reals([3])),
  ],

  // Shape
  reshape: [on((x) => x.reshape([3, -1]), reals([2, 3]))],
  flatten: [on((x) => x.flatten({ startAxis: 1 }), reals([2, 1, 3]))],
  permute: [on((x) => x.permute([2, 0, 1]), reals([2, 1, 3]))],
  transpose: [on((x) => x.transpose(), reals([2, 3])), on((x) => x.transpose(0, 2), reals([2, 1, 3]))],
  expand: [on((x) => x.expand([2, 4, 3]), reals([1, 3]))],
  squeeze: [on((x) => x.squeeze(), reals([2, 1, 3, 1]))],
  unsqueeze: [on((x) => x.unsqueeze(1), reals([2, 3]))],
  slice: [
    on((x) => x.slice([null, [1, null, 2]]), reals([2, 5])),
    on((x) => x.slice([[null, null, -2]]), reals([5, 1])),
  ],
  narrow: [on((x) => x.narrow(1, 1, 2), reals([2, 4]))],
  select: [on((x) => x.select(0, -1), reals([2, 3]))],
  flip: [on((x) => x.flip(), reals([2, 3])), on((x) => x.flip(0), reals([3, 1]))],
  pad: [
    on(
      (x) =>
        x.pad(
          [
            [1, 0],
            [0, 2],
          ],
          { value: 3 },
        ),
      reals([2, 3]),
    ),
  ],
  concat: [on((a, b) => sg.concat([a, b, a], { axis: 1 }), reals([2, 1]), reals([2, 3]))],
  stack: [on((a, b) => sg.stack([a, b], { axis: -1 }), reals([2, 3]), reals([2, 3]))],
  split: [
    on(
      (x) => {
        const [first, second] = x.split([1, 3], { axis: 1 });
        return first.mul(second);
      },
      reals([2, 4]),
    ),
  ],
  repeat: [on((x) => x.repeat([2, 1, 3]), reals([2, 1]))],
  roll: [on((x) => x.roll(2), reals([2, 5])), on((x) => x.roll(-1, { axis: 0 }), reals([3, 1]))],
  fold: [
    on((x) => x.fold({ lengths: [5], stride: 2 }).square(), reals([2, 2, 3])),
    on((x) => x.fold({ lengths: [4, 3], dilation: [2, 1] }).square(), reals([1, 2, 2, 2, 2])),
  ],
  unfold: [
    on((x) => x.unfold({ size: [2, 2] }), image),
    on((x) => x.unfold({ size: [2], stride: 2, dilation: 2 }), reals([2, 7])),
  ],

  // Indexing and order
  gather: [on((x) => x.gather(grid, { axis: 1 }), reals([2, 3]))],
  take: [
    on((x) => x.take(index(2, 0, 2)), reals([3, 2])),
    on((x) => x.take(index(1, 1), { axis: 1 }), reals([3, 2])),
  ],
  scatterAdd: [on((x, source) => x.scatterAdd(grid, source), reals([2, 4]), reals([2, 3]))],
  sort: [
    on((x) => x.sort().values.cumsum(), reals([2, 4])),
    on((x) => x.sort({ axis: 0, descending: true }).values.cumsum(), reals([3, 1])),
  ],
  topk: [
    on((x) => x.topk(2).values.square(), reals([2, 4])),
    on((x) => x.topk(1, { axis: 0, largest: false }).values, reals([3, 2])),
  ],
  tril: [on((x) => sg.tril(x), reals([3, 3])), on((x) => sg.tril(x, -1), reals([2, 3]))],
  triu: [on((x) => sg.triu(x), reals([3, 3])), on((x) => sg.triu(x, 1), reals([2, 3]))],

  // Compositions, as networks are built
  "a convolution": [
    on(
      (x, kernel) => sg.einsum("nchwij,ocij->nohw", x.unfold({ size: [2, 2] }), kernel),
      image,
      reals([2, 2, 2, 2]),
    ),
  ],
  "cross entropy": [
    on((logits) => logits.logSoftmax().gather(index(2, 0).unsqueeze(1)).mean().neg(), reals([2, 3])),
  ],
  attention: [
    on(
      (q, k, v) => q.matmul(k.transpose()).mul(0.5).softmax().matmul(v),
      reals([2, 3]),
      reals([4, 3]),
      reals([4, 2]),
    ),
  ],
  "layer norm": [
    on(
      (x) => {
        const centered = x.sub(x.mean({ axis: -1, keepDims: true }));
        return centered.div(x.variance({ axis: -1, keepDims: true, correction: 0 }).add(1e-5).sqrt());
      },
      reals([2, 4]),
    ),
  ],
};

/** Functions whose result does not vary with a real input, or is not real: there is nothing to differentiate. */
const withoutDerivative = [
  ...["greater", "greaterEqual", "isFinite", "isNaN", "logicalAnd", "logicalNot", "logicalOr", "notEqual"],
  ...["all", "allClose", "any", "argmax", "argmin", "argsort", "oneHot", "detach"],
  ...["arange", "eye", "fromData", "full", "fullLike", "linspace", "ones", "onesLike", "tensor", "zeros"],
  ...["zerosLike", "bernoulli", "normal", "randint", "randomBits", "uniform"],
  // The gradient of a loop is that of its body, which can be anything: see scan-gradient.test.ts.
  ...["scan"],
  ...["mapTree", "leavesOf"],
  ...[
    "check",
    "realize",
    "knownData",
    "getEngine",
    "setEngine",
    "defaultGenerator",
    "manualSeed",
    "formatShape",
    "sameShape",
  ],
];

const compositions = ["a convolution", "cross entropy", "attention", "layer norm"];

it("every function of @stargrad/tensor is checked here, is an elementwise primitive, or has no derivative", () => {
  const exported = Object.entries(sg).flatMap(([name, value]) =>
    typeof value === "function" && /^[a-z]/.test(name) ? [name] : [],
  );
  const accounted = [...Object.keys(functions), ...unaryNames, ...binaryNames, ...withoutDerivative];
  const missing = exported.filter((name) => !accounted.includes(name));
  expect(
    missing,
    "add samples of these to `functions` in this file, or list them in `withoutDerivative`",
  ).toEqual([]);
  const gone = accounted.filter((name) => ![...exported, ...compositions].includes(name));
  expect(gone, "these are not exported by @stargrad/tensor; take them off the lists in this file").toEqual(
    [],
  );
  expect(withoutDerivative.filter((name) => name in functions)).toEqual([]);
});

// rules.test.ts checks the second derivatives of the primitives that functions are composed of.
const checkedTwice = new Set(sampled(Object.values(functions).flat(), 4));

describe.each(Object.entries(functions))("%s", (_, samples) => {
  it.each(
    samples.map((sample) => ({
      ...sample,
      shapes: sample.inputs.map(({ shape }) => shape),
      orders: checkedTwice.has(sample) ? ([1, 2] as const) : ([1] as const),
    })),
  )("of $shapes: derivatives of order $orders", ({ f, inputs, orders }) => {
    const elements = inputs.reduce((total, { size }) => total + size, 0);
    for (const order of orders) expect(checkGradient(f, inputs, { order }).checked).toBe(elements);
  });
});
