import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// Bundlers shorten the names of classes. Errors and trees must still name the class that the user knows.

const optimizers = Object.entries(optim).flatMap(([name, exported]) =>
  typeof exported === "function" && exported.prototype instanceof optim.Optimizer ? [name] : [],
);
/** Modules without options name themselves by their class. */
const containers = Object.keys(nn).filter((name) =>
  /^(Sequential|Residual|Module(List|Dict)|Transformer)/.test(name),
);

const program = `
  import * as nn from "@stargrad/nn";
  import * as optim from "@stargrad/optim";
  import { Parameter } from "@stargrad/autograd";
  import { ones } from "@stargrad/tensor";
  export const messageOf = (call) => {
    try { call(); } catch (error) { return error.message; }
  };
  export const misspelt = (name) => messageOf(() => new optim[name]([new Parameter(ones([2, 2]))], { lr: 1 }));
  export const layer = () => messageOf(() => new nn.Linear(3, 4, { biass: false }));
  export const nameOf = (name) => nn[name].name;
  export const tree = () => new nn.Sequential(new nn.ReLU()).toString();
`;

interface Bundle {
  readonly misspelt: (name: string) => string;
  readonly layer: () => string;
  readonly nameOf: (name: string) => string;
  readonly tree: () => string;
}

let folder: string;
let bundle: Bundle;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "stargrad-minified-"));
  const outfile = join(folder, "bundle.mjs");
  await build({
    stdin: { contents: program, resolveDir: join(root, "tests") },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    conditions: ["source"],
    logLevel: "error",
  });
  bundle = (await import(pathToFileURL(outfile).href)) as Bundle;
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("in a minified bundle", () => {
  it("there are optimizers and containers to test", () => {
    expect(optimizers.length).toBeGreaterThanOrEqual(12);
    expect(containers.length).toBe(8);
  });

  it.each(optimizers)("an error of %s says its name", (name) => {
    expect(bundle.misspelt(name)).toContain(`${name}: got the unknown option lr; expected learningRate`);
  });

  it.each(containers)("%s has its name", (name) => {
    expect(bundle.nameOf(name)).toBe(name);
  });

  it("an error of a layer says its name, and a tree the names of all", () => {
    expect(bundle.layer()).toContain("Linear: got the unknown option biass; expected bias, dtype, generator");
    expect(bundle.tree()).toContain("Sequential");
    expect(bundle.tree()).toContain("ReLU()");
  });
});
