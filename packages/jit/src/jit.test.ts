import { assignAll, backward, Buffer, grad, Parameter } from "@stargrad/autograd";
import { observeNodes } from "@stargrad/graph/internal";
import {
  Generator,
  getEngine,
  normal,
  ones,
  referenceEngine,
  scan,
  setEngine,
  tensor,
  type Tensor,
} from "@stargrad/tensor";
import { afterEach, describe, expect, it } from "vitest";
import { jit } from "./index.js";

const engine = getEngine();

afterEach(() => {
  setEngine(engine);
});

/** A function that counts how often it is called, recorded. */
function counting<F extends (...inputs: never[]) => ReturnType<F>>(f: F) {
  const calls = { count: 0 };
  const counted = (...inputs: Parameters<F>): ReturnType<F> => {
    calls.count++;
    return f(...inputs);
  };
  // TypeScript cannot relate the parameters of a generic function to tensors.
  return { calls, recorded: jit(counted as unknown as (...inputs: Tensor[]) => Tensor) };
}

const random = (seed: number, ...shape: number[]): Tensor =>
  normal(shape, { generator: new Generator(seed) });

describe("jit", () => {
  it("calls the function once for each shape, and gives its numbers to the bit", () => {
    const f = (x: Tensor, w: Tensor) => x.matmul(w).tanh().softmax();
    const { calls, recorded } = counting(f);
    const w = random(0, 4, 3);
    const counts = [2, 5, 2, 5, 2].map((rows, i) => {
      const x = random(i, rows, 4);
      expect(recorded(x, w).dataSync()).toEqual(f(x, w).dataSync());
      return calls.count;
    });
    expect(counts).toEqual([1, 2, 2, 2, 2]);
  });

  it("builds no graph from the second call on", () => {
    const recorded = jit((x: Tensor) => x.exp().sum().add(1));
    recorded(ones([3]));
    let operations = 0;
    const observer = observeNodes((node) => {
      if (node.operation !== null) operations++;
    });
    try {
      recorded(tensor([1, 2, 3]));
    } finally {
      observeNodes(observer);
    }
    expect(operations).toBe(0);
  });

  it("takes and returns tensors in arrays and plain objects, and numbers that change", () => {
    const recorded = jit(({ x, by }: { x: readonly Tensor[]; by: Tensor }) => ({
      scaled: x.map((each) => each.mul(by)),
      sum: x[0].add(x[1]),
    }));
    for (const by of [2, 3]) {
      const { scaled, sum } = recorded({ x: [tensor([1, 2]), tensor([3, 4])], by });
      expect(scaled.map((each) => [...each.dataSync()])).toEqual([
        [by, 2 * by],
        [3 * by, 4 * by],
      ]);
      expect([...sum.dataSync()]).toEqual([4, 6]);
    }
    const named = jit((inputs: { a: Tensor; b: Tensor }) => inputs.a.sub(inputs.b));
    expect(named({ a: 3, b: 1 }).itemSync()).toBe(2);
    expect(named({ b: 1, a: 3 }).itemSync()).toBe(2);
  });

  it("reads variables as they are, and carries out what is assigned to them", () => {
    const weight = new Parameter(tensor([1, 2]));
    const total = new Buffer(tensor([0, 0]));
    const add = jit((x: Tensor) => {
      assignAll([[total, total.add(x.mul(weight))]]);
    });
    const returned: unknown = (add as (x: Tensor) => unknown)(tensor([1, 1]));
    expect(returned).toBeUndefined();
    weight.assign(tensor([10, 20]));
    add(tensor([1, 1]));
    expect([...total.dataSync()]).toEqual([11, 22]);
  });

  it("draws other numbers at each call, those that the function draws", () => {
    const [plain, recorded] = [new Generator(5), new Generator(5)];
    const noisy = (generator: Generator) => (x: Tensor) => x.add(normal([3], { generator }));
    const [f, g] = [noisy(plain), jit(noisy(recorded))];
    const drawn = [1, 2, 3].map((i) => {
      const expected = f(tensor([i, i, i])).dataSync();
      expect(g(tensor([i, i, i])).dataSync()).toEqual(expected);
      return String(expected);
    });
    expect(new Set(drawn).size).toBe(3);
    expect(recorded.state()).toEqual(plain.state());
  });

  it("differentiates inside", () => {
    const slope = jit((x: Tensor) => grad((each: Tensor) => each.pow(3).sum())(x));
    expect([...slope(tensor([1, 2])).dataSync()]).toEqual([3, 12]);
    expect([...slope(tensor([3, 4])).dataSync()]).toEqual([27, 48]);
  });

  it("records anew when a parameter is frozen, and for another engine", () => {
    const weight = new Parameter(tensor([2]));
    const { calls, recorded } = counting((x: Tensor) => x.mul(weight));
    recorded(tensor([1]));
    weight.requiresGradient = false;
    recorded(tensor([1]));
    setEngine(referenceEngine);
    expect(recorded(tensor([4])).itemSync()).toBe(8);
    recorded(tensor([1]));
    expect(calls.count).toBe(3);
  });

  it("calls the function directly inside of another recorded function, and in the body of a loop", () => {
    const inner = jit((x: Tensor) => x.mul(2).add(1));
    const outer = jit((x: Tensor) => grad((each: Tensor) => inner(each).square().sum())(x));
    for (const x of [1, 2]) expect(outer(tensor([x])).itemSync()).toBe(4 * (2 * x + 1));
    const { carry } = scan((sum: Tensor) => ({ carry: inner(sum) }), tensor([1]), null, { length: 5 });
    expect(carry.itemSync()).toBe(63);
  });

  it("returns values: no gradient passes through them", () => {
    const weight = new Parameter(tensor([2]));
    const y = jit((x: Tensor) => x.mul(weight))(tensor([3]));
    expect(() => {
      backward(y.sum());
    }).toThrow("backward: the loss depends on no parameter");
  });

  it("changes nothing when it throws, and can be called again", () => {
    const total = new Buffer(tensor([0]));
    const look = jit((index: Tensor) => {
      const row = tensor([1, 2, 3]).take(index);
      assignAll([[total, total.add(row.sum())]]);
      return row;
    });
    const at = (i: number) => tensor([i], { dtype: "int32" });
    look(at(1));
    expect(() => look(at(7))).toThrow("got the index 7");
    expect(total.itemSync()).toBe(2);
    look(at(2));
    expect(total.itemSync()).toBe(5);
  });

  it("names values that cannot be recorded, and invalid inputs", () => {
    const weight = new Parameter(tensor([1]));
    expect(() => jit((x: Tensor) => x.mul(x.sum().itemSync()))(tensor([1]))).toThrow(
      "data: a tensor is read inside of a function that is recorded",
    );
    const leaves = jit((x: Tensor) => {
      const loss = x.mul(weight).sum();
      backward(loss);
      return loss;
    });
    expect(() => leaves(tensor([1]))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: the function leaves a gradient in a parameter of shape [1], but a recorded function has to end with each \`grad\` null. Return gradients from the function (\`grad\`, \`vjp\`), set \`grad\` to null before the function returns, or use trainStep]`,
    );
    expect(weight.grad).toBeNull();
    const before = weight.mul(2);
    expect(() => jit((x: Tensor) => x.add(before))(tensor([1]))).toThrow("before it was recorded");
    expect(() => jit((x: Tensor) => x)(weight)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: tensor 0 of the inputs, of shape [1], depends on parameters or on inputs being differentiated, and no gradient would reach them. Use the parameters and differentiate inside of the function, or pass \`detach()\` of the tensor]`,
    );
    const any = jit((x: Tensor) => x) as (...inputs: unknown[]) => unknown;
    expect(() => any("x")).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: got a string for inputs[0]; expected tensors and numbers, in arrays and plain objects. Do not pass values that are the same at every call: let the function use them from its enclosing scope]`,
    );
    expect(() => any({ x: new Float32Array(2) })).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: got an object of the class Float32Array for inputs[0].x; expected tensors and numbers, in arrays and plain objects. Do not pass values that are the same at every call: let the function use them from its enclosing scope]`,
    );
    expect(() => any(Promise.resolve(tensor(1)))).toThrow("Await the promise before the call");
    expect(() => any([undefined])).toThrow("got undefined for inputs[0][0]");
    for (const result of ["a", 3, null, Promise.resolve(1), { a: [true] }, new Map()]) {
      const returns = jit((() => result) as unknown as () => Tensor);
      expect(() => returns()).toThrow("expected tensors, in arrays and plain objects");
    }
  });
});
