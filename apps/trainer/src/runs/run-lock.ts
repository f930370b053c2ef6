import { rmSync } from "node:fs";
import { readFile, realpath, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";

import { StargradError } from "@stargrad/tensor";

/** The locks that this process holds. They are removed when it ends, unless it is killed. */
const held = new Set<string>();

/**
 * Marks the file of a run as in use, from the start of the run to its end: `<file>.lock` contains the process. A lock of a process that
 * has ended is taken over. Returns a function that removes the lock.
 *
 * Throws: StargradError if another process uses the file, or if the folder cannot be written
 */
export async function lockRun(path: string): Promise<() => Promise<void>> {
  const lock = `${await realpath(path).catch(() => path)}.lock`;
  await removeIfLeft(lock, path);
  try {
    await writeFile(lock, `${process.pid} ${hostname()}\n`, { flag: held.has(lock) ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw inUse(path, lock, "another process");
    // A name too long for a lock is not too long for the file; the first save then finds what another run has saved.
    if (code === "ENAMETOOLONG") return () => Promise.resolve();
    throw new StargradError(path, `cannot write to the folder ${dirname(path)}: ${message}`);
  }
  process.removeListener("exit", removeAll).once("exit", removeAll);
  held.add(lock);
  return async () => {
    held.delete(lock);
    await rm(lock, { force: true });
  };
}

/** Removes a lock whose process has ended. Throws: StargradError if it is still running, or on another machine */
async function removeIfLeft(lock: string, path: string): Promise<void> {
  const content = await readFile(lock, "utf8").catch(() => null);
  if (content === null || held.has(lock)) return;
  const [pid = "", host = "?"] = content.trim().split(" ");
  if (host === hostname() && /^[1-9]\d*$/.test(pid) && !isRunning(Number(pid))) {
    await rm(lock, { force: true });
    return;
  }
  throw inUse(path, lock, `process ${pid === "" ? "?" : pid}${host === hostname() ? "" : ` on ${host}`}`);
}

/** A process of another user counts; this process holds no lock that is not in `held`. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function inUse(path: string, lock: string, user: string): StargradError {
  return new StargradError(
    path,
    `is in use by the run of ${user}`,
    `Name another file, or wait for its end; if that run has ended, delete ${lock}`,
  );
}

function removeAll(): void {
  for (const lock of held) rmSync(lock, { force: true });
}
