import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bundlePrograms } from "./bundle-programs.js";
import { root } from "./workspace.js";

// A script in examples/ has at most 40 lines, and prints the lines of its comments `// -> …`.

const folder = join(root, "examples");

const names = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3));
let built: string;

beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), "stargrad-examples-"));
  await bundlePrograms(folder, Object.fromEntries(names.map((name) => [name, `${name}.ts`])), built);
});

afterAll(() => {
  rmSync(built, { recursive: true });
});

describe.each(names)("examples/%s.ts", (name) => {
  const code = readFileSync(join(folder, `${name}.ts`), "utf8");

  it("fits on a page", () => {
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });

  it("runs and prints the lines of its comments", () => {
    const program = join(built, `${name}.mjs`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program], {
      cwd: root,
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    const documented = [...code.matchAll(/\/\/ -> (.*)$/gm)].map(([, text]) => text);
    expect(documented.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n")).toEqual(documented);
  });
});
