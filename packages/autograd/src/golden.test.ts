import { readFileSync } from "node:fs";
import * as sg from "@stargrad/tensor";
import { tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { backward, grad, Parameter, detach } from "./index.js";

/** A tensor as golden/make.py writes it down. */
interface Recorded {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What PyTorch was given, and the `.grad` it left; null where it left none. */
interface Golden {
  readonly inputs: readonly Recorded[];
  readonly gradients: readonly (Recorded | null)[];
}

const file = new URL("../golden/gradients.json", import.meta.url);
const goldens = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Golden>));

type Case = (...parameters: Parameter[]) => void;

function float64({ shape, data }: Recorded): Tensor {
  return tensor(Float64Array.from(data), { shape });
}

function vector(...elements: number[]): Tensor {
  return tensor(elements, { dtype: "float64" });
}

/** Sums y with the weights 1, 2, 3, … so that no two elements can be mistaken for each other. */
function weighed(y: Tensor): Tensor {
  const weights = Float64Array.from({ length: y.size }, (_, i) => i + 1);
  return y.mul(tensor(weights, { shape: y.shape })).sum();
}

/** A case that differentiates a function once. */
function once(f: (...inputs: Tensor[]) => Tensor): Case {
  return (...parameters) => {
    backward(weighed(f(...parameters)));
  };
}

/** A case that differentiates the gradient of a function. */
function twice(f: (x: Tensor) => Tensor): Case {
  return once(grad((x: Tensor) => weighed(f(x))));
}

function thrice(f: (x: Tensor) => Tensor): Case {
  return twice(grad((x: Tensor) => weighed(f(x))));
}

const backwardCases: Record<string, Case> = {
  "two backward calls accumulate": (x) => {
    backward(weighed(x.square()));
    backward(weighed(x.mul(3)));
  },
  "one loss twice counts twice": (x) => {
    const loss = weighed(x.pow(3));
    backward(loss);
    backward(loss);
  },
  "two losses share what they are computed from": (x, y) => {
    const hidden = x.mul(y).tanh();
    backward(hidden.sum());
    backward(hidden.square().sum());
  },
  "a gradient argument weighs the elements of the loss": (x) => {
    backward(x.square(), vector(1, 0, -1, 0.5, 2, 3).reshape([2, 3]));
  },
  "a gradient argument scales a scalar loss": (x) => {
    backward(x.square().sum(), tensor(-0.5, { dtype: "float64" }));
  },
  "an unused parameter has no gradient": (x) => {
    backward(weighed(x.square()));
  },
  "a parameter multiplied by 0 has the gradient 0": (x, y) => {
    backward(weighed(x.square().add(y.mul(0))));
  },
  "tied weights receive both gradients": (weight, x) => {
    backward(weighed(x.matmul(weight).tanh().matmul(weight.transpose())));
  },
  "a parameter used in one operation twice": (x) => {
    backward(weighed(x.mul(x).div(x.add(x))));
  },
  "detach cuts one of two paths": (x) => {
    backward(weighed(x.mul(detach(x))));
  },
  "detach cuts everything before it": (x, y) => {
    backward(weighed(detach(x.exp()).mul(y)));
  },
  "a frozen parameter has no gradient": (x, y) => {
    y.requiresGradient = false;
    backward(weighed(x.mul(y)));
  },
  "the loss is a parameter itself": (x) => {
    backward(x);
  },
};

const elementwise: Record<string, Case> = {
  add: once(sg.add),
  mul: once(sg.mul),
  div: once(sg.div),
  pow: once(sg.pow),
  maximum: once(sg.maximum),
  where: once((x, y) => sg.where(tensor([true, false, true]), x, y)),
};

const broadcasting: Record<string, Case> = {
  ...Object.fromEntries(
    [...goldens.keys()].flatMap((name) => {
      const [, operation = ""] = /^(\w+) of \[.*\] and \[.*\]$/.exec(name) ?? [];
      return operation in elementwise ? [[name, elementwise[operation]]] : [];
    }),
  ),
  "matmul with broadcast batches": once(sg.matmul),
  "matmul of a vector and a matrix": once(sg.matmul),
  "matmul over an empty axis": once(sg.matmul),
  expand: once((x) => x.expand([4, 2, 3])),
  "sum over an empty axis": once((x) => x.sum({ axis: 0 })),
  "prod over an empty axis": once((x) => x.prod({ axis: 0 })),
  "mean over several axes": once((x) => x.mean({ axis: [0, 2] })),
};

