import vm from "node:vm";

import { writeValue } from "@stargrad/graph/internal";
import { ArgumentError, binaryNames, StargradError, unaryNames } from "@stargrad/graph";
import { describe, expect, it, vi } from "vitest";

import * as library from "./index.js";
import { optionKinds } from "./option-kinds.js";
import {
  add,
  concat,
  einsum,
  fromData,
  full,
  gather,
  Generator,
  matmul,
  mul,
  ones,
  randint,
  scan,
  softmax,
  stack,
  sum,
  take,
  tensor,
  Tensor,
  where,
  zeros,
} from "./index.js";

type Call = (...given: readonly unknown[]) => unknown;

const matrix = tensor([
  [1, 2],
  [3, 4],
]);
const whole = ones([2, 2], { dtype: "int32" });
const index = zeros([2, 2], { dtype: "int32" });
const truth = matrix.greater(2);

/** Valid arguments of every function, without options. A function that is missing here fails the first test. */
const valid: Readonly<Partial<Record<string, readonly unknown[]>>> = {
  ...Object.fromEntries(unaryNames.map((name) => [name, [matrix]])),
  ...Object.fromEntries(binaryNames.map((name) => [name, [matrix, matrix]])),
  ...Object.fromEntries(
    "floorDivide greater greaterEqual notEqual logicalAnd logicalOr matmul allClose"
      .split(" ")
      .map((name) => [name, [matrix, matrix]]),
  ),
  ...Object.fromEntries(
    "logicalNot ceil square reciprocal rsqrt isNaN isFinite detach erfinv relu silu softplus selu mish gelu elu leakyRelu hardtanh logit clamp glu sum prod mean amax amin max min argmax argmin variance std norm any all cumsum logsumexp softmax logSoftmax flatten transpose squeeze flip argsort sort tril triu zerosLike onesLike"
      .split(" ")
      .map((name) => [name, [matrix]]),
  ),
  ...{ prelu: [matrix, ones([2])], cast: [matrix, "int32"], where: [truth, matrix, 0] },
  ...{ dot: [ones([2]), ones([2])], outer: [ones([2]), ones([2])] },
  ...{
    reshape: [matrix, [4]],
    permute: [matrix, [1, 0]],
    expand: [matrix, [2, 2]],
    repeat: [matrix, [1, 2]],
  },
  ...{ unsqueeze: [matrix, 0], slice: [matrix, [null]], narrow: [matrix, 0, 0, 1], select: [matrix, 0, 0] },
  ...{
    pad: [
      matrix,
      [
        [0, 1],
        [0, 1],
      ],
    ],
    split: [matrix, 1],
    roll: [matrix, 1],
  },
  ...{ concat: [[matrix, matrix]], stack: [[matrix, matrix]] },
  ...{ gather: [matrix, index], take: [matrix, index], scatterAdd: [matrix, index, matrix] },
  ...{ oneHot: [index, 2], topk: [matrix, 1] },
  ...{ tensor: [[1, 2]], fromData: [Float32Array.of(1, 2), [2]], full: [[2], 1], zeros: [[2]], ones: [[2]] },
  ...{ fullLike: [matrix, 1], arange: [0, 3, 1], linspace: [0, 1, 3], eye: [2, 2] },
  ...{ uniform: [[2]], normal: [[2]], randomBits: [[2]] },
  ...{ scan: [(carry: Tensor) => ({ carry }), matrix, matrix] },
};

/** Functions whose options are required, with valid ones. */
const required: Readonly<Partial<Record<string, readonly [readonly unknown[], object]>>> = {
  randint: [[[2]], { high: 2 }],
  bernoulli: [[[2]], { probability: 0.5 }],
  unfold: [[matrix], { size: [1] }],
  fold: [[ones([2, 1])], { lengths: [2] }],
  check: [[index], { called: "f", problems: ["p"] }],
};

