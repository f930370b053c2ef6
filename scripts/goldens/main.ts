// `npm run goldens`: runs every script that writes golden files, with pinned versions of PyTorch, NumPy, safetensors and
// mpmath, and says which files changed. A file whose numbers differ only by rounding stays as it is.
//
//     npm run goldens -- --check             compare and write nothing; fail with a list
//     npm run goldens -- --only nn           only scripts whose path contains "nn"
//     npm run goldens -- --python PATH       an interpreter that has the packages; or set GOLDENS_PYTHON

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { compare } from "./agreement.js";
import { dataFiles, findScripts, generate, root } from "./generators.js";
import { missingPackages, ownInterpreter } from "./interpreter.js";

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`goldens: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { check, only, python: given } = readOptions();
  const all = findScripts();
  const scripts = all.filter((path) => path.includes(only));
  if (scripts.length === 0) {
    throw new Error(`no script has "${only}" in its path; there are:\n  ${all.join("\n  ")}`);
  }
  const python = given === "" ? ownInterpreter() : given;
  const missing = missingPackages(python);
  if (missing.length > 0) {
    console.error(`goldens: ${python} has no ${missing.join(", ")}; scripts that need it will fail`);
  }

  const changes: string[] = [];
  const failures: string[] = [];
  const written = new Set<string>();
  for (const folder of new Set(scripts.map(dirname))) {
    const inFolder = scripts.filter((path) => dirname(path) === folder);
    const generated = await generate(folder, inFolder, python);
    for (const [script, output] of generated.failures) {
      failures.push(`${script} failed: ${output.split("\n").at(-1) ?? ""}`);
      console.log(`${script} failed:\n${output}`);
    }
    for (const [path, content] of generated.files) {
      written.add(path);
      const change = install(path, content, check);
      if (change !== null) changes.push(change);
    }
  }
  // Only when all scripts have run, it is known which files none of them writes.
  if (only === "" && failures.length === 0) {
    const orphans = dataFiles(scripts).filter((path) => !written.has(path));
    failures.push(...orphans.map((path) => `${path}: no script writes it; delete it, or add its script`));
  }
  report(`${written.size} files of ${scripts.length} scripts`, changes, failures);
  return failures.length > 0 || (check && changes.length > 0) ? 1 : 0;
}

function report(what: string, changes: readonly string[], failures: readonly string[]): void {
  console.log(`\n${what}: ${changes.length} changed, ${failures.length} failed`);
  for (const line of [...changes, ...failures]) console.log(`  ${line}`);
}

/** Reports a file that was written anew, and puts it in its place unless `check`; returns what changed, or `null`. */
function install(path: string, content: Buffer, check: boolean): string | null {
  const place = join(root, path);
  const { verdict, reason } = existsSync(place)
    ? compare(readFileSync(place), content)
    : ({ verdict: "different", reason: "new" } as const);
  console.log(`${path}: ${verdict === "different" ? `CHANGED, ${reason}` : reason || "the same"}`);
  if (verdict !== "different") return null;
  if (!check) {
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
  }
  return `${path}: ${reason}`;
}

function readOptions(): { check: boolean; only: string; python: string } {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      python: { type: "string", default: process.env.GOLDENS_PYTHON ?? "" },
    },
  });
  return values;
}
