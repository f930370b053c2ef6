import { StargradError } from "@stargrad/tensor";

/**
 * Node's built-in modules, looked up when they are needed instead of imported, so that a bundler for the browser
 * finds nothing it cannot resolve.
 *
 * Throws: StargradError where there are none
 */
function nodeModules(called: string) {
  if (typeof process === "undefined") {
    throw new StargradError(called, "there is no file system here", "Encode and decode bytes instead");
  }
  return {
    files: process.getBuiltinModule("node:fs/promises"),
    path: process.getBuiltinModule("node:path"),
  };
}

/**
 * The bytes of a file.
 *
 * Throws: StargradError if it cannot be read; `cause` is the system's own error
 */
export async function readFileBytes(path: string, called = "readFileBytes"): Promise<Uint8Array> {
  try {
    return await nodeModules(called).files.readFile(path);
  } catch (error) {
    if (error instanceof StargradError) throw error;
    throw fileError(called, `cannot read ${path}`, error);
  }
}

/**
 * Writes a file so that a crash at any moment leaves the old content or the new one, whole: the bytes go to a
 * file beside it, are flushed to the disk, and take its name in one step. The new file keeps the old one's
 * permissions, and a symbolic link stays a link.
 *
 * A process killed while it writes leaves `<path>.<random>.partial` behind; an error leaves nothing.
 *
 * Throws: StargradError if it cannot be written; what was there before is untouched
 */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  called = "writeFileAtomically",
): Promise<void> {
  const modules = nodeModules(called);
  const { chmod, open, realpath, rename, rm, stat } = modules.files;
  const target = await realpath(path).catch(() => path);
  const permissions = await stat(target).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
  const aside = `${target}.${crypto.randomUUID()}.partial`;
  try {
    const file = await open(aside, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (permissions !== undefined) await chmod(aside, permissions);
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw fileError(called, `cannot write ${path}, which is as it was`, error);
  }
  try {
    await flushFolder(modules.path.dirname(target), open);
  } catch (error) {
    throw fileError(
      called,
      `wrote ${path}, but a power cut may undo it, as its folder cannot be flushed`,
      error,
    );
  }
}

/** Without this a new name may not survive a power cut, even though the bytes it stands for would. */
async function flushFolder(folder: string, open: typeof import("node:fs/promises").open): Promise<void> {
  // Windows does not open folders, and journals its names by itself.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function fileError(called: string, problem: string, cause: unknown): StargradError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StargradError(called, `${problem}: ${reason}`, undefined, { cause });
}