const kinks: Record<string, Case> = {
  "amax without axis shares among ties": once((x) => x.amax()),
  "amax along an axis shares among ties": once((x) => x.amax({ axis: 1 })),
  "amin without axis shares among ties": once((x) => x.amin()),
  "amin along an axis shares among ties": once((x) => x.amin({ axis: 0 })),
  "max without axis shares among ties": once((x) => x.max()),
  "min without axis shares among ties": once((x) => x.min()),
  "max along an axis goes to the index": once((x) => x.max({ axis: 1 }).values),
  "min along an axis goes to the index": once((x) => x.min({ axis: 1 }).values),

  "clamp at both bounds": once((x) => x.clamp({ min: -1, max: 1 })),
  "clamp at its lower bound": once((x) => x.clamp({ min: -1 })),
  "clamp at its upper bound": once((x) => x.clamp({ max: 1 })),

  abs: once(sg.abs),
  sign: once(sg.sign),
  relu: once(sg.relu),
  round: once(sg.round),
  floor: once(sg.floor),
  ceil: once(sg.ceil),
  softplus: once(sg.softplus),
  silu: once(sg.silu),
  gelu: once((x) => x.gelu()),
  "gelu by tanh": once((x) => x.gelu({ approximate: "tanh" })),

  "maximum of ties": once(sg.maximum),
  "minimum of ties": once(sg.minimum),
  mod: once(sg.mod),

  "std of equal elements": once((x) => x.std({ axis: 1 })),
  "variance of equal elements": once((x) => x.variance({ axis: 1 })),
  "variance without correction": once((x) => x.variance({ axis: 1, correction: 0 })),
  "norm at zero": once((x) => x.norm({ axis: 1 })),
  "norm of order 1 at zero": once((x) => x.norm({ axis: 1, order: 1 })),
  "norm of order 3 at zero": once((x) => x.norm({ axis: 1, order: 3 })),
  "norm of order 3": once((x) => x.norm({ axis: 1, order: 3 })),
  "norm of order Infinity": once((x) => x.norm({ axis: 1, order: Infinity })),

  "prod without zeros": once((x) => x.prod({ axis: 1 })),
  "prod with one zero": once((x) => x.prod({ axis: 1 })),
  "prod with two zeros": once((x) => x.prod()),

  "x to the power 0 at 0": once((x) => x.pow(0)),
  "x to the power 1 at 0": once((x) => x.pow(1)),
  "x to the power 2 at 0": once((x) => x.pow(2)),
  "x to the power 3 at 0": once((x) => x.pow(3)),
  "0 to a power, by the exponent": once((y) => sg.pow(0, y)),
  "pow by base and exponent": once(sg.pow),

  logsumexp: once((x) => x.logsumexp({ axis: 1 })),
  softmax: once((x) => x.softmax()),
  logSoftmax: once((x) => x.logSoftmax()),
  "softmax of large elements": once((x) => x.softmax()),
  "sort of ties": once((x) => x.sort().values),
  cumsum: once((x) => x.cumsum()),
  "gather of one place twice": once((x) => {
    const index = tensor(
      [
        [2, 2, 0],
        [0, 0, 0],
      ],
      { dtype: "int32" },
    );
    return x.gather(index, { axis: 1 });
  }),
  "take of one row twice": once((x) => x.take(tensor([1, 1, 0], { dtype: "int32" }))),
};

const differentiatedTwice: Record<string, (x: Tensor) => Tensor> = {
  "the cube": (x) => x.pow(3),
  tanh: (x) => x.tanh(),
  sigmoid: (x) => x.sigmoid(),
  "exp of the square": (x) => x.square().neg().exp(),
  gelu: (x) => x.gelu(),
  softmax: (x) => x.softmax(),
  logSoftmax: (x) => x.logSoftmax(),
  "the norm": (x) => x.norm(),
  "the product": (x) => x.prod({ axis: -1 }),
  "the standard deviation": (x) => x.std({ axis: -1 }),
  "the largest element": (x) => x.amax({ axis: -1 }).square(),
  "a quotient": (x) => x.div(x.square().add(1)),
};

const higherOrders: Record<string, Case> = {
  ...Object.fromEntries(
    Object.entries(differentiatedTwice).flatMap(([name, f]) => [
      [`grad of grad of ${name}`, twice(f)],
      [`grad of grad of ${name}, by rows`, twice(f)],
    ]),
  ),
  "grad of grad of a matrix product": twice((x) => x.matmul(x.transpose()).tanh()),
  "grad of grad of prod with a zero": twice((x) => x.prod()),
  "three times: tanh": thrice((x) => x.tanh()),
  "three times: softmax": thrice((x) => x.softmax()),
};

const groups = {
  backward: backwardCases,
  "gradients through broadcasting, 0-d and empty tensors": broadcasting,
  "gradients at kinks and of composed functions": kinks,
  "gradients of gradients": higherOrders,
};

/** The size of the numbers that were added up sets how far the last digit may be off. */
const tolerance = 1e-12;

function expectGradient(got: Tensor | null, expected: Recorded | null): void {
  expect(got?.shape ?? null).toEqual(expected?.shape ?? null);
  if (got === null || expected === null) return;
  expect(got.dtype).toBe("float64");
  const largest = Math.max(1, ...expected.data.map(Math.abs));
  got.dataSync().forEach((element, i) => {
    const error = Math.abs(element - expected.data[i]) / largest;
    expect(error, `element ${i}: got ${element}, expected ${expected.data[i]}`).toBeLessThan(tolerance);
  });
}

describe.each(Object.entries(groups))("%s, as PyTorch has them", (_, cases) => {
  it.each(Object.entries(cases))("%s", (name, run) => {
    const golden = goldens.get(name);
    expect(golden).toBeDefined();
    if (golden === undefined) return;
    const parameters = golden.inputs.map((input) => new Parameter(float64(input)));
    run(...parameters);
    parameters.forEach((parameter, i) => {
      expectGradient(parameter.grad, golden.gradients[i]);
    });
  });
});

it("every golden value is used", () => {
  const names = Object.values(groups).flatMap((cases) => Object.keys(cases));
  expect(new Set(names)).toEqual(new Set(goldens.keys()));
});
