// `npm run changeset:check`: a branch that changes the sources of a public package must add a changeset. The working tree is
// compared with the commit where the branch left `main`; on `main` itself nothing differs.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const base = leavingMain();
if (base === null) {
  console.log("changeset:check: skipped, because this clone has no branch `main` to compare with");
  process.exit(0);
}
const changed = [
  ...git("diff", "--name-only", "--diff-filter=d", base),
  ...git("ls-files", "--others", "--exclude-standard"),
];
const packages = new Set(changed.map(publicPackage).filter((name) => name !== null));
const changesets = changed.filter((path) => /^\.changeset\/(?!README).*\.md$/.test(path));
if (packages.size > 0 && changesets.length === 0) {
  console.error(
    `changeset:check: ${[...packages].join(", ")} changed since main, but no changeset was added. Describe the change for ` +
      "users with: npm run changeset. If users notice nothing: npm run changeset -- --empty",
  );
  process.exit(1);
}
console.log(`changeset:check: ${packages.size} packages changed since main, ${changesets.length} changesets`);
// Not every change of a package is one for its users, so this is for people to judge.
const texts = changesets.map((path) => readFileSync(join(root, path), "utf8"));
const unnamed = [...packages].filter(
  (name) => !texts.some((text) => text.includes(`"${publishedName(name)}":`)),
);
if (unnamed.length > 0) {
  console.log(
    `changeset:check: no changeset names ${unnamed.join(", ")}; right if the users of these packages notice nothing`,
  );
}

/** The name that a changeset calls a package by. */
function publishedName(name) {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).name;
}

/** The commit where this branch left `main`, or `null` if the clone has no `main`. */
function leavingMain() {
  for (const main of ["origin/main", "main"]) {
    const { status, stdout } = spawnSync("git", ["merge-base", main, "HEAD"], {
      cwd: root,
      encoding: "utf8",
    });
    if (status === 0) return stdout.trim();
  }
  return null;
}

/** The package whose published sources a file belongs to. */
function publicPackage(path) {
  const [, name] = path.match(/^packages\/([^/]+)\/src\/.*(?<!\.test)\.ts$/) ?? [];
  return name ?? null;
}

function git(...args) {
  const { status, stdout, stderr } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (status === 0) return stdout.split("\n").filter((line) => line !== "");
  console.error(`changeset:check: git ${args.join(" ")} failed: ${stderr}`);
  process.exit(2);
}
