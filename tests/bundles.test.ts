import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { Tensor } from "@stargrad/tensor";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installPublished } from "./published-packages.js";
import { root } from "./workspace.js";

// A bundler removes code that is not imported by name. The methods of Tensor are installed by a side effect, and must be in every
// bundle that makes a tensor: from sources, and from published packages.

const programs = {
  tensor: 'export { tensor as make } from "@stargrad/tensor";',
  "one function": 'import { ones } from "@stargrad/tensor"; export const make = () => ones([1]);',
  "the internal door": `
    import { createLeaf, HostStorage } from "@stargrad/graph";
    import { apply } from "@stargrad/tensor/internal";
    const node = createLeaf([1], "float32", new HostStorage(Float32Array.of(1)));
    export const make = () => apply("neg", [{ node }], {});`,
  umbrella: 'import { arange } from "stargrad"; export const make = () => arange(1);',
};

let folder: string;
/** The source files in each file of each package as it is published. */
let sourcesOfDist: string[];

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "stargrad-bundles-")));
  sourcesOfDist = await installPublished(folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The methods of a tensor in a program that was bundled and minified. */
async function methodsIn(contents: string, resolveDir: string, conditions: string[]): Promise<Set<string>> {
  const outfile = join(folder, `bundle-${bundles++}.mjs`);
  await build({
    stdin: { contents, resolveDir },
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "es2022",
    conditions,
    logLevel: "error",
  });
  const { make } = (await import(pathToFileURL(outfile).href)) as { make: (data: number) => object };
  return new Set(Object.getOwnPropertyNames(Object.getPrototypeOf(make(1))));
}

let bundles = 0;
const all = new Set(Object.getOwnPropertyNames(Tensor.prototype));

describe("a bundle has every method", () => {
  it.each(Object.entries(programs))("of sources, imported as: %s", async (_, program) => {
    expect(await methodsIn(program, join(root, "tests"), ["source"])).toEqual(all);
  });

  it.each(Object.entries(programs))("of published packages, imported as: %s", async (_, program) => {
    expect(await methodsIn(program, folder, [])).toEqual(all);
  });

  it("and each source file is in exactly one file of the published package, however many doors it has", () => {
    expect(sourcesOfDist.length).toBeGreaterThan(100);
    expect(new Set(sourcesOfDist).size).toBe(sourcesOfDist.length);
  });
});
