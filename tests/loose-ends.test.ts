import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

import * as datasets from "@stargrad/datasets";
import * as nn from "@stargrad/nn";
import * as optim from "@stargrad/optim";
import { describe, expect, it } from "vitest";

import { publicFolders, root } from "./workspace.js";

// What is easily forgotten when something is added, and nothing else would notice: that it is exported, and that people are told.

interface Source {
  /** From the root. */
  readonly path: string;
  /** Without comments that stand on lines of their own. */
  readonly code: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sourcesIn(path);
    if (!/(?<!\.d)\.ts$/.test(path)) return [];
    return [{ path, code: readFileSync(join(root, path), "utf8").replace(/^\s*(\/?\*|\/\/).*$/gm, "") }];
  });
}

/** The functions, classes and constants that a file exports by name. */
function exportsOf({ code }: Source): string[] {
  const declared = /^export (?:async )?(?:abstract )?(?:function\*?|class|const) (\w+)/gm;
  return [...code.matchAll(declared)].map(([, name]) => name);
}

/**
 * What is exported, and named in no other file. A test counts if it imports the file itself: one that imports from index.ts would not
 * compile without an export there. A file that is exported as a whole (`export * as`) needs no names.
 */
function unusedExports(sources: readonly Source[]): string[] {
  const words = new Map(sources.map((source) => [source, new Set(source.code.match(/\w+/g))]));
  const isExportedWhole = (file: string): boolean =>
    sources.some(({ code }) => new RegExp(`^export \\* .*/${file}\\.js"`, "m").test(code));
  return sources.flatMap((source) => {
    const file = basename(source.path, ".ts");
    const users = sources.filter(
      (other) =>
        other !== source && (!other.path.endsWith(".test.ts") || other.code.includes(`/${file}.js"`)),
    );
    return exportsOf(source)
      .filter((name) => !isExportedWhole(file) && !users.some((user) => words.get(user)?.has(name)))
      .map((name) => `${name} of ${source.path}`);
  });
}

describe("what a source file exports", () => {
  it("is used by another file", () => {
    const sources = publicFolders.flatMap((folder) => sourcesIn(`${folder}/src`));
    expect(sources.length).toBeGreaterThan(500);
    expect(
      unusedExports(sources),
      "export these from the package's src/index.ts; or do not export them",
    ).toEqual([]);
  });

  it("is found unused, whatever it is and whatever comments say", () => {
    const source = (path: string, code: string): Source => ({ path, code });
    const sources = [
      source(
        "a.ts",
        "export function f() {}\nexport const [x] = [1];\nexport const y = f();\nexport class Z {}\n",
      ),
      source(
        "b.ts",
        'import { f } from "./a.js";\nexport abstract class B {}\nexport async function* g() {}\nf(Z);\n',
      ),
    ];
    expect(unusedExports(sources)).toEqual(["y of a.ts", "B of b.ts", "g of b.ts"]);
    const throughIndex = source("a.test.ts", 'import { y, B, g } from "./index.js";\ny(B, g);\n');
    expect(unusedExports([...sources, throughIndex])).toEqual(["y of a.ts", "B of b.ts", "g of b.ts"]);
    const itself = source("a.test.ts", 'import { y } from "./a.js";\ny();\n');
    const index = source("index.ts", 'export * as all from "./b.js";\n');
    expect(unusedExports([...sources, itself, index])).toEqual([]);
  });
});

/** The names of what can be called or made. */
function callable(exported: object): string[] {
  return Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));
}

describe("the page of a package", () => {
  it.each([
    ["nn", callable(nn)],
    ["nn", callable(nn.init)],
    ["optim", callable(optim)],
    ["optim", callable(optim.schedules)],
    ["datasets", callable(datasets)],
  ])("of %s names what the package has", (name, members) => {
    expect(members.length).toBeGreaterThan(5);
    const words = new Set(readFileSync(join(root, "packages", name, "README.md"), "utf8").match(/\w+/g));
    const missing = members.filter((member) => !words.has(member));
    expect(missing, `name these in packages/${name}/README.md`).toEqual([]);
  });
});
