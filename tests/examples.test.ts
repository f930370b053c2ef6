import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// A script in examples/ has at most 40 lines, and prints the lines of its comments `// -> …`.

const folder = join(root, "examples");

describe.each(readdirSync(folder).filter((name) => name.endsWith(".ts")))("examples/%s", (name) => {
  const code = readFileSync(join(folder, name), "utf8");

  it("fits on a page", () => {
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });

  it("runs and prints the lines of its comments", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=source", "--import", "tsx", join("examples", name)],
      { cwd: root, encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
    const documented = [...code.matchAll(/\/\/ -> (.*)$/gm)].map(([, text]) => text);
    expect(documented.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n")).toEqual(documented);
  });
});
