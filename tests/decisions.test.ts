import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { root } from "./workspace.js";

/*
 * Every record in docs/decisions begins with its title and one paragraph:
 *
 *     # 8. A graph becomes a program
 *
 *     Date: 2026-11-22. Status: superseded in part. Supersedes … [decision 3](0003-….md). Superseded by [decision 11](0011-….md) ….
 */

const folder = join(root, "docs/decisions");
const statuses = ["accepted", "superseded in part", "superseded"];

interface Link {
  readonly text: string;
  readonly target: string;
}

interface Decision {
  readonly file: string;
  readonly text: string;
  readonly title: string;
  readonly date: string;
  readonly status: string;
  readonly supersedes: readonly string[];
  readonly supersededBy: readonly string[];
}

function linksIn(text: string): Link[] {
  return [...text.matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g)].map(([, text, target]) => ({ text, target }));
}

function read(file: string): Decision {
  const text = readFileSync(join(folder, file), "utf8");
  const [title, paragraph = ""] = text.split("\n\n");
  const head = paragraph.replaceAll("\n", " ");
  const { date = "", status = "" } =
    /^Date: (?<date>\S+)\. Status: (?<status>[a-z ]+)\./.exec(head)?.groups ?? {};
  const [before, after = ""] = head.split("Superseded by ");
  const supersedes = before.split("Supersedes ").slice(1).join();
  const targets = (part: string) => linksIn(part).map(({ target }) => target);
  return {
    file,
    text,
    title,
    date,
    status,
    supersedes: targets(supersedes),
    supersededBy: targets(after),
  };
}

const decisions = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .sort()
  .map(read);

it("numbers decisions from 1, without a gap or a duplicate", () => {
  expect(decisions.map(({ file }) => Number(file.slice(0, 4)))).toEqual(decisions.map((_, i) => i + 1));
});

describe.each(decisions)("$file", ({ file, text, title, date, status, supersedes, supersededBy }) => {
  const named = (target: string) => decisions.find((other) => other.file === target);

  it("has a title with its number, a date and a status", () => {
    expect(title).toMatch(new RegExp(`^# ${Number(file.slice(0, 4))}\\. \\S`));
    expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
    expect(statuses).toContain(status);
  });

  it("is superseded if and only if it names a successor", () => {
    expect(status.startsWith("superseded")).toBe(supersededBy.length > 0);
  });

  it("is named by the records that it supersedes, and by the records that supersede it", () => {
    for (const target of supersedes) {
      expect(target < file, `${file} supersedes a later decision, ${target}`).toBe(true);
      expect(named(target)?.supersededBy, `${target} does not name ${file}`).toContain(file);
    }
    for (const target of supersededBy) {
      expect(named(target)?.supersedes, `${target} does not name ${file}`).toContain(file);
    }
  });

  it("links to files that exist, and names decisions by their right numbers", () => {
    for (const { text: name, target } of linksIn(text)) {
      if (target.startsWith("https://")) continue;
      expect(existsSync(join(folder, target)), target).toBe(true);
      const number = /^decision (\d+)/.exec(name)?.[1];
      if (number !== undefined) expect(Number(target.slice(0, 4)), name).toBe(Number(number));
    }
  });
});
