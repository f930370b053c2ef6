import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import ts from "typescript";
import { describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// Whoever reads a file should be able to read what it imports first, and come to an end. Imports of types count.

/** Packages in which no file imports itself, through whatever others. */
const packages = ["compiler", "datasets", "explain", "io", "optim", "tensor", "train"];

type Imports = ReadonlyMap<string, readonly string[]>;

/** Which files of a folder each of its files imports. */
function importsIn(folder: string): Imports {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => join(folder, file));
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(file, "utf8"))]));
}

function importsOf(file: string, text: string): string[] {
  return ts
    .preProcessFile(text)
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => resolve(dirname(file), fileName.replace(/\.js$/, ".ts")));
}

/** A circle of files, the first of them once more at the end; null if there is none. */
function circleIn(imports: Imports): string[] | null {
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return null;
    for (const imported of imports.get(file) ?? []) {
      const circle = visit(imported, [...path, file]);
      if (circle !== null) return circle;
    }
    finished.add(file);
    return null;
  };
  for (const file of imports.keys()) {
    const circle = visit(file, []);
    if (circle !== null) return circle;
  }
  return null;
}

describe("the files of", () => {
  it.each(packages)("%s import each other in one direction", (name) => {
    const folder = join(root, "packages", name, "src");
    expect(circleIn(importsIn(folder))?.map((file) => relative(folder, file)) ?? []).toEqual([]);
  });

  it("a package would be found out, also for a type", () => {
    const text = new Map([
      ["/a.ts", 'import { b } from "./b.js";'],
      ["/b.ts", 'export { c } from "./c.js"; import "./d.js";'],
      ["/c.ts", 'import type { B } from "./b.js";'],
      ["/d.ts", ""],
    ]);
    const imports = new Map([...text].map(([file, code]) => [file, importsOf(file, code)]));
    expect(circleIn(imports)).toEqual(["/b.ts", "/c.ts", "/b.ts"]);
  });
});
