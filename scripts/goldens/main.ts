// `npm run goldens`: runs every script that writes golden files, with pinned versions of PyTorch, NumPy, safetensors and
// mpmath, and lists the files that changed. A file whose numbers differ only by rounding is not replaced.
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
    throw new Error(
      `got --only "${only}", which is in the path of no script; the scripts are:\n  ${all.join("\n  ")}`,
    );
  }
  const python = given === "" ? ownInterpreter() : given;
  const missing = missingPackages(python);
  if (missing.length > 0) {
    console.error(`goldens: ${python} lacks ${missing.join(", ")}; scripts that need it will fail`);
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
  // Files that no script writes are known only after all scripts have run.
  if (only === "" && failures.length === 0) {
    const orphans = dataFiles(scripts).filter((path) => !written.has(path));
    failures.push(
      ...orphans.map((path) => `${path}: no script writes this file; delete it, or add its script`),
    );
  }
  report(`${written.size} files of ${scripts.length} scripts`, changes, failures);
  return failures.length > 0 || (check && changes.length > 0) ? 1 : 0;
}

function report(what: string, changes: readonly string[], failures: readonly string[]): void {
  console.log(`\n${what}: ${changes.length} changed, ${failures.length} failed`);
  for (const line of [...changes, ...failures]) console.log(`  ${line}`);
}

/** Reports a written file, and copies it into the repository unless `check`. Returns the change, or `null`. */
function install(path: string, content: Buffer, check: boolean): string | null {
  const target = join(root, path);
  const { verdict, reason } = existsSync(target)
    ? compare(readFileSync(target), content)
    : ({ verdict: "different", reason: "new" } as const);
  console.log(`${path}: ${verdict === "different" ? `CHANGED, ${reason}` : reason || "the same"}`);
  if (verdict !== "different") return null;
  if (!check) {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
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
