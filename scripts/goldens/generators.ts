import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { format, resolveConfig } from "prettier";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Scripts outside of a `golden` folder. */
const elsewhere = ["packages/codegen/src/math/coefficients.py"];

/** What a script reads from its standard input: the output of another program. */
const inputs: Readonly<Record<string, string>> = {
  "packages/graph/golden/primitives.py": "packages/graph/golden/samples.mjs",
  "packages/wasm/golden/make.py": "packages/wasm/golden/names.mjs",
};

export interface Generated {
  /** The contents of the files that were written, by path from the root of the repository. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What the scripts that failed have printed, by their path. */
  readonly failures: ReadonlyMap<string, string>;
}

/** All generating scripts, with the modules they share, which write nothing. */
export function findScripts(): string[] {
  const all = list("*.py");
  return all.filter((path) => basename(dirname(path)) === "golden" || elsewhere.includes(path));
}

/** The files beside golden scripts that are data, and so must come from one of the scripts. */
export function dataFiles(scripts: readonly string[]): string[] {
  const folders = new Set(scripts.map(dirname).filter((folder) => basename(folder) === "golden"));
  return list(...folders).filter((path) => !/\.(py|mjs)$/.test(path));
}

/** The files that match, committed or new, but for those that Git ignores. */
function list(...patterns: readonly string[]): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns];
  const { stdout, status } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error("git ls-files failed: golden files can be written only in a clone");
  return stdout.split("\n").filter((path) => path !== "" && existsSync(join(root, path)));
}

/** Runs scripts of one folder on a copy of that folder's scripts, so that nothing in the repository changes. */
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

/** Runs one script; returns `null`, or what it printed if it failed. */
function runScript(script: string, python: string, cwd: string): string | null {
  const source = inputs[script] as string | undefined;
  const { status, stderr, error } = spawnSync(python, [basename(script)], {
    cwd,
    input: source === undefined ? "" : outputOf(source),
    encoding: "utf8",
    env: {
      ...process.env,
      // The order of float32 sums, and so their last bits, depends on the number of threads: it is always two.
      OMP_NUM_THREADS: "2",
      MKL_NUM_THREADS: "2",
      // Scripts of several packages import philox.py.
      PYTHONPATH: join(root, "packages/graph/golden"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  return status === 0 ? null : (error?.message ?? stderr.trim());
}

/** What a script in TypeScript or JavaScript prints. */
function outputOf(script: string): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=source", "--import", "tsx", script],
    { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 },
  );
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return stdout;
}

/** Sources are formatted like all others; data is left as the script wrote it. */
async function formatted(path: string, content: Buffer): Promise<Buffer> {
  if (!path.endsWith(".ts")) return content;
  const filepath = join(root, path);
  return Buffer.from(await format(content.toString(), { ...(await resolveConfig(filepath)), filepath }));
}
