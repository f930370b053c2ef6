import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// The checks of `npm run imports`, on a small workspace in which `above` may import `below`.

interface Checked {
  readonly known: readonly string[];
  readonly failures: readonly string[];
}

// Scripts belong to no package.
const { checkImports } = (await import(pathToFileURL(join(root, "scripts/import-graph.mjs")).href)) as {
  checkImports: (root: string, options: { write: boolean }) => Checked;
};

let house: string;

beforeEach(() => {
  house = mkdtempSync(join(tmpdir(), "stargrad-import-graph-"));
  const tags = {
    below: { dependencies: { allow: [] } },
    above: { dependencies: { allow: ["below"] } },
    apps: { dependents: { allow: [] } },
  };
  write("turbo.json", JSON.stringify({ boundaries: { tags } }));
  for (const [folder, tag] of [
    ["packages/below", "below"],
    ["packages/above", "above"],
    ["apps/app", "apps"],
  ]) {
    write(`${folder}/package.json`, JSON.stringify({ name: `@stargrad/${tag}` }));
    write(`${folder}/turbo.json`, JSON.stringify({ tags: [tag] }));
  }
  write("packages/below/src/index.ts", 'export { one } from "./one.js";\n');
  write("packages/below/src/one.ts", "export const one = 1;\nexport type One = typeof one;\n");
  write("packages/above/src/index.ts", 'export { one } from "@stargrad/below";\n');
  write(
    "apps/app/src/main.ts",
    'import type { one } from "@stargrad/above";\nexport type One = typeof one;\n',
  );
  write("ARCHITECTURE.md", "<!-- import graph, drawn by `npm run imports -- --write` -->\n<!-- end -->\n");
  expect(checkImports(house, { write: true })).toMatchObject({ known: [], failures: [] });
});

afterEach(() => {
  rmSync(house, { recursive: true, force: true });
});

function write(file: string, text: string): void {
  mkdirSync(dirname(join(house, file)), { recursive: true });
  writeFileSync(join(house, file), text);
}

function failures(): readonly string[] {
  return checkImports(house, { write: false }).failures;
}

describe("the import graph", () => {
  it("is drawn with imports of values, imports of types, and allowed but unused imports", () => {
    expect(readFileSync(join(house, "ARCHITECTURE.md"), "utf8").split("\n").slice(3, 7)).toEqual([
      "              3  2  1",
      " 3 apps/app   ■  ○  ·",
      " 2 above         ■  ●",
      " 1 below            ■",
    ]);
    expect(failures()).toEqual([]);
  });

  it("fails if the picture does not match the imports", () => {
    write("packages/above/src/index.ts", "export const one = 1;\n");
    expect(failures()).toContainEqual(
      expect.stringContaining("the picture in ARCHITECTURE.md does not match the imports"),
    );
  });

  it.each([
    ["values", 'export { two } from "./two.js";\n', "packages/below/src/one.ts -> packages/below/src/two.ts"],
    [
      "types",
      'export type { Two } from "./two.js";\n',
      "packages/below/src/one.ts -types-> packages/below/src/two.ts",
    ],
    [
      "a type in an import()",
      'export type Two = import("./two.js").Two;\n',
      "packages/below/src/one.ts -types-> packages/below/src/two.ts",
    ],
    [
      "a dynamic import",
      'export const later = import("./two.js");\n',
      "packages/below/src/one.ts -> packages/below/src/two.ts",
    ],
  ])("fails for a circle that is closed by %s", (_, closing, message) => {
    write("packages/below/src/one.ts", `export const one = 1;\nexport type One = typeof one;\n${closing}`);
    write(
      "packages/below/src/two.ts",
      'import type { One } from "./one.js";\nexport type Two = One;\nexport const two: Two = 1;\n',
    );
    expect(failures()).toContainEqual(expect.stringContaining(message));
  });

  it("fails for an import that runs up, even of types", () => {
    write("packages/below/src/one.ts", 'export const one = 1;\nexport type * from "@stargrad/above";\n');
    expect(failures()).toContainEqual(
      expect.stringContaining(
        "the layer law in turbo.json does not allow packages/below to import packages/above",
      ),
    );
  });

  it("fails for a law that lets imports run up", () => {
    const tags = {
      above: { dependencies: { allow: ["below"] } },
      below: { dependencies: { allow: ["above"] } },
      apps: { dependents: { allow: [] } },
    };
    write("turbo.json", JSON.stringify({ boundaries: { tags } }));
    expect(failures()).toContainEqual(
      expect.stringContaining(
        "packages/above/src/index.ts imports packages/below/src/index.ts, which runs up",
      ),
    );
  });

  it("fails for an import that runs up through a second door", () => {
    const exports = {
      ".": { source: "./src/index.ts" },
      "./internal": { source: { default: "./src/internal.ts" } },
    };
    write("packages/above/package.json", JSON.stringify({ name: "@stargrad/above", exports }));
    write("packages/above/src/internal.ts", "export const two = 2;\n");
    write("packages/below/src/one.ts", 'export const one = 1;\nexport * from "@stargrad/above/internal";\n');
    expect(failures()).toContainEqual(
      expect.stringContaining(
        "packages/below/src/one.ts imports packages/above/src/internal.ts, which runs up",
      ),
    );
  });

  it("fails for an import of an app", () => {
    write("packages/above/src/index.ts", 'export * from "../../../apps/app/src/main.js";\n');
    expect(failures()).toContainEqual(
      expect.stringContaining("does not allow packages/above to import apps/app"),
    );
  });

  it("reports known circles, and fails if one no longer exists", () => {
    write("packages/below/src/one.ts", 'export const one = 1;\nexport * from "./index.js";\n');
    const files = ["packages/below/src/one.ts", "packages/below/src/index.ts"];
    write("scripts/known-circles.json", JSON.stringify([{ reason: "a test", files }]));
    expect(checkImports(house, { write: true })).toMatchObject({
      known: ["known circle of 2 files around packages/below/src/one.ts: a test"],
      failures: [],
    });
    write("packages/below/src/one.ts", "export const one = 1;\n");
    expect(failures()).toContainEqual(
      expect.stringContaining(
        "lists a circle of 2 files around packages/below/src/one.ts that does not exist",
      ),
    );
  });
});
