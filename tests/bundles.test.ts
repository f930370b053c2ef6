import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { Tensor } from "@stargrad/tensor";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// A bundler removes code that is not imported by name. The methods of Tensor are installed by a side effect, and must be in every
// bundle that makes a tensor: from sources, and from published packages.

const packages = ["graph", "compiler", "wasm", "tensor"];
const programs = {
  tensor: 'export { tensor as make } from "@stargrad/tensor";',
  "one function": 'import { ones } from "@stargrad/tensor"; export const make = () => ones([1]);',
  umbrella: 'import { arange } from "stargrad"; export const make = () => arange(1);',
};

let folder: string;

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "stargrad-bundles-")));
  for (const name of packages) {
    const [from, to] = [join(root, "packages", name), join(folder, "node_modules", "@stargrad", name)];
    mkdirSync(to, { recursive: true });
    cpSync(join(from, "package.json"), join(to, "package.json"));
    // The same options as in tsup.config.ts.
    await build({
      entryPoints: [join(from, "src/index.ts")],
      outfile: join(to, "dist/index.js"),
      bundle: true,
      packages: "external",
      format: "esm",
      target: "es2022",
    });
  }
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

  const published = Object.entries(programs).filter(([name]) => name !== "umbrella");
  it.each(published)("of published packages, imported as: %s", async (_, program) => {
    expect(await methodsIn(program, folder, [])).toEqual(all);
  });

  it("and the published package is one file", () => {
    const built = readFileSync(join(folder, "node_modules/@stargrad/tensor/dist/index.js"), "utf8");
    expect(built).not.toMatch(/from "\./);
  });
});
