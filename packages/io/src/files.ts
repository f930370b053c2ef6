import { StargradError } from "@stargrad/tensor";

/**
 * Node's built-in modules. They are looked up at run time instead of imported, because a bundler for the browser cannot
 * resolve an import of them.
 *
 * Throws: StargradError outside Node
 */
function nodeModules(called: string) {
  // Bundlers for the browser provide a `process` without modules.
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    throw new StargradError(called, "there is no file system here", "Encode and decode bytes instead");
  }
  return {
    files: process.getBuiltinModule("node:fs/promises"),
    path: process.getBuiltinModule("node:path"),
  };
}

/**
 * Reads a whole file.
 *
 * Throws: StargradError if the file cannot be read; `cause` is the error of the operating system
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
 * Writes a file atomically: after a crash at any moment, the path holds the complete old content or the complete new
 * content. The bytes are written to a temporary file in the same folder and flushed to the disk; then that file is renamed.
 * The new file keeps the permissions of the old one, and a symbolic link stays a link.
 *
 * If the process is killed while it writes, the temporary file `<path>.<random>.partial` remains. After an error it is
 * removed.
 *
 * Throws: StargradError if the file cannot be written; the old file is then unchanged
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

/** Without this, a power cut may undo the renaming, although the bytes of the file are on the disk. */
async function flushFolder(folder: string, open: typeof import("node:fs/promises").open): Promise<void> {
  // Windows cannot open folders, and its file system journals the names of files itself.
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
