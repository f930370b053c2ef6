import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { brokenAnchors } from "./anchors.js";

const folder = mkdtempSync(join(tmpdir(), "anchors-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("finds links to headings and to pages that do not exist, in a sub-folder", () => {
  mkdirSync(join(folder, "learn"));
  const links = [
    "#here",
    "#not-here",
    "/base/index.html#top",
    "/base/index.html#bottom",
    "/base/#top",
    "../index#top",
    "/base/gone.html#top",
    "https://example.com/#any",
  ];
  const anchors = links.map((link) => `<a class="x" href="${link}">x</a>`).join("");
  writeFileSync(join(folder, "index.html"), '<h1 id="top">x</h1>');
  writeFileSync(join(folder, "learn", "page.html"), `<h1 id="here">x</h1>${anchors}`);
  expect(brokenAnchors(folder, "/base/")).toEqual([
    "learn/page.html links to #not-here, but learn/page.html has no such heading",
    "learn/page.html links to /base/index.html#bottom, but index.html has no such heading",
    "learn/page.html links to /base/gone.html#top, and there is no such page",
  ]);
});
