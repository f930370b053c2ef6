import { StargradError } from "@stargrad/tensor";
import { shared } from "@stargrad/tensor/internal";

import { calling } from "./arguments.js";
import { nodeModules } from "./node-modules.js";

/** The locks that this process holds. They are removed when it ends, unless it is killed. */
const held = /* @__PURE__ */ shared("file locks", () => new Set<string>());

/**
 * Marks a file as in use by this process: `<path>.lock` contains the process and its machine. A lock of a process of this machine that has
 * ended is taken over. A process that has the lock gets it again. Nothing keeps programs from the file that do not ask for its lock.
 *
 * Returns: a function that removes the lock. `called`: what errors name. Default: this call
 *
 * Throws: StargradError if another process has the lock, or if the folder cannot be written
 */
export async function lockFile(
  path: string,
  called = calling("lockFile", path),
): Promise<() => Promise<void>> {
  const lock = await tryLock(path, called);
  if ("release" in lock) return lock.release;
  throw new StargradError(
    called,
    `is in use by ${lock.user}`,
    `Name another one, or wait for its end; if it has ended, delete ${lock.file}`,
  );
}

/** A lock that this process has now, or the one who has it, and the file that says so. */
export type Lock =
  { readonly release: () => Promise<void> } | { readonly user: string; readonly file: string };

/** As {@link lockFile}, but says who has the lock instead of throwing. */
export async function tryLock(path: string, called: string): Promise<Lock> {
  const modules = nodeModules(called);
  const { files, path: paths, os } = modules;
  const lock = `${await files.realpath(path).catch(() => paths.resolve(path))}.lock`;
  const own = `${process.pid} ${os.hostname()}\n`;
  try {
    const user = await userOf(lock, own, modules);
    if (user !== null) return { user, file: lock };
    await files.writeFile(lock, own, { flag: held.has(lock) ? "w" : "wx" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return { user: "another process", file: lock };
    // A name too long for a lock is not too long for the file.
    if (code === "ENAMETOOLONG") return { release: () => Promise.resolve() };
    throw new StargradError(called, `cannot write to the folder ${paths.dirname(path)}: ${message}`);
  }
  process.removeListener("exit", removeAll).once("exit", removeAll);
  held.add(lock);
  return {
    release: async () => {
      held.delete(lock);
      await files.rm(lock, { force: true });
    },
  };
}

type Modules = ReturnType<typeof nodeModules>;

/** Who has a lock; null if nobody has. The lock of a process that has ended is removed. */
async function userOf(lock: string, own: string, modules: Modules): Promise<string | null> {
  const content = await contentOf(lock, modules);
  if (content === null || held.has(lock)) return null;
  const user = runningUser(content, modules);
  if (user !== null) return user;
  return (await removeLeft(lock, content, own, modules)) ? null : "another process";
}

/**
 * Removes a lock that an ended process has left, unless another process is doing so. Of several that have read it, one could otherwise remove
 * the new lock of another: whoever makes the file `<lock>.left` looks again before it removes the lock.
 */
async function removeLeft(lock: string, content: string, own: string, modules: Modules): Promise<boolean> {
  const { files } = modules;
  const turn = `${lock}.left`;
  try {
    await files.writeFile(turn, own, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const other = await contentOf(turn, modules);
    if (other !== null && runningUser(other, modules) === null) await files.rm(turn, { force: true });
    return false;
  }
  try {
    if ((await contentOf(lock, modules)) === content) await files.rm(lock, { force: true });
  } finally {
    await files.rm(turn, { force: true });
  }
  return true;
}

/** Null if there is no such file. */
async function contentOf(lock: string, { files }: Modules): Promise<string | null> {
  return files.readFile(lock, "utf8").catch(() => null);
}

/** The process that a lock names, if it is running, or on another machine. */
function runningUser(content: string, { os }: Modules): string | null {
  const [pid = "", host = "?"] = content.trim().split(" ");
  const isHere = host === os.hostname();
  if (isHere && /^[1-9]\d*$/.test(pid) && !isRunning(Number(pid))) return null;
  return `process ${pid === "" ? "?" : pid}${isHere ? "" : ` on ${host}`}`;
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

function removeAll(): void {
  const { rmSync } = process.getBuiltinModule("node:fs");
  for (const lock of held) rmSync(lock, { force: true });
}
