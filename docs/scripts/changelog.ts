import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A change that is not released yet: the packages it is about, and what it says. */
interface Change {
  readonly packages: readonly string[];
  readonly text: string;
}

/** A changeset: the packages between two lines of dashes, then the text. */
export function readChangeset(text: string): Change {
  const [, head = "", body = ""] = /^---\n([^]*?)---\n([^]*)$/.exec(text) ?? [];
  const packages = [...head.matchAll(/^"([^"]+)": (?:major|minor|patch)$/gm)].map(([, name = ""]) => name);
  return { packages, text: body.trim() };
}

/**
 * The page of changes, in Markdown: what is not released yet from the changesets, by package, and what is released from the changelogs that the
 * release wrote.
 */
export function changelog(root: string): string {
  const folder = join(root, ".changeset");
  const changes = readdirSync(folder)
    .filter((name) => name.endsWith(".md") && name !== "README.md")
    .sort()
    .map((name) => readChangeset(readFileSync(join(folder, name), "utf8")))
    .filter(({ packages, text }) => packages.length > 0 && text !== "");
  const byPackages = new Map<string, string[]>();
  for (const { packages, text } of changes) {
    const key = packages.length > 3 ? "Several packages" : packages.map((name) => `\`${name}\``).join(", ");
    byPackages.set(key, [...(byPackages.get(key) ?? []), text]);
  }
  const unreleased = [...byPackages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([packages, texts]) => [
      `### ${packages}`,
      "",
      ...texts.map((text) => `- ${text.replaceAll("\n", "\n  ")}`),
      "",
    ]);
  const released = readdirSync(join(root, "packages"))
    .map((name) => join(root, "packages", name, "CHANGELOG.md"))
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, "utf8").replaceAll(/^(#+) /gm, "#$1 "));
  return [
    "---",
    "editLink: false",
    "outline: [2, 2]",
    "---",
    "",
    "# Changelog",
    "",
    "What changes for users. It is made from the changesets, one for each change, and from the changelogs of the packages.",
    "",
    "## Not released yet",
    "",
    ...(unreleased.length > 0 ? unreleased : ["Nothing.", ""]),
    ...released,
  ].join("\n");
}
