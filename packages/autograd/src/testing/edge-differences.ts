/** One element of a result that is not PyTorch's. */
export interface Deviation {
  readonly call: string;
  readonly further?: readonly unknown[];
  readonly of: string;
  /** The inputs: one row of one tensor, or an element of each. */
  readonly at: readonly number[];
  readonly element: number;
  readonly goal: number;
  /** PyTorch's result of the call for this row. */
  readonly result: number;
}

/** A difference from PyTorch that is intended, and its reason. */
export interface Difference {
  readonly because: string;
  readonly calls: readonly string[];
  readonly where: (deviation: Deviation) => boolean;
}

/** Functions whose gradients subtract numbers close to each other, here and in PyTorch: their errors are relative to 1. */
export const cancelling: ReadonlySet<string> = new Set([
  "tanh",
  "sigmoid",
  "silu",
  "gelu",
  "mish",
  "softplus",
  "softmax",
  "logSoftmax",
  "logsumexp",
  "variance",
  "std",
  "norm",
]);

const isExtreme = (x: number): boolean => Math.abs(x) > 1e38 || (x !== 0 && Math.abs(x) < 1e-37);

export const differences: readonly Difference[] = [
  {
    because: "the sign of NaN is NaN, as NumPy's; PyTorch's is 0, and so is its gradient of |x|",
    calls: ["abs", "sign", "norm"],
    where: ({ at, element, goal }) => at.some(Number.isNaN) && Number.isNaN(element) && goal === 0,
  },
  {
    because: "PyTorch's gradient of expm1 is y + 1, which loses digits",
    calls: ["expm1"],
    where: ({ of, at: [x] }) => of !== "value" && x < -1,
  },
  {
    because: "PyTorch's softplus is linear from 20 on",
    calls: ["softplus"],
    where: ({ of, at: [x] }) => of === "second" && x === 20,
  },
  {
    because: "PyTorch computes some powers with sqrt, which knows neither −0 nor −∞",
    calls: ["pow"],
    where: ({ further: [exponent] = [], at: [x] }) =>
      [0.5, -0.5, 1.5].includes(Number(exponent)) && (x === 0 || x === -Infinity),
  },
  {
    because: "PyTorch's remainder is NaN where the quotient overflows; NumPy's is exact",
    calls: ["mod"],
    where: ({ element, goal }) => element === 0 && Number.isNaN(goal),
  },
  {
    because: "PyTorch multiplies ∞ by 0",
    calls: ["erf", "gelu", "mish", "elu", "selu", "logit", "norm", "pow"],
    where: ({ of, element, goal }) => of !== "value" && Number.isNaN(goal) && !Number.isNaN(element),
  },
  {
    because: "where the value is infinite or NaN, gradients depend on the order of operations",
    calls: ["gelu", "logit", "logSoftmax", "variance", "std", "norm", "logsumexp"],
    where: ({ of, result }) => of !== "value" && !Number.isFinite(result),
  },
  {
    because:
      "the powers of the smallest and the largest numbers vanish or overflow; PyTorch computes some in float64",
    calls: ["gelu", "std", "variance", "norm", "prod", "logsumexp"],
    where: ({ at }) => at.some(isExtreme),
  },
];
