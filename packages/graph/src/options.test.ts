import { describe, expect, it } from "vitest";

import { ArgumentError } from "./errors.js";
import {
  belowOne,
  callable,
  count,
  decayRates,
  finite,
  flag,
  fraction,
  integer,
  listOf,
  notNegative,
  number,
  oneOf,
  positive,
  tensorLike,
  text,
  writeValue,
} from "./kinds.js";
import { expectOptions, nearestName } from "./options.js";

interface Options {
  readonly batchSize?: number;
  readonly axis?: number;
}

const check = (options: unknown): void => {
  expectOptions<Options>("load", options as Options, { batchSize: count, axis: integer });
};

/** Stands for the class of another package. */
class Tensor {
  readonly dtype = "float32";
  readonly shape = [];
}

/** A class whose fields are the options. */
class Settings {
  readonly axis = 1;
}

/** Classes whose getters and methods are the options. */
class Config {
  get axis(): number {
    return 1;
  }
  toJSON(): object {
    return {};
  }
}
class Misspelt {
  get batchsize(): number {
    return 1;
  }
}
class Wrong extends Config {
  override get axis(): number {
    return 0.5;
  }
}
class Other {
  get colour(): number {
    return 1;
  }
}

describe("expectOptions", () => {
  it.each([
    undefined,
    {},
    { axis: 1 },
    { axis: 1, batchSize: 2 },
    Object.create(null),
    new Settings(),
    new Config(),
    Object.create({ axis: 1 }) as object,
    Object.create(new Config()) as object,
  ])("accepts %o", (options: unknown) => {
    expect(() => {
      check(options);
    }).not.toThrow();
  });

  const notOptions = "where its options belong; expected an object";
  const example = (value: string): string => `Name the option, such as { batchSize: ${value} }`;
  const unknown = (name: string): string => `got the unknown option ${name}; expected batchSize, axis`;

  it.each([
    [{ batch_size: 3 }, unknown("batch_size"), "Did you mean batchSize?"],
    [{ dim: 3 }, unknown("dim"), "Did you mean axis?"],
    [{ colour: 3 }, unknown("colour"), undefined],
    [{ toString: 3 }, unknown("toString"), undefined],
    [Object.create({ dim: 3 }) as object, unknown("dim"), "Did you mean axis?"],
    [new Misspelt(), unknown("batchsize"), "Did you mean batchSize?"],
    [new Other(), `got an Other ${notOptions}`, example("…")],
    [Object.create({ axis: 0.5 }) as object, "got axis 0.5; expected a whole number", undefined],
    [new Wrong(), "got axis 0.5; expected a whole number", undefined],
    [3, `got 3 ${notOptions}`, example("3")],
    [false, `got false ${notOptions}`, example("false")],
    [null, `got null ${notOptions}`, example("…")],
    [[1], `got a list ${notOptions}`, example("…")],
    [Float32Array.of(1), `got a list ${notOptions}`, example("…")],
    [new Map([["axis", 1]]), `got a Map ${notOptions}`, example("…")],
    [new Tensor(), `got a tensor ${notOptions}`, example("…")],
  ])("refuses %o", (options, problem, hint) => {
    expect(() => {
      check(options);
    }).toThrow(new ArgumentError("load", problem, hint));
  });
});

