import { describe, expect, it } from "vitest";

import { ArgumentError } from "./errors.js";
import { expectOptions, nearestName } from "./options.js";

interface Options {
  readonly batchSize?: number;
  readonly axis?: number;
}

const check = (options: unknown): void => {
  expectOptions<Options>("load", options as Options, ["batchSize", "axis"]);
};

describe("expectOptions", () => {
  it.each([undefined, {}, { axis: 1 }, { axis: 1, batchSize: 2 }, Object.create(null)])(
    "accepts %o",
    (options: unknown) => {
      expect(() => {
        check(options);
      }).not.toThrow();
    },
  );

  const notOptions = "where its options belong; expected an object";
  const example = "Name the option, such as { batchSize: … }";
  const unknown = (name: string): string => `got the unknown option ${name}; expected batchSize, axis`;

  it.each([
    [{ batch_size: 3 }, unknown("batch_size"), "Did you mean batchSize?"],
    [{ dim: 3 }, unknown("dim"), "Did you mean axis?"],
    [{ colour: 3 }, unknown("colour"), undefined],
    [3, `got 3 ${notOptions}`, example],
    [false, `got false ${notOptions}`, example],
    [null, `got null ${notOptions}`, example],
    [[1], `got a list ${notOptions}`, example],
    [Float32Array.of(1), `got a list ${notOptions}`, example],
  ])("refuses %o", (options, problem, hint) => {
    expect(() => {
      check(options);
    }).toThrow(new ArgumentError("load", problem, hint));
  });
});

describe("nearestName", () => {
  it.each([
    ["keepdim", "keepDims"],
    ["labelsmoothing", "labelSmoothing"],
    ["lr", "learningRate"],
    ["x", undefined],
  ])("of %s is %s", (written, nearest) => {
    expect(nearestName(written, ["keepDims", "labelSmoothing", "learningRate"])).toBe(nearest);
  });
});
