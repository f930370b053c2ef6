import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { folders, root } from "./workspace.js";

// These tests break the layer law in a copy of the workspace, and run the stages of `npm run check` on the copy.

interface Manifest {
  dependencies?: Record<string, string>;
}

let copy: string;

beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), "stargrad-layer-law-")));
  const files = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
  const made = new Set(["node_modules", "dist", ".turbo"]);
  for (const entry of [
    ...files.map(({ name }) => name),
    "packages",
    "apps",
    "bench",
    "examples",
    "tests",
    "scripts",
  ]) {
    const filter = (source: string) => !made.has(basename(source));
    cpSync(join(root, entry), join(copy, entry), { recursive: true, filter });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  for (const folder of folders) linkDependencies(join(folder, "node_modules"));
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

/** Links the installed dependencies of a package: packages of the workspace to their copies, others to the originals. */
function linkDependencies(modules: string): void {
  mkdirSync(join(copy, modules), { recursive: true });
  for (const entry of readdirSync(join(root, modules))) {
    if (entry.startsWith(".")) continue;
    if (entry.startsWith("@")) {
      linkDependencies(join(modules, entry));
      continue;
    }
    const target = realpathSync(join(root, modules, entry));
    const folder = folders.find((candidate) => realpathSync(join(root, candidate)) === target);
    symlinkSync(folder === undefined ? target : join(copy, folder), join(copy, modules, entry), "junction");
  }
}

function run(command: string, ...args: string[]): { passed: boolean; output: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return { passed: status === 0, output: stdout + stderr };
}

/** The stages of `npm run check` that enforce the law. If possible, they run only on one file. */
const stages = {
  boundaries: () => run("npm", "run", "--silent", "boundaries"),
  lint: (file: string) => run(join(copy, "node_modules/.bin/eslint"), "--max-warnings", "0", file),
  types: (file: string) => run("npm", "run", "--silent", "types", "--", dirname(dirname(file))),
};

describe("an untouched copy", () => {
  it.each(["boundaries", "lint", "types"] as const)("passes %s", (stage) => {
    const { passed, output } = stages[stage]("packages/tensor/src/index.ts");
    expect(passed, output).toBe(true);
  });
});

const violations = [
  {
    title: "an upward import, even a declared one",
    file: "packages/graph/src/upward.ts",
    imported: "@stargrad/tensor",
    declared: true,
    caughtBy: { boundaries: "`@stargrad/tensor` found without any tag listed in allowlist for" },
  },
  {
    title: "an undeclared import",
    file: "packages/nn/src/undeclared.ts",
    imported: "@stargrad/graph",
    caughtBy: { boundaries: "cannot import package `@stargrad/graph` because it is not a dependency" },
  },
  {
    title: "a deep import",
    file: "packages/tensor/src/deep.ts",
    imported: "@stargrad/graph/src/shape.js",
    caughtBy: { lint: "reaches into another package", types: "Cannot find module" },
  },
  {
    title: "an undeclared import through the second door",
    file: "packages/nn/src/undeclared-internal.ts",
    imported: "@stargrad/graph/internal",
    caughtBy: { boundaries: "cannot import package `@stargrad/graph` because it is not a dependency" },
  },
  {
    title: "an app at the second door",
    file: "apps/trainer/src/internal.ts",
    imported: "@stargrad/tensor/internal",
    caughtBy: { lint: "is for the packages of this house" },
  },
  {
    title: "a relative import across packages",
    file: "packages/tensor/src/relative.ts",
    imported: "../../graph/src/index.js",
    caughtBy: { boundaries: "leaves the package", lint: "leaves this package" },
  },
  {
    title: "a read at once, which not every engine can",
    file: "packages/nn/src/at-once.ts",
    imported: "@stargrad/tensor",
    text: 'import { tensor } from "@stargrad/tensor";\nexport const one = () => tensor(1).itemSync();\n',
    caughtBy: { lint: "Not every engine can be read at once" },
  },
];

describe.each(violations)("$title", ({ file, imported, text, declared = false, caughtBy }) => {
  const manifest = join(dirname(dirname(file)), "package.json");

  beforeAll(() => {
    writeFileSync(join(copy, file), text ?? `export * from "${imported}";\n`);
    if (!declared) return;
    const { dependencies, ...rest } = JSON.parse(readFileSync(join(copy, manifest), "utf8")) as Manifest;
    const changed = { ...rest, dependencies: { ...dependencies, [imported]: "workspace:*" } };
    writeFileSync(join(copy, manifest), JSON.stringify(changed));
  });

  afterAll(() => {
    rmSync(join(copy, file));
    cpSync(join(root, manifest), join(copy, manifest));
  });

  it.each(Object.entries(caughtBy))("fails %s", (stage, message) => {
    const { passed, output } = stages[stage as keyof typeof stages](file);
    expect(passed, output).toBe(false);
    expect(output.replace(/\s+/g, " ")).toContain(message);
  });
});
