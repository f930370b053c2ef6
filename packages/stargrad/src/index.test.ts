import * as autograd from "@stargrad/autograd";
import * as datasets from "@stargrad/datasets";
import * as explain from "@stargrad/explain";
import * as io from "@stargrad/io";
import * as jit from "@stargrad/jit";
import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import * as tensor from "@stargrad/tensor";
import * as train from "@stargrad/train";
import * as wasm from "@stargrad/wasm";
import { describe, expect, it } from "vitest";

import * as stargrad from "./index.js";

const packages = { wasm, tensor, autograd, jit, nn, optim, io, datasets, explain, train };
const umbrella = new Map<string, unknown>(Object.entries(stargrad));

describe.each(Object.entries(packages))("what %s exports", (_, exported) => {
  // Two packages that export different things under one name would silently cancel each other out.
  it("is there under the same name", () => {
    for (const [name, value] of Object.entries<unknown>(exported))
      expect(umbrella.get(name), name).toBe(value);
  });
});

it("there is nothing else", () => {
  const names = new Set(Object.values(packages).flatMap((exported) => Object.keys(exported)));
  expect([...umbrella.keys()].filter((name) => !names.has(name))).toEqual([]);
});

it("what only the house needs is not there", () => {
  const names = [
    "philox4x32",
    "conformanceCases",
    "Node",
    "createNode",
    "apply",
    "rules",
    "RecordedFunction",
    "tensorsOf",
  ];
  expect(names.filter((name) => umbrella.has(name))).toEqual([]);
});
