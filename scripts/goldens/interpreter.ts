import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const requirements = path("requirements.txt");
const environment = path("../../node_modules/.cache/goldens");
const onWindows = process.platform === "win32";

/**
 * Returns a Python with the pinned packages, in a virtual environment. The environment is made at the first call, and again
 * when requirements.txt has changed.
 *
 * Throws: Error if Python is missing, or if pip cannot install a package
 */
export function ownInterpreter(): string {
  const python = `${environment}/${onWindows ? "Scripts/python.exe" : "bin/python"}`;
  const stamp = `${environment}/.requirements`;
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  console.error(
    "goldens: making a virtual environment with the packages of scripts/goldens/requirements.txt ...",
  );
  rmSync(environment, { recursive: true, force: true });
  mkdirSync(environment, { recursive: true });
  run(onWindows ? "python" : "python3", ["-m", "venv", environment]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
  writeFileSync(stamp, wanted);
  return python;
}

/**
 * Checks the versions of packages of a user's own interpreter, and returns the names of missing packages. Only the scripts that
 * need them will fail.
 *
 * Throws: Error if the interpreter does not run, or has another version of a package
 */
export function missingPackages(python: string): string[] {
  const pinned = [...readFileSync(requirements, "utf8").matchAll(/^([\w-]+)==(\S+)$/gm)];
  const program = `
import importlib.metadata, json, sys
def version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
print(json.dumps([version(name) for name in sys.argv[1:]]))`;
  const output = run(python, ["-c", program, ...pinned.map(([, name]) => name)]);
  const versions = JSON.parse(output) as (string | null)[];
  const missing: string[] = [];
  for (const [i, [, name, wanted]] of pinned.entries()) {
    const found = versions[i];
    if (found === null) {
      missing.push(name);
      continue;
    }
    // "2.13.0+cpu" is a build of 2.13.0.
    if (found.split("+")[0] !== wanted) {
      throw new Error(
        `${python} has ${name} ${found}, but golden files are written with ${wanted}. Install that version, or omit ` +
          `--python and GOLDENS_PYTHON to use a virtual environment`,
      );
    }
  }
  return missing;
}

function run(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return stdout;
  throw new Error(`${command} ${args.slice(0, 4).join(" ")} failed: ${error?.message ?? stderr}`);
}
