import { readFileSync } from "node:fs";

import { binaryNames, unaryNames } from "@stargrad/graph";
import { describe, expect, expectTypeOf, it } from "vitest";

import * as library from "./index.js";
import { ones, tensor, Tensor, type Methods } from "./index.js";
import { MethodTable } from "./methods.js";

/** Functions of the package whose first argument is not a tensor to work on. */
const standAlone = new Set([
  ...[
    "tensor",
    "fromData",
    "full",
    "fullLike",
    "zeros",
    "zerosLike",
    "ones",
    "onesLike",
    "arange",
    "linspace",
    "eye",
  ],
  ...["uniform", "normal", "randint", "bernoulli", "randomBits", "manualSeed", "defaultGenerator"],
  ...["concat", "stack", "where", "einsum", "oneHot"],
  ...["scan", "check"],
  ...["mapTree", "leavesOf"],
  ...["realize", "knownData", "getEngine", "setEngine", "formatShape", "sameShape"],
]);

const functions = Object.entries(library).flatMap(([name, value]) =>
  typeof value === "function" && /^[a-z]/.test(name) && !standAlone.has(name) ? [name] : [],
);

const table = readFileSync(new URL("methods.ts", import.meta.url), "utf8");
const prototype = Tensor.prototype as unknown as Record<string, unknown>;

describe("methods", () => {
  it.each(functions)("%s is one, because it is a function of a tensor", (name) => {
    const hint = `give ${name} a line in src/methods.ts; or list it in standAlone here, if its first argument is no tensor to work on`;
    expect(prototype[name], hint).toBeTypeOf("function");
  });

  it.each([...unaryNames, ...binaryNames])("%s is one, because it is in the table of primitives", (name) => {
    expect(prototype[name]).toBeTypeOf("function");
    expectTypeOf<Methods>().toHaveProperty(name);
  });

  it("are the only members of the prototype that the class does not define", () => {
    const own = [
      "constructor",
      "node",
      "shape",
      "dtype",
      "ndim",
      "size",
      "length",
      "requiresGrad",
      "requires_grad",
      "grad",
      "value",
    ];
    const reading = ["data", "dataSync", "item", "itemSync", "toArray", "toArraySync", "toString", "toJSON"];
    const methods = Object.getOwnPropertyNames(Tensor.prototype).filter(
      (name) => ![...own, ...reading].includes(name),
    );
    expect(new Set(methods)).toEqual(new Set([...functions, ...unaryNames, ...binaryNames]));
  });

  it.each(Object.keys(new MethodTable()))("%s is the function of the same name", (name) => {
    expect(table).toMatch(new RegExp(`^  readonly ${name} = method\\(\\w+\\.${name}\\);$`, "m"));
  });

  it("call the function of their name with the tensor before the other arguments", () => {
    const x = tensor([
      [4, 1],
      [2, 3],
    ]);
    expect(x.sub(1).toArraySync()).toEqual(library.sub(x, 1).toArraySync());
    expect(x.sum({ axis: 1, keepDims: true }).toArraySync()).toEqual([[5], [5]]);
    expect(x.sort().indices.toArraySync()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(x.slice([null, [0, 1]]).toArraySync()).toEqual([[4], [2]]);
    expect(x.transpose().toArraySync()).toEqual(library.transpose(x).toArraySync());
  });

  it("do not show up when a tensor is spread or its keys are listed", () => {
    const keys: string[] = [];
    for (const key in ones([1])) keys.push(key);
    expect(keys).not.toContain("add");
  });
});
