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

// These tests break the layer law in a copy of the workspace, and run the stages of `npm run check` on the copy. A stage takes seconds, however
// much it has to complain about, so each runs once on the untouched copy and once on all violations.

interface Manifest {
  dependencies?: Record<string, string>;
}

let copy: string;

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

interface Result {
  readonly passed: boolean;
  readonly output: string;
}

function run(command: string, ...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  return { passed: status === 0, output: stdout + stderr };
}

/** The stages of `npm run check` that enforce the law. If possible, they run only on some files. */
const stages = {
  boundaries: () => run("npm", "run", "--silent", "boundaries"),
  lint: (files: readonly string[]) =>
    run(join(copy, "node_modules/.bin/eslint"), "--max-warnings", "0", ...files),
  types: ([file]: readonly string[]) => run("npm", "run", "--silent", "types", "--", dirname(dirname(file))),
};

type Stage = keyof typeof stages;

interface Violation {
  readonly title: string;
  readonly file: string;
  readonly imported: string;
  readonly text?: string;
  /** The manifest of the package declares the import. */
  readonly declared?: boolean;
  /** The complaint of each stage that detects it. */
  readonly caughtBy: Partial<Record<Stage, string>>;
}

const violations: readonly Violation[] = [
  {
    title: "an upward import, even a declared one",
    file: "packages/graph/src/upward.ts",
    imported: "@stargrad/tensor",
    declared: true,
    caughtBy: {
      boundaries: "`@stargrad/tensor` found without any tag listed in allowlist for | `@stargrad/graph`",
    },
  },
  {
    title: "an undeclared import",
    file: "packages/nn/src/undeclared.ts",
    imported: "@stargrad/graph",
    caughtBy: { boundaries: "cannot import package `@stargrad/graph` because it is not a dependency" },
  },
  {
    title: "a deep import",
    file: "packages/compiler/src/deep.ts",
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

const untouched = "packages/compiler/src/index.ts";
const stageNames = Object.keys(stages) as Stage[];

/** The results of the stages: on the untouched copy, and on all violations that they must detect. */
const results = { untouched: new Map<Stage, Result>(), broken: new Map<Stage, Result>() };

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

  for (const stage of stageNames) results.untouched.set(stage, stages[stage]([untouched]));
  for (const stage of stageNames) {
    const caught = violations.filter(({ caughtBy }) => stage in caughtBy);
    for (const violation of caught) commit(violation);
    results.broken.set(stage, stages[stage](caught.map(({ file }) => file)));
    for (const violation of caught) takeBack(violation);
  }
});

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

const manifestOf = ({ file }: Violation): string => join(dirname(dirname(file)), "package.json");

function commit(violation: Violation): void {
  const { file, imported, text, declared = false } = violation;
  writeFileSync(join(copy, file), text ?? `export * from "${imported}";\n`);
  if (!declared) return;
  const manifest = join(copy, manifestOf(violation));
  const { dependencies, ...rest } = JSON.parse(readFileSync(manifest, "utf8")) as Manifest;
  writeFileSync(
    manifest,
    JSON.stringify({ ...rest, dependencies: { ...dependencies, [imported]: "workspace:*" } }),
  );
}

function takeBack(violation: Violation): void {
  rmSync(join(copy, violation.file));
  cpSync(join(root, manifestOf(violation)), join(copy, manifestOf(violation)));
}

/**
 * What a stage prints about a violation. Boundaries shows the place below the complaint, and ESLint above it; they shorten neither. A declared
 * import has no place: the complaint names both packages.
 */
function complaintAbout({ file, declared = false }: Violation, stage: Stage, message: string): RegExp {
  const [place, text] = [join(copy, file), message].map((part) =>
    part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"),
  );
  if (stage === "boundaries") return new RegExp(declared ? text : `${text} ,-\\[${place}:`);
  if (stage === "lint") return new RegExp(`${place} (?:(?!${copy}).)*${text}`);
  return new RegExp(text);
}

describe("an untouched copy", () => {
  it.each(stageNames)("passes %s", (stage) => {
    const { passed, output } = results.untouched.get(stage)!;
    expect(passed, output).toBe(true);
  });
});

describe.each(violations)("$title", (violation) => {
  it.each(Object.entries(violation.caughtBy))("fails %s", (stage, message) => {
    const { passed, output } = results.broken.get(stage as Stage)!;
    expect(passed, output).toBe(false);
    expect(output.replace(/\s+/g, " ")).toMatch(complaintAbout(violation, stage as Stage, message));
  });
});