describe("expectOptions with kinds", () => {
  interface Settings {
    readonly steps: number;
    readonly shuffle?: boolean;
    readonly mode?: string;
  }
  const check = (options: unknown): void => {
    const kinds = { steps: count, shuffle: flag, mode: oneOf("min", "max") };
    expectOptions<Settings>("load", options as Settings, kinds, ["steps"]);
  };

  it("accepts values of their kinds, and undefined for what is omitted", () => {
    expect(() => {
      check({ steps: 1, shuffle: undefined, mode: "max" });
    }).not.toThrow();
  });

  it.each([
    [{ steps: "1" }, 'got steps "1"; expected a whole number of at least 1'],
    [{ steps: 1, shuffle: "no" }, 'got shuffle "no"; expected true or false'],
    [{ steps: 1, mode: 3 }, 'got mode 3; expected "min" or "max"'],
    [{ steps: 1, mode: null }, 'got mode null; expected "min" or "max"'],
    [{}, "got no steps; expected steps"],
    [{ steps: undefined }, "got no steps; expected steps"],
    [
      undefined,
      "got undefined where its options belong; expected an object. Name the option, such as { steps: … }",
    ],
    // The option that accepts the value is the one that was probably meant.
    [
      true,
      "got true where its options belong; expected an object. Name the option, such as { shuffle: true }",
    ],
    [
      "max",
      'got "max" where its options belong; expected an object. Name the option, such as { mode: "max" }',
    ],
  ])("refuses %o", (options, problem) => {
    expect(() => {
      check(options);
    }).toThrow(`load: ${problem}`);
  });
});

describe("kinds", () => {
  it.each([
    ["flag", flag, [true, false], [0, "no", null]],
    ["integer", integer, [0, -3], [0.5, NaN, "1", 2 ** 53]],
    ["count", count, [1, 9], [0, 1.5, Infinity]],
    ["number", number, [-1, Infinity], [NaN, "1"]],
    ["finite", finite, [-1], [NaN, Infinity, "1"]],
    ["notNegative", notNegative, [0, 2.5], [-1, NaN, Infinity, "1"]],
    ["positive", positive, [2.5], [0, NaN, Infinity, "1"]],
    ["fraction", fraction, [0, 1], [-0.1, 1.1, NaN, "1"]],
    ["belowOne", belowOne, [0, 0.9], [1, NaN, "0"]],
    ["decayRates", decayRates, [[0.9, 0.99]], [0.9, [0.9], [0.9, 1], ["0", 0], new Array(2)]],
    ["oneOf", oneOf("a", "b", "c"), ["a", "c"], ["d", 0, undefined]],
    ["listOf", listOf(count), [[], [1, 2]], [1, [0], ["1"], new Array(1)]],
    ["text", text, ["", "a"], [1, null]],
    ["callable", callable, [Math.abs], [3, null]],
    ["tensorLike", tensorLike, [new Tensor()], [[1], 1, null]],
  ] as const)("%s", (_, [, accepts], right, wrong) => {
    expect(right.map((value) => accepts(value))).toEqual(right.map(() => true));
    expect(wrong.map((value) => accepts(value))).toEqual(wrong.map(() => false));
  });

  it("are written even if a list contains itself", () => {
    const circular: unknown[] = [1];
    circular.push(circular);
    expect(writeValue(circular)).toBe("[1, [1, [1, a list of 2]]]");
    // eslint-disable-next-line no-sparse-arrays -- what is meant
    expect(writeValue([1, , 2])).toBe("[1, undefined, 2]");
  });

  it("write what they got", () => {
    const values = [3, "a", [1, "b"], null, undefined, Math.abs, {}, new Tensor(), Float32Array.of(1)];
    expect(values.map(writeValue)).toEqual([
      "3",
      '"a"',
      '[1, "b"]',
      "null",
      "undefined",
      "a function",
      "an object",
      "a tensor",
      "a typed array",
    ]);
  });

  it("write the class of an object, so that nothing says: got an object, expected an object", () => {
    const values = [
      new Date(0),
      new Map(),
      new Other(),
      /x/,
      Object.create(null),
      Object.create({ constructor: 3 }),
    ];
    expect(values.map(writeValue)).toEqual([
      "a Date",
      "a Map",
      "an Other",
      "a RegExp",
      "an object",
      "an object",
    ]);
  });
});

describe("nearestName", () => {
  it.each([
    ["keepdim", "keepDims"],
    ["labelsmoothing", "labelSmoothing"],
    ["lr", "learningRate"],
    ["label", "labelSmoothing"],
    ["x", undefined],
    ["constructor", undefined],
  ])("of %s is %s", (written, nearest) => {
    expect(nearestName(written, ["keepDims", "labelSmoothing", "learningRate"])).toBe(nearest);
  });
});
