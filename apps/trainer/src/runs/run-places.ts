import { mkdir, readdir, stat } from "node:fs/promises";
import { join, sep } from "node:path";

import { StargradError } from "@stargrad/tensor";

/** Where runs are kept unless told otherwise, in the folder in which the command was called. */
export const runsFolder = "runs";

/** A new folder for a run of a command: `runs/images-1`, `runs/images-2`, … */
export async function newRunFolder(command: string): Promise<string> {
  await mkdir(runsFolder, { recursive: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StargradError(
      command,
      `cannot make the folder ${runsFolder}: ${reason}`,
      "Name another one with --run",
      { cause },
    );
  });
  for (let number = 1; ; number++) {
    const path = join(runsFolder, `${command}-${number}`);
    // Made at once, so that two commands that begin together get two folders.
    if (await mkdir(path).then(() => true, isThere)) return path;
  }
}

/** False for an error that says that there is such a folder. Throws: any other */
function isThere(error: unknown): false {
  if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
  throw error;
}

/**
 * The folder of a run that is named by its path, or by its name in `runs`.
 *
 * Throws: StargradError with the problem if there is none
 */
export async function existingRun(
  name: string,
  problem = "is no run: there is no config.json in it",
): Promise<string> {
  const candidates = name.includes(sep) || name.includes("/") ? [name] : [join(runsFolder, name), name];
  for (const path of candidates) {
    const isRun = await stat(join(path, "config.json")).then(
      (found) => found.isFile(),
      () => false,
    );
    if (isRun) return path;
  }
  throw new StargradError(name, problem, "`runs` lists the runs that there are");
}

/** The runs in a folder, by name. */
export async function runsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const paths = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  const found = await Promise.all(
    paths.map(async (path) =>
      (await stat(join(path, "config.json")).catch(() => null)) === null ? [] : [path],
    ),
  );
  return found.flat().sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