/** Functions that this file does not call, with the reason. */
const exempt: Readonly<Partial<Record<string, string>>> = {
  einsum: "takes any number of tensors",
  realize: "takes any number of tensors",
  mapTree: "takes a function",
  leavesOf: "takes a tree",
  knownData: "takes a tensor that exists",
  setEngine: "takes an engine",
  getEngine: "takes nothing",
  manualSeed: "takes a seed",
  defaultGenerator: "takes nothing",
  formatShape: "is a function of graph",
  sameShape: "is a function of graph",
};

/** Functions that mean an axis by a number in the options' place. */
const along = new Set(
  "sum prod mean amax amin max min argmax argmin variance std any all cumsum logsumexp softmax logSoftmax glu concat stack split roll gather take scatterAdd argsort sort topk".split(
    " ",
  ),
);

const names = Object.entries(library).flatMap(([name, value]) =>
  typeof value === "function" && /^[a-z]/.test(name) && exempt[name] === undefined ? [name] : [],
);
const functions = names.map((name): readonly [string, Call, readonly unknown[]] => [
  name,
  library[name as keyof typeof library] as Call,
  valid[name] ?? required[name]?.[0] ?? [],
]);
const methods = functions.filter(([name]) => name in Tensor.prototype);

/** Runs the call; an error must be an ArgumentError that names the function. */
function refusal(name: string, call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (error) {
    expect(error, `${name} threw ${String(error)}`).toBeInstanceOf(ArgumentError);
    expect((error as ArgumentError).called).toBe(name);
    return (error as Error).message;
  }
}

describe("every function", () => {
  it("has a line in this file", () => {
    expect(names.filter((name) => valid[name] === undefined && required[name] === undefined)).toEqual([]);
  });

  it.each(functions)("%s accepts its valid arguments", (name, call, given) => {
    call(...given, ...(required[name] ?? []).slice(1));
  });

  it.each(functions)("%s refuses a misspelt option", (name, call, given) => {
    expect(refusal(name, () => call(...given, { nonsense: 1 }))).not.toBeNull();
  });

  it.each(functions)("%s refuses a boolean in the options' place", (name, call, given) => {
    expect(refusal(name, () => call(...given, true))).not.toBeNull();
  });

  it.each(functions)("%s refuses arguments after its last one", (name, call, given) => {
    expect(refusal(name, () => call(...given, undefined, undefined, undefined, undefined, 0))).not.toBeNull();
    if (required[name] !== undefined) return;
    const full = [...given, undefined, undefined, undefined].slice(0, 4);
    expect(refusal(name, () => call(...full, 0, 0))).not.toBeNull();
  });

  /** Functions whose next positional argument is a number, or a list of numbers. */
  const positional = new Set("transpose squeeze flip tril triu".split(" "));

  it.each(functions.filter(([name]) => !positional.has(name)))(
    "%s takes a number in the options' place as an axis, or refuses it",
    (name, call, given) => {
      const said = refusal(name, () => call(...given, 0));
      expect(said === null).toBe(along.has(name));
      if (!along.has(name)) return;
      expect(describeResult(call(...given, 0))).toEqual(describeResult(call(...given, { axis: 0 })));
    },
  );

  it.each(methods)("x.%s refuses what the function refuses", (name, call, [x, ...rest]) => {
    const method = (...more: readonly unknown[]): unknown =>
      (x as Record<string, Call>)[name](...rest, ...more);
    for (const wrong of [{ nonsense: 1 }, true]) {
      expect(refusal(name, () => method(wrong))).toBe(refusal(name, () => call(x, ...rest, wrong)));
    }
    if (along.has(name)) expect(describeResult(method(0))).toEqual(describeResult(call(x, ...rest, 0)));
  });
});

/** The shapes and elements of a result. */
function describeResult(result: unknown): unknown {
  if (result instanceof Tensor) return result.toArraySync();
  return Object.entries(result as object).map(([key, x]) => [key, (x as Tensor).toArraySync()]);
}

