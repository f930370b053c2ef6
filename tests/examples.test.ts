import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { root } from "./workspace.js";

// A script in examples/ is at most 40 lines long and prints, line by line, what its comments `// -> …` say.

const folder = join(root, "examples");

describe.each(readdirSync(folder).filter((name) => name.endsWith(".ts")))("examples/%s", (name) => {
  const code = readFileSync(join(folder, name), "utf8");

  it("fits on a page", () => {
    expect(code.trimEnd().split("\n").length).toBeLessThanOrEqual(40);
  });

  it("runs and prints what it says", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=source", "--import", "tsx", join("examples", name)],
      { cwd: root, encoding: "utf8" },
    );
    expect(status, stderr).toBe(0);
    const promised = [...code.matchAll(/\/\/ -> (.*)$/gm)].map(([, text]) => text);
    expect(promised.length).toBeGreaterThan(0);
    expect(stdout.trimEnd().split("\n")).toEqual(promised);
  });
});
