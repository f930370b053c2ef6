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
  const user = await removeIfLeft(lock, modules);
  if (user !== null) return { user, file: lock };
  try {
    await files.writeFile(lock, `${process.pid} ${os.hostname()}\n`, { flag: held.has(lock) ? "w" : "wx" });
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

/** Removes a lock whose process has ended. Returns: the process, if it is still running, or on another machine; otherwise null */
async function removeIfLeft(lock: string, { files, os }: Modules): Promise<string | null> {
  const content = await files.readFile(lock, "utf8").catch(() => null);
  if (content === null || held.has(lock)) return null;
  const [pid = "", host = "?"] = content.trim().split(" ");
  const isHere = host === os.hostname();
  if (isHere && /^[1-9]\d*$/.test(pid) && !isRunning(Number(pid))) {
    await files.rm(lock, { force: true });
    return null;
  }
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