describe("every option of every function", () => {
  /** The options that a function has: its error for another one lists them. */
  const optionsOf = ([name, call, given]: (typeof functions)[number]): string[] => {
    const said = refusal(name, () => call(...given, { nonsense: 1 })) ?? "";
    return /got the unknown option nonsense; expected ([^.]*)/.exec(said)?.[1].split(", ") ?? [];
  };
  const options = functions.flatMap((each): (readonly [string, string, Call, readonly unknown[]])[] =>
    optionsOf(each).flatMap((option) =>
      option === "no options" ? [] : [[each[0], option, each[1], each[2]] as const],
    ),
  );
  const texts = new Set("called hint".split(" "));
  const flags = new Set("keepDims descending largest reverse equalNaN".split(" "));

  it("is found", () => {
    expect(options.length).toBeGreaterThan(70);
    expect(new Set(options.map(([, option]) => option))).toEqual(new Set(Object.keys(optionKinds)));
  });

  it.each(options)("%s refuses a wrong %s", (name, option, call, given) => {
    const wrong = [null, {}, () => 1, [null], [[1]], Symbol("x"), 1n, new Date(), Promise.resolve(1)];
    const type = flags.has(option) ? [1, 0, "false", "no"] : [true, false];
    for (const value of [...wrong, ...type, ...(texts.has(option) ? [1] : ["wrong"])]) {
      const { [name]: [, valid = {}] = [] } = required;
      const said = refusal(name, () => call(...given, { ...valid, [option]: value }));
      expect(said, `${name} accepted ${option} ${writeValue(value)}`).toContain(`got ${option} `);
    }
  });

  it("may be inherited, or getters of a class", () => {
    class Along {
      get axis(): number {
        return 0;
      }
    }
    for (const along of [
      new Along(),
      Object.create({ axis: 0 }) as object,
      Object.create(new Along()) as object,
    ])
      expect(sum(matrix, along).shape).toEqual([2]);
    class Misspelt {
      get keepdims(): boolean {
        return true;
      }
    }
    for (const misspelt of [new Misspelt(), Object.create({ keepdims: true }) as object])
      expect(() => sum(matrix, misspelt)).toThrow("got the unknown option keepdims");
  });

  it("has no holes in its lists", () => {
    const hole = new Array<number>(1);
    expect(() => sum(matrix, { axis: hole })).toThrow(
      "sum: got axis [undefined]; expected a number or a list",
    );
    expect(() => matrix.reshape([4, ...hole] as never)).toThrow("reshape");
    // eslint-disable-next-line no-sparse-arrays
    expect(() => matrix.reshape([4, ,] as never)).toThrow("reshape");
    expect(() => matrix.permute(new Array(2) as never)).toThrow("permute");
  });
});

