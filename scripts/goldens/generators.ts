import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { format, resolveConfig } from "prettier";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Scripts outside `golden` folders. */
const elsewhere = ["packages/codegen/src/math/coefficients.py"];

/** The program whose output a script reads from its standard input. */
const inputs: Readonly<Record<string, string>> = {
  "packages/graph/golden/primitives.py": "packages/graph/golden/samples.mjs",
  "packages/wasm/golden/make.py": "packages/wasm/golden/names.mjs",
};

export interface Generated {
  /** The contents of the written files, by path from the root of the repository. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The error output of failed scripts, by path. */
  readonly failures: ReadonlyMap<string, string>;
}

/** All scripts that write golden files, including shared modules, which write nothing. */
export function findScripts(): string[] {
  const all = list("*.py");
  return all.filter((path) => basename(dirname(path)) === "golden" || elsewhere.includes(path));
}

/** The data files in folders of golden scripts. One of the scripts must have written each of them. */
export function dataFiles(scripts: readonly string[]): string[] {
  const folders = new Set(scripts.map(dirname).filter((folder) => basename(folder) === "golden"));
  return list(...folders).filter((path) => !/\.(py|mjs)$/.test(path));
}

/** The matching files, committed or new, except those that Git ignores. */
function list(...patterns: readonly string[]): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns];
  const { stdout, status } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error("git ls-files failed; run this command inside a Git clone");
  return stdout.split("\n").filter((path) => path !== "" && existsSync(join(root, path)));
}

/** Runs scripts of one folder in a temporary copy of that folder, so that the repository does not change. */
export async function generate(
  folder: string,
  scripts: readonly string[],
  python: string,
): Promise<Generated> {
  const copy = mkdtempSync(join(tmpdir(), "goldens-"));
  try {
    for (const name of readdirSync(join(root, folder))) {
      if (name.endsWith(".py")) copyFileSync(join(root, folder, name), join(copy, name));
    }
    const failures = new Map<string, string>();
    for (const script of scripts) {
      const failure = runScript(script, python, copy);
      if (failure !== null) failures.set(script, failure);
    }
    const files = new Map<string, Buffer>();
    for (const name of readdirSync(copy, { recursive: true, encoding: "utf8" }).sort()) {
      if (name.endsWith(".py") || !statSync(join(copy, name)).isFile()) continue;
      const path = join(folder, name).replaceAll("\\", "/");
      files.set(path, await formatted(path, readFileSync(join(copy, name))));
    }
    return { files, failures };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Runs one script. Returns `null`, or its error output if it failed. */
function runScript(script: string, python: string, cwd: string): string | null {
  const source = inputs[script] as string | undefined;
  const { status, stderr, error } = spawnSync(python, [basename(script)], {
    cwd,
    input: source === undefined ? "" : outputOf(source),
    encoding: "utf8",
    env: {
      ...process.env,
      // Always two threads, because the order of float32 sums, and so their last bits, depends on the number of threads.
      OMP_NUM_THREADS: "2",
      MKL_NUM_THREADS: "2",
      // Scripts of several packages import philox.py.
      PYTHONPATH: join(root, "packages/graph/golden"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** The output of a script in TypeScript or JavaScript. */
function outputOf(script: string): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "--import", "tsx", script],
    { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return stdout;
}

/** Formats sources like all other sources, and leaves data unchanged. */
async function formatted(path: string, content: Buffer): Promise<Buffer> {
  if (!path.endsWith(".ts")) return content;
  const filepath = join(root, path);
  return Buffer.from(await format(content.toString(), { ...(await resolveConfig(filepath)), filepath }));
}
