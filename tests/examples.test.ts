import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bundlePrograms } from "./bundle-programs.js";
import { root } from "./workspace.js";

// A script in examples/ has at most 40 lines, and prints the lines of its comments `// -> …`. If it is in the table `learned`, its numbers
// may differ from those of the comments, because another processor may round differently, but they must show that it learned.

const folder = join(root, "examples");

type Learned = (numbers: readonly number[], lines: readonly string[]) => void;

const learned: Readonly<Record<string, Learned>> = {
  cnn: ([right]) => {
    expect(right).toBeGreaterThanOrEqual(88);
  },
  tabular: ([right]) => {
    expect(right).toBeGreaterThanOrEqual(85);
  },
  "lstm-forecast": ([error, asToday]) => {
    expect(error).toBeLessThan(asToday);
  },
  transformer: ([known, words]) => {
    expect(words).toBeGreaterThan(10);
    expect(known).toBeGreaterThanOrEqual(0.9 * words);
  },
  vae: (losses, lines) => {
    for (const [i, loss] of losses.entries()) if (i > 0) expect(loss).toBeLessThan(losses[i - 1]);
    expect(losses[3]).toBeLessThan(0.5 * losses[0]);
    expectRing(lines.slice(1));
  },
  gan: ([missedBefore, , missed, wrong]) => {
    expect(missed).toBeLessThan(missedBefore / 5); // every part of the data is imitated
    expect(wrong).toBeLessThan(0.15); // little else is
  },
  "fine-tune": ([before, after]) => {
    expect(before).toBeLessThan(0.7);
    expect(after).toBeGreaterThan(0.95);
  },
  reinforce: ([before, ...later]) => {
    expect(before).toBeLessThan(40);
    expect(later.at(-1)).toBeGreaterThan(150);
  },
};

/** The drawing of 16 × 16 pixels has ink around a place that has none. */
function expectRing(lines: readonly string[]): void {
  const rows = lines.map((line) =>
    Array.from({ length: 16 }, (_, x) => " .:-=+*#".indexOf(line.charAt(2 * x))),
  );
  expect(rows).toHaveLength(16);
  const most = (values: readonly number[]) => Math.max(...values);
  const holes = rows.flatMap((row, y) =>
    row.filter((ink, x) => {
      const column = rows.map((other) => other[x]);
      const around = [row.slice(0, x), row.slice(x + 1), column.slice(0, y), column.slice(y + 1)];
      return ink <= 2 && around.every((side) => most([0, ...side]) >= 4);
    }),
  );
  expect(holes.length).toBeGreaterThan(0);
}

const number = /-?\d+(\.\d+)?/g;

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
    const printed = stdout.replace(/\n$/, "").split("\n");
    if (!(name in learned)) {
      expect(printed).toEqual(documented);
      return;
    }
    const words = (lines: readonly string[]) => lines.map((line) => line.replace(number, "#"));
    expect(words(printed.slice(0, documented.length))).toEqual(words(documented));
    learned[name](printed.flatMap((line) => line.match(number) ?? []).map(Number), printed);
  });
});