describe("an error names what the user called", () => {
  const words = tensor([1, 2, 3]);
  it.each<[string, () => unknown]>([
    ["clamp", () => matrix.clamp({ min: "x" as never })],
    ["std", () => matrix.std({ axis: 5 })],
    ["std", () => whole.std()],
    ["norm", () => matrix.norm({ axis: 5, order: 3 })],
    ["floorDivide", () => matrix.floorDivide(words as never)],
    ["greater", () => matrix.greater(words as never)],
    ["logicalAnd", () => matrix.logicalAnd(words)],
    ["allClose", () => library.allClose(matrix, words)],
    ["prelu", () => library.prelu(matrix, [1, 2, 3] as never)],
    ["logit", () => matrix.logit({ epsilon: "x" as never })],
    ["amax", () => matrix.amax({ axis: 3 })],
    ["amin", () => matrix.amin({ axis: 3 })],
    ["max", () => matrix.max({ axis: 3 } as never)],
    ["min", () => matrix.min({ axis: 3 } as never)],
    ["argmax", () => matrix.argmax({ axis: 3 } as never)],
    ["any", () => matrix.any({ axis: 3 })],
    ["all", () => matrix.all({ axis: 3 })],
    ["logsumexp", () => matrix.logsumexp({ axis: 3 })],
    ["logSoftmax", () => matrix.logSoftmax({ axis: 3 })],
    ["sort", () => matrix.sort({ axis: 3 })],
    ["topk", () => matrix.topk(1, { axis: 3 })],
    ["select", () => matrix.select(3, 0)],
    ["split", () => matrix.split(1, { axis: 3 })],
    ["stack", () => stack([matrix], { axis: 4 })],
    ["outer", () => library.outer(matrix, words)],
    ["einsum", () => einsum("ij,jk->ik", matrix, ones([3, 2]))],
    ["einsum", () => einsum("ij,ij", matrix, ones([2, 3]))],
    ["normal", () => library.normal([-1])],
    ["flatten", () => library.flatten(matrix, { startAxis: 3 } as never)],
    ["repeat", () => library.repeat(matrix, [1])],
    ["oneHot", () => library.oneHot(words, 3)],
    ["oneHot", () => library.oneHot(index, 2, { dtype: "int8" as never })],
    ["tril", () => library.tril(words)],
    ["glu", () => library.glu(matrix, { axis: 2 })],
    ["dot", () => library.dot(matrix, matrix)],
    ["expand", () => matrix.expand([3, 2])],
    ["repeat", () => library.repeat(matrix, [0.5, 1])],
  ])("%s", (name, call) => {
    let caught: unknown;
    try {
      call();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(StargradError);
    const { called, message, stack: trace } = caught as StargradError;
    expect([called, message.split(":")[0]]).toEqual([name, name]);
    expect(trace).toContain(message);
  });

  it("and not one that calls a function of the user", () => {
    const step = (carry: Tensor): { carry: Tensor } => ({ carry: carry.std({ axis: 5 }) });
    expect(() => scan(step, words, matrix)).toThrow(/^std: /);
  });

  it("and what was computed, not what would have been computed from it", () => {
    const taken = take(matrix, tensor([7], { dtype: "int32" }).add(0));
    expect(() => taken.std().dataSync()).toThrow(/^gather: /);
  });
});

describe("what is no tensor", () => {
  const promise = Promise.resolve(1);
  const nothing = [undefined, null, "x", {}, promise, () => 1, Symbol("x"), new ArrayBuffer(4)];
  const takingTensors = functions.filter(([, , given]) => given.some((each) => each instanceof Tensor));

  it.each(takingTensors)("is refused by %s in every place of a tensor", (name, call, given) => {
    given.forEach((each, i) => {
      if (!(each instanceof Tensor) || name === "scan") return;
      for (const wrong of nothing) {
        const said = refusal(name, () =>
          call(...given.map((other, j) => (i === j ? wrong : other)), ...(required[name] ?? []).slice(1)),
        );
        expect(said, `${name} accepted what is no tensor`).not.toBeNull();
        if (wrong === promise) expect(said).toContain("A forgotten await?");
      }
    });
  });

  it("is refused in lists and in trees", () => {
    for (const wrong of nothing) {
      expect(() => concat([matrix, wrong as never])).toThrow(ArgumentError);
      expect(() => stack([wrong as never])).toThrow(ArgumentError);
      expect(() => einsum("i,i->", wrong as never, ones([1]))).toThrow(ArgumentError);
    }
    for (const wrong of [undefined, "x", promise, 1, Float32Array.of(1)]) {
      expect(() => scan((carry) => ({ carry }), wrong as never, matrix)).toThrow(ArgumentError);
    }
    expect(() => concat(matrix as never, matrix as never)).toThrow("expected concat([x, y], { axis })");
    expect(() => einsum(matrix as never, "ij->ji" as never)).toThrow("expected the equation first");
  });
});

describe("an array beside a tensor", () => {
  it.each([
    ["float32", [1, 2], "float32"],
    ["int32", [1, 2], "int32"],
    ["int32", [1, 0.5], "float32"],
    ["int32", [true, false], "int32"],
    ["float64", [0.1, 0.2], "float64"],
    ["bool", [1, 2], "int32"],
    ["float32", Float64Array.of(1, 2), "float64"],
    ["int32", Int8Array.of(1, 2), "int32"],
  ] as const)("%s and %o meet at %s, as with a single number", (dtype, array, result) => {
    const x = ones([2], { dtype });
    expect(mul(x, array as never).dtype).toBe(result);
    expect(mul(array as never, x).dtype).toBe(result);
    expect(where(tensor([true, true]), x, array as never).dtype).toBe(result);
    if (dtype !== "bool") expect(concat([x, array as never]).dtype).toBe(result);
  });

  it("has its elements", () => {
    expect(add(matrix, [10, 20] as never).toArraySync()).toEqual([
      [11, 22],
      [13, 24],
    ]);
    expect(matmul(matrix, [[1], [1]] as never).toArraySync()).toEqual([[3], [7]]);
    expect(stack([ones([2]), [3, 4] as never]).toArraySync()).toEqual([
      [1, 1],
      [3, 4],
    ]);
    expect(where([true, false] as never, matrix, 0).toArraySync()).toEqual([
      [1, 0],
      [3, 0],
    ]);
    expect(einsum("ij,j->i", matrix, [1, 1] as never).toArraySync()).toEqual([3, 7]);
    expect(softmax([0, 0] as never).toArraySync()).toEqual([0.5, 0.5]);
    expect(whole.matmul([[1], [1]] as never).dtype).toBe("int32");
  });

  it("is what tensor makes of it without a tensor beside it", () => {
    expect(add([1, 2] as never, [3, 4] as never).dtype).toBe("float32");
    expect(sum([true, true] as never).toArraySync()).toBe(2);
  });

  it("is a list of indices where indices are meant", () => {
    expect(take(matrix, [1] as never).toArraySync()).toEqual([[3, 4]]);
    expect(gather(matrix, [[0], [1]] as never).toArraySync()).toEqual([[1], [4]]);
    expect(take(matrix, Uint8Array.of(1) as never).toArraySync()).toEqual([[3, 4]]);
    expect(() => take(matrix, [0.5] as never)).toThrow("element 0 is 0.5, which int32 cannot hold");
    expect(() => take(matrix, [true, false] as never)).toThrow("the index is bool; expected int32");
  });
});

describe("the caller's lists", () => {
  it.each(functions)("%s keeps none of them", (name, call, given) => {
    const copy = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(copy)
        : typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
          ? copyOf(value)
          : value;
    const copyOf = (options: object): object =>
      Object.fromEntries(Object.entries(options).map(([key, value]) => [key, copy(value)]));
    const mine = [...given, ...(required[name] ?? []).slice(1)].map(copy);
    const results = call(...mine);
    const before = written(results);
    const spoil = (value: unknown): void => {
      if (value instanceof Tensor || typeof value !== "object" || value === null || ArrayBuffer.isView(value))
        return;
      for (const inner of Object.values(value)) spoil(inner);
      if (Array.isArray(value)) value.splice(0, value.length, 40, 41);
    };
    mine.forEach(spoil);
    expect(written(results)).toEqual(before);
  });

  /** The shapes and attributes of the nodes of a result. */
  function written(result: unknown): unknown {
    const nodes: unknown[] = [];
    const visit = (node: Tensor["node"]): void => {
      const { primitive, attributes, inputs = [] } = node.operation ?? {};
      nodes.push([primitive, [...node.shape], primitive === "scan" ? null : structuredClone(attributes)]);
      inputs.forEach(visit);
    };
    const tensors = (value: unknown): Tensor[] =>
      value instanceof Tensor ? [value as Tensor] : Object.values(value ?? {}).flatMap(tensors);
    tensors(result).forEach(({ node }) => {
      visit(node);
    });
    return nodes;
  }

  it("may change after the call", () => {
    const shape: [number, number] = [2, 3];
    const made = [ones(shape), full(shape, 2), zeros(shape), fromData(new Float32Array(6), shape)];
    shape[1] = 40;
    for (const x of made) expect(x.shape).toEqual([2, 3]);
    expect(made[0].toArraySync()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });
});

describe("the errors", () => {
  it.each<[() => unknown, string]>([
    [() => zeros(2 as never, 3 as never), "zeros: got 2; expected zeros([…], { dtype })"],
    [
      () => (matrix.reshape as Call).call(matrix, 2, 2),
      "reshape: got 2 as a further argument; expected reshape(x, […])",
    ],
    [() => matrix.permute(1 as never), "permute: got 1; expected permute(x, […])"],
    [
      () => (randint as Call)(0, 10, [3]),
      "randint: got [3] as a further argument; expected randint([…], { low, high, generator })",
    ],
    [
      () => (matrix.std as Call).call(matrix, 0, true),
      "std: got true as a further argument; expected std(x, { axis, keepDims, correction })",
    ],
    [
      () => softmax(matrix, { dim: 1 } as never),
      "softmax: got the unknown option dim; expected axis. Did you mean axis?",
    ],
    [
      () => matrix.sum({ keepdim: true } as never),
      "sum: got the unknown option keepdim; expected axis, keepDims. Did you mean keepDims?",
    ],
    [
      () => matrix.norm(1 as never),
      "norm: got 1 where its options belong; expected an object. Name the option, such as { order: 1 }",
    ],
    [() => matrix.sum(matrix as never), "sum: got a tensor; expected sum(x, { axis, keepDims })"],
    [
      () => (library.arange as Call)(0, { dtype: "int32" }),
      "arange: got an object; expected arange(start, stop, step, { dtype })",
    ],
  ])("show the right call: %s", (call, message) => {
    expect(call).toThrow(message);
  });
});

describe("typed arrays", () => {
  const other = (source: string): never => vm.runInNewContext(source) as never;

  it.each([
    [Float32Array.of(0.5), "float32", [0.5]],
    [Float64Array.of(0.1), "float64", [0.1]],
    [Int32Array.of(-7), "int32", [-7]],
    [Int8Array.of(-1, 1), "int32", [-1, 1]],
    [Uint8ClampedArray.of(0, 255), "int32", [0, 255]],
    [Int16Array.of(-300), "int32", [-300]],
    [Uint16Array.of(60000), "int32", [60000]],
    [Uint32Array.of(7), "int32", [7]],
    [BigInt64Array.of(-5n), "int32", [-5]],
    [BigUint64Array.of(5n), "int32", [5]],
    [other("Float32Array.of(1, 2)"), "float32", [1, 2]],
    [other("Int32Array.of(1, 2)"), "int32", [1, 2]],
    [other("Uint8ClampedArray.of(3)"), "int32", [3]],
    [other("[1, 2]"), "float32", [1, 2]],
  ] as const)("%o becomes %s", (data, dtype, elements) => {
    expect(tensor(data).dtype).toBe(dtype);
    expect(tensor(data).toArraySync()).toEqual(elements);
    if (!ArrayBuffer.isView(data)) return;
    expect(fromData(data, [elements.length]).dtype).toBe(dtype);
    expect(fromData(data, [elements.length]).add(0).toArraySync()).toEqual(elements);
    expect(mul(ones([1], { dtype: "int32" }), data as never).toArraySync()).toEqual(elements);
  });

  it("of half precision become float32, where they exist", () => {
    const Half = (globalThis as { Float16Array?: Float32ArrayConstructor }).Float16Array;
    if (Half !== undefined) expect(tensor(Half.of(0.5)).dtype).toBe("float32");
  });

  it("that their type cannot hold exactly throw", () => {
    expect(() => tensor(Uint32Array.of(2 ** 31))).toThrow("element 0 is 2147483648, which int32 cannot hold");
    expect(() => tensor(BigInt64Array.of(2n ** 40n))).toThrow("which int32 cannot hold");
    expect(() => tensor(BigInt64Array.of(2n ** 60n + 1n), { dtype: "float64" })).toThrow(
      "float64 cannot hold",
    );
    expect(tensor(BigInt64Array.of(2n ** 40n), { dtype: "float64" }).toArraySync()).toEqual([2 ** 40]);
    expect(() => tensor(Uint8Array.of(5))).toThrow("bytes or bools");
    expect(() => fromData(Uint8Array.of(5), [1])).toThrow("got bytes that are no bools");
    expect(() => tensor(new DataView(new ArrayBuffer(4)) as never)).toThrow(ArgumentError);
  });

  it("of another realm share their memory in fromData", () => {
    const data: Float32Array = other("Float32Array.of(1, 2)");
    expect(fromData(data, [2]).dataSync()).toEqual(Float32Array.of(1, 2));
  });
});

describe("a generator beside options", () => {
  it("is still accepted", () => {
    expect(library.uniform([2], { generator: new Generator(1) }).shape).toEqual([2]);
  });
});

describe("functions as callbacks", () => {
  it("take the element of `map` and `reduce`, without its index and list", () => {
    const xs = [tensor([4]), tensor([9])];
    expect(xs.map(library.sqrt as (x: Tensor) => Tensor).map((x) => x.itemSync())).toEqual([2, 3]);
    expect(xs.reduce(library.add as (x: Tensor, y: Tensor) => Tensor).itemSync()).toBe(13);
    expect(() => (library.sqrt as Call)(xs[0], 1, xs)).toThrow("as a further argument");
  });
});

describe("values that do not fit", () => {
  it.each<[() => unknown, string]>([
    [
      () => library.uniform([2], { dtype: "int32" as never }),
      'uniform: got dtype "int32"; expected "float32" or "float64"',
    ],
    [
      () => library.normal([2], { dtype: "bool" as never }),
      'normal: got dtype "bool"; expected "float32" or "float64"',
    ],
    [
      () => library.pad(matrix, [[1, 1]] as never, { value: "x" as never }),
      'pad: got value "x"; expected a number',
    ],
    [
      () => library.pad(matrix, [1, 1] as never),
      "pad: got amounts [1, 1]; expected a list, each element [before, after]",
    ],
    [
      () => matrix.slice([0, 3] as never),
      "slice: got ranges [0, 3]; expected a list, each element [start, stop, step], or null for a whole axis",
    ],
    [() => matrix.slice([["0"]] as never), 'slice: got ranges [["0"]]; expected a list'],
    [
      () => tensor(matrix as never),
      "tensor: the value is a tensor; expected a number, a boolean or an array of them. Use a tensor as it is, convert it with x.cast(dtype)",
    ],
    [() => tensor([matrix, matrix] as never), "join tensors with stack"],
    [
      () => scan((carry: Tensor) => ({ carry, ys: carry }) as never, matrix, matrix),
      "scan: the function did not return { carry, y }, but ys",
    ],
    [() => scan(() => null as never, matrix, matrix), "scan: the function did not return { carry, y }"],
    [() => (add as Call)(1, 2, 3), "add: got 3 as a further argument; expected add(x, y)"],
    [
      () => (library.scatterAdd as Call)(matrix, index, matrix, {}, 1),
      "expected scatterAdd(x, indices, y, { axis })",
    ],
  ])("are refused: %s", (call, message) => {
    expect(call).toThrow(message);
  });
});

it("a range that is larger than the memory says so", () => {
  const tooLarge = vi.fn(() => {
    throw new RangeError("Array buffer allocation failed");
  });
  vi.stubGlobal("Float64Array", tooLarge);
  const call = (): Tensor => library.arange(0, 1, 1e-9, { dtype: "float64" });
  expect(call).toThrow("arange: got 1000000000 elements of float64; there is not enough memory");
  vi.unstubAllGlobals();
});

describe("element types that do not exist", () => {
  it.each<[string, () => unknown]>([
    ["tensor", () => tensor([1], { dtype: "int64" as never })],
    ["zeros", () => zeros([2], { dtype: "float16" as never })],
    ["arange", () => library.arange(3, undefined, 1, { dtype: "int8" as never })],
  ])("are refused by %s", (name, call) => {
    expect(call).toThrow(
      new RegExp(`^${name}: got dtype ".*"; expected "bool", "int32", "float32" or "float64"`),
    );
  });

  it("and what is no list of ranges, and no number of classes", () => {
    expect(() => matrix.slice({ axis: 0, start: 1 } as never)).toThrow(
      "slice: got ranges an object; expected a list",
    );
    expect(() => library.oneHot(index, 2.5)).toThrow("oneHot: got classes 2.5");
  });
});
