// `npm run mutation`: makes small changes to the sources of `autograd` and `compiler`, one at a time, in a copy, and reports the
// changes that no test of the same package detects. It is a report and never fails, because many changes affect only speed.
//
//     npm run mutation -- autograd/src/vjp.ts signature-map        files whose path contains one of these; a minute or two
//     npm run mutation                                             everything; hours
//
// The list is printed, and coverage/mutation.html shows each change in the source.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = ["packages/autograd/src", "packages/compiler/src"].flatMap((folder) =>
  readdirSync(root + folder, { recursive: true })
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !path.endsWith("/index.ts")),
);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((part) => !sources.some((path) => path.includes(part)));
if (unknown.length > 0) {
  console.error(`mutation: no file of autograd or compiler has ${unknown.join(" or ")} in its path.`);
  process.exit(2);
}
const files = sources.filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)));

console.log(`mutation: ${files.length} files\n  ${files.join("\n  ")}`);
const { status, error } = spawnSync(
  process.execPath,
  [
    "node_modules/@stryker-mutator/core/bin/stryker.js",
    "run",
    "scripts/mutation/stryker.config.json",
    "--mutate",
    files.join(","),
  ],
  { cwd: root, stdio: "inherit" },
);
if (error !== undefined) console.error(`mutation: Stryker did not start: ${error.message}`);
process.exit(status ?? 1);
