import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { changelog } from "./changelog.js";

const root = mkdtempSync(join(tmpdir(), "changelog-"));
afterAll(() => {
  rmSync(root, { recursive: true });
});

it("lists changesets by package, then what is released", () => {
  mkdirSync(join(root, ".changeset"));
  mkdirSync(join(root, "packages", "a"), { recursive: true });
  const change = (name: string, text: string) => {
    writeFileSync(join(root, ".changeset", name), text);
  };
  change("one.md", '---\n"@stargrad/b": minor\n---\n\nB is new.\n\nIt has two parts.\n');
  change("two.md", '---\n"@stargrad/a": patch\n---\n\nA is right.\n');
  change("empty.md", "---\n---\n");
  writeFileSync(join(root, "packages", "a", "CHANGELOG.md"), "# a\n\n## 1.0.0\n\n- First.\n");
  const page = changelog(root);
  const from = page.slice(page.indexOf("## Not released yet"));
  expect(from).toBe(
    "## Not released yet\n\n### `@stargrad/a`\n\n- A is right.\n\n### `@stargrad/b`\n\n- B is new.\n  \n  It has two parts.\n\n## a\n\n### 1.0.0\n\n- First.\n",
  );
});
