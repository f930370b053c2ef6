import { Buffer, detectAnomaly, grad, Parameter } from "@stargrad/autograd";
import { Generator, normal, ones, tensor, type Tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";
import { jit } from "./index.js";

// Values that TypeScript cannot reject: each either works, or throws an error that names it.

/** Records a function without type checking. */
const untyped = (f: (...inputs: never[]) => unknown) =>
  jit(f as unknown as (...inputs: Tensor[]) => Tensor) as (...inputs: unknown[]) => unknown;

const same = untyped((...inputs) => inputs);

function cyclic(): unknown[] {
  const list: unknown[] = [tensor(1)];
  list.push({ list });
  return list;
}

function nested(depth: number): unknown {
  let value: unknown = tensor(1);
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

describe("inputs", () => {
  it("may be undefined where they are optional", () => {
    const masked = jit(({ x, mask }: { x: Tensor; mask?: Tensor | undefined }, bias?: Tensor) => {
      const y = mask === undefined ? x : x.mul(mask);
      return bias === undefined ? y : y.add(bias);
    });
    const x = tensor([1, 2]);
    expect([...masked({ x, mask: undefined }, undefined).dataSync()]).toEqual([1, 2]);
    expect([...masked({ x, mask: tensor([0, 1]) }, undefined).dataSync()]).toEqual([0, 2]);
    expect([...masked({ x }, 3).dataSync()]).toEqual([4, 5]);
    expect(() => same([undefined])).toThrow("got undefined for inputs[0][0]");
    expect(() => same(undefined, 1)).toThrow("got undefined for inputs[0]");
  });

  it("may be many, and nested deeply", () => {
    const many = Array.from({ length: 150_000 }, () => tensor(1));
    const ends = untyped((list: Tensor[]) => list[0].add(list[list.length - 1]));
    expect((ends(many) as Tensor).itemSync()).toBe(2);
    expect(() => same(nested(400))).not.toThrow();
  });

  it.each([
    ["an array that contains itself", cyclic()],
    ["an array that is too deep", nested(100_000)],
  ])("are refused: %s", (_, input) => {
    expect(() => same(input)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: got inputs that are nested more than 500 levels deep, or that contain themselves. Pass a list or an object of tensors]`,
    );
  });

  it.each([
    ["the bigint 3", 3n],
    ["a function", () => 1],
    ["null", null],
    ["true", true],
    ["Symbol(x)", Symbol("x")],
    ["an object of the class Map", new Map()],
    // eslint-disable-next-line no-sparse-arrays -- what is meant
    ["undefined", [tensor(1), , tensor(2)]],
  ])("are refused: %s", (what, input) => {
    expect(() => same(input)).toThrow(`jit: got ${what} for inputs[0]`);
  });

  it("throw if they are being differentiated", () => {
    const square = jit((x: Tensor) => x.square().sum());
    expect(() => grad((x: Tensor) => square(x))(tensor([1, 2]))).toThrow(
      "depends on parameters or on inputs being differentiated, and no gradient would reach them",
    );
  });
});

describe("results", () => {
  it.each([
    ["an object that contains itself", cyclic()],
    ["an object that is too deep", nested(100_000)],
  ])("are refused: %s", (_, result) => {
    expect(() => untyped(() => result)()).toThrow(
      "jit: got results that are nested more than 500 levels deep",
    );
  });

  it("throw for sparse arrays", () => {
    // eslint-disable-next-line no-sparse-arrays -- what is meant
    expect(() => untyped(() => [, tensor(1)])()).toThrow("the function returned undefined for the result.0");
  });

  it("throw for promises, whose rejections are handled", async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on("unhandledRejection", note);
    try {
      const scaled = async (x: Tensor) => x.mul(await x.item());
      const reads = untyped(scaled);
      expect(() => reads(tensor(1))).toThrow("A recorded function cannot be asynchronous");
      const nested = untyped((x: Tensor) => [{ a: scaled(x) }, [[scaled(x)]]]);
      expect(() => nested(tensor(1))).toThrow("for the result.0.a");
      await new Promise((resolve) => setTimeout(resolve, 0));
      expect(rejections).toEqual([]);
    } finally {
      process.off("unhandledRejection", note);
    }
  });

  it("do not change when inputs, constants and variables change later", () => {
    const weight = new Parameter(tensor([1, 2]));
    const constant = tensor([5, 6]);
    const f = jit((x: Tensor) => ({ x, constant, weight: weight }));
    const x = tensor([3, 4]);
    const results = f(x);
    for (const each of [x, constant]) each.dataSync().fill(9);
    for (let i = 0; i < 3; i++) weight.assign(weight.add(1));
    expect([...results.x.dataSync()]).toEqual([3, 4]);
    expect([...results.constant.dataSync()]).toEqual([5, 6]);
    expect([...results.weight.dataSync()]).toEqual([1, 2]);
  });
});

describe("the function", () => {
  it("has to be a function", () => {
    expect(() => jit(new Generator(1) as never)).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: got an object of the class Generator; expected a function of tensors. For a model: jit((x) => model.forward(x))]`,
    );
  });

  it("may throw at its first call", () => {
    let isFirst = true;
    const total = new Buffer(tensor(0));
    const f = jit((x: Tensor) => {
      total.assign(total.add(x));
      if (isFirst) throw new Error("the first call");
      return x.mul(2);
    });
    expect(() => f(1)).toThrow("the first call");
    isFirst = false;
    expect([f(2).itemSync(), total.itemSync()]).toEqual([4, 2]);
  });

  it("cannot create variables from its inputs", () => {
    expect(() => untyped((x: Tensor) => new Parameter(x))(tensor(1))).toThrowErrorMatchingInlineSnapshot(
      `[ArgumentError: jit: a tensor that was built inside of a recorded function is read outside of it, where it has no value. Return it from the function: results have a value after every call. Create parameters and buffers outside of the function]`,
    );
  });

  it("can be called in detectAnomaly, but cannot call it", () => {
    const slope = (x: Tensor): Tensor => grad((each: Tensor) => each.sqrt().sum())(x);
    expect(() => detectAnomaly(() => jit(slope)(tensor([0])))).toThrow(
      "the derivative of sqrt made Infinity",
    );
    expect(() => jit((x: Tensor) => detectAnomaly(() => slope(x)))(tensor([0]))).toThrow(
      "detectAnomaly: computed values are inspected inside of a function that is recorded",
    );
  });

  it("draws the same again after a call that has thrown", () => {
    const [plain, recorded] = [new Generator(1), new Generator(1)];
    const f = jit((index: Tensor) => {
      const drawn = [normal([3], { generator: recorded }), normal([3], { generator: recorded })];
      return drawn[0].add(drawn[1]).take(index);
    });
    const index = (i: number) => tensor([i], { dtype: "int32" });
    f(index(0));
    for (let i = 0; i < 2; i++) normal([3], { generator: plain });
    expect(() => f(index(7))).toThrow("got the index 7");
    expect(recorded.state()).toEqual(plain.state());
  });

  it("may call itself with smaller inputs", () => {
    const count: (x: Tensor) => Tensor = jit((x: Tensor) =>
      x.shape[0] === 0 ? x.sum() : count(x.narrow(0, 1, x.shape[0] - 1)).add(1),
    );
    for (let i = 0; i < 2; i++) expect(count(ones([4])).itemSync()).toBe(4);
  });
});
