import { assignAll, backward, Buffer, grad, Parameter } from "@stargrad/autograd";
import {
  concat,
  Generator,
  normal,
  realize,
  scan,
  tensor,
  uniform,
  where,
  type Tensor,
} from "@stargrad/tensor";
import { jit } from "stargrad";
import { describe, expect, it } from "vitest";

// Functions put together at random, with variables that they read and assign, and draws: a recorded one gives the numbers of the
// function, to the bit, and leaves behind what the function leaves behind.

/** What a function goes by besides its inputs, and what it changes. */
class World {
  readonly generator = new Generator(5);
  readonly weight = new Parameter(normal([width, width], { generator: new Generator(1) }));
  readonly bias = new Parameter(normal([width], { generator: new Generator(2) }));
  readonly total = new Buffer(tensor(0));
  readonly mean = new Buffer(normal([width], { generator: new Generator(3) }));
  readonly constant = normal([width], { generator: new Generator(4) });

  state(): unknown[] {
    const variables = [this.weight, this.bias, this.total, this.mean];
    return [...variables.map((variable) => variable.dataSync()), this.generator.state()];
  }
}

/** One step of a function: what it makes of a table of numbers [N, width]. */
type Step = (x: Tensor, y: Tensor, world: World) => Tensor;

const width = 6;

const steps: readonly Step[] = [
  (x) => x.tanh(),
  (x) => x.mul(0.3).exp(),
  (x) => x.square().add(1).log(),
  (x) => x.relu().sub(x.mul(0.1)),
  (x, y) => x.mul(y),
  (x, y) => x.div(y.abs().add(0.5)),
  (x, _, { weight }) => x.matmul(weight),
  (x, _, { weight, bias }) => x.matmul(weight.transpose()).add(bias).relu(),
  (x, y) => x.matmul(y.transpose()).mul(0.1).softmax().matmul(y),
  (x) => x.softmax(),
  (x, _, { mean }) => x.sub(mean),
  (x, _, { constant }) => x.add(constant),
  (x) => x.sub(x.mean({ axis: 0, keepDims: true })),
  (x) => x.div(x.square().mean({ axis: -1, keepDims: true }).add(1e-3).sqrt()),
  (x) => x.flip(1),
  (x) => concat([x.narrow(1, 3, 3), x.narrow(1, 0, 3)], { axis: 1 }),
  (x, y) => where(x.greater(y), x, y.mul(0.5)),
  (x) => x.take(x.sum({ axis: 0 }).argsort(), { axis: 1 }),
  (x) => x.cumsum({ axis: 1 }).mul(0.3),
  (x) => x.add(x.argmax({ axis: 1, keepDims: true }).cast("float32").mul(0.1)),
  (x, _, { generator }) => x.add(normal(x.shape, { generator })),
  (x, _, { generator }) => x.mul(uniform([width], { generator })),
  (x) => grad((each: Tensor) => each.sigmoid().square().sum())(x),
  (x, _, { weight, bias }) => {
    backward(x.matmul(weight).tanh().sum());
    const gradient = weight.grad!;
    for (const parameter of [weight, bias]) parameter.grad = null;
    return x.matmul(gradient).mul(0.1);
  },
  (x) =>
    scan(
      (h: Tensor, row: Tensor) => {
        const next = h.mul(0.5).add(row).tanh();
        return { carry: next, y: next };
      },
      x.narrow(0, 0, 1).squeeze(0),
      x,
    ).y,
];

/** At most one of each is in a function: of a value that is replaced twice, the plain function could not read what it had before. */
const assignments: readonly Step[] = [
  (x, _, { total }) => {
    total.assign(total.add(x.sum()));
    return x.add(total.mul(1e-3));
  },
  (x, _, { mean, bias }) => {
    assignAll([
      [mean, mean.mul(0.9).add(x.mean({ axis: 0 }).mul(0.1))],
      [bias, bias.sub(x.mean({ axis: 0 }).mul(0.01)).stopGradient()],
    ]);
    return x;
  },
];

/** A function of a table, another, and a number: the outcome of the steps that a generator chooses. */
function randomFunction(seed: number) {
  const generator = new Generator(seed);
  const choose = (count: number): number => Math.floor(generator.uniform() * count);
  const chosen = Array.from({ length: 1 + choose(9) }, () => steps[choose(steps.length)]);
  for (const step of assignments) if (choose(3) === 0) chosen.splice(choose(chosen.length), 0, step);
  const returned = Array.from({ length: 1 + choose(3) }, () => choose(chosen.length));
  return (world: World) => (x: Tensor, y: Tensor, by: Tensor) => {
    let value = x.mul(by);
    const values = chosen.map((step) => (value = step(value, y, world)));
    return { last: value, some: returned.map((place) => values[place]), sum: value.sum() };
  };
}

describe("a function put together at random", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))("is itself when it is recorded (%i)", (seed) => {
    const f = randomFunction(seed);
    const worlds = [new World(), new World()];
    const [plain, recorded] = [f(worlds[0]), jit(f(worlds[1]))];
    for (let call = 0; call < 4; call++) {
      const generator = new Generator(100 + call);
      const rows = call === 2 ? 5 : 4;
      const [x, y] = [0, 1].map(() => normal([rows, width], { generator }));
      const results = [plain(x, y, tensor(call - 1)), recorded(x, y, call - 1)];
      const read = results.map(({ last, some, sum }) => {
        realize(last, ...some, sum);
        return [last, ...some, sum].map((each) => each.dataSync());
      });
      expect(read[1]).toEqual(read[0]);
      expect(worlds[1].state()).toEqual(worlds[0].state());
    }
  });
});
