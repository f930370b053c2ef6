import { StargradError } from "@stargrad/tensor";
import { expectOptions, flag, shared, text } from "@stargrad/tensor/internal";

import { expectArgument } from "./arguments.js";
import type { ByteSource } from "./byte-source.js";
import { nodeModules } from "./node-modules.js";

export interface ReadOptions {
  /** The most bytes that are read from a pipe or a device, which may never end. Default: 0, which refuses them */
  readonly fromPipe?: number | undefined;
}

/**
 * Reads a whole file.
 *
 * Throws: StargradError if the file cannot be read, or for a pipe or a device with more bytes than `fromPipe`; `cause` is the error of
 * the operating system
 */
export async function readFileBytes(
  path: string,
  called = "readFileBytes",
  { fromPipe = 0 }: ReadOptions = {},
): Promise<Uint8Array> {
  expectArgument(called, "path", path);
  const { files } = nodeModules(called);
  return reading(path, called, async () => {
    const found = await files.stat(path);
    if (fromPipe > 0 && !found.isFile() && !found.isDirectory()) return readPipe(path, called, fromPipe);
    expectFile(found, path, called);
    return files.readFile(path);
  });
}

/**
 * A file that is read in parts. It is opened for each part, so there is nothing to close.
 *
 * Throws: StargradError if the file cannot be read
 */
export async function openFile(path: string, called: string): Promise<ByteSource> {
  const { files } = nodeModules(called);
  const before = await reading(path, called, () => files.stat(path));
  expectFile(before, path, called);
  const readPart = async (begin: number, end: number): Promise<Uint8Array> => {
    const file = await files.open(path, "r");
    try {
      const { size, mtimeMs } = await file.stat();
      if (size !== before.size || mtimeMs !== before.mtimeMs) {
        throw new StargradError(called, `${path} was changed after it was opened`, "Open it again");
      }
      const bytes = new Uint8Array(end - begin);
      // A read of the system returns at most 2 GiB.
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, Math.min(bytes.length - at, 2 ** 30), begin + at);
        if (bytesRead === 0) throw new StargradError(called, `${path} ends before byte ${end}`);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  };
  const read = (begin: number, end: number) => reading(path, called, () => readPart(begin, end));
  return { name: path, size: before.size, read };
}

/** The folder of a file, with its separator. */
export function folderOf(path: string, called: string): string {
  const { path: paths } = nodeModules(called);
  return paths.dirname(path) + paths.sep;
}

/** Gives errors of the operating system a message. */
async function reading<Result>(path: string, called: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StargradError) throw error;
    throw fileError(called, `cannot read ${path}`, error);
  }
}

function expectFile(found: import("node:fs").Stats, path: string, called: string): void {
  if (found.isFile()) return;
  const kind = found.isDirectory() ? "a folder" : "a pipe or a device";
  throw new StargradError(called, `cannot read ${path}: it is ${kind}; expected a file`);
}

async function readPipe(path: string, called: string, atMost: number): Promise<Uint8Array> {
  // Not every kind of standard input can be opened by this path.
  const pipe =
    path === "/dev/stdin" ? process.stdin : process.getBuiltinModule("node:fs").createReadStream(path);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of pipe as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= atMost) continue;
    const problem = `cannot read ${path}: it is a pipe or a device with more than ${atMost} bytes`;
    throw new StargradError(called, problem, "Name a file");
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

export interface WriteOptions {
  /** Whether an existing file is replaced. If not, it is an error if there is one, even one that was made meanwhile. Default: true */
  readonly overwrite?: boolean | undefined;
  /** The name of the call in errors. Default: `writeFileAtomically` */
  readonly called?: string | undefined;
}

/**
 * Writes a file atomically: after a crash at any moment, the path holds the complete old content or the complete new
 * content. The bytes are written to a temporary file in the same folder and flushed to the disk; then that file is renamed.
 * The new file keeps the permissions of the old one, and a symbolic link stays a link, even if its file does not exist yet.
 *
 * Calls for one path are written in their order, so the last one remains, even if none is awaited. The bytes may be a promise, which
 * keeps this order for a file whose bytes take time.
 *
 * If the process is killed while it writes, the temporary file `<path>.<random>.partial` remains; of a long name, only the
 * beginning. After an error it is removed.
 *
 * Throws: StargradError if the file cannot be written; the old file is then unchanged
 */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array | Promise<Uint8Array>,
  options: WriteOptions = {},
): Promise<void> {
  const { called = "writeFileAtomically" } = options;
  expectArgument(called, "path", path);
  expectOptions(called, options, { overwrite: flag, called: text });
  const modules = nodeModules(called);
  const key = modules.path.resolve(path);
  const writing = Promise.allSettled([begun.get(key), bytes]).then(async () => {
    await write(path, await bytes, { ...options, called }, modules);
  });
  begun.set(key, writing);
  try {
    await writing;
  } finally {
    if (begun.get(key) === writing) begun.delete(key);
  }
}

/** The last call for each path that has not ended. */
const begun = /* @__PURE__ */ shared("writes", () => new Map<string, Promise<void>>());

async function write(
  path: string,
  bytes: Uint8Array,
  { overwrite = true, called }: WriteOptions & { readonly called: string },
  modules: Modules,
): Promise<void> {
  expectArgument(called, "bytes", bytes);
  const { chmod, open, rename, rm, stat } = modules.files;
  const target = await targetOf(path, modules, called);
  const found = await stat(target).catch(() => undefined);
  if (found?.isFile() === false && !found.isDirectory()) {
    throw new StargradError(called, `cannot write ${path}: it is a pipe or a device; expected a file`);
  }
  const permissions = found === undefined ? undefined : found.mode & 0o777;
  // Most file systems allow 255 bytes for a name.
  const { dir, base } = modules.path.parse(target);
  const aside = modules.path.join(dir, `${base.slice(0, 50)}.${crypto.randomUUID()}.partial`);
  let claimed = false;
  try {
    const file = await open(aside, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (permissions !== undefined) await chmod(aside, permissions);
    if (!overwrite) {
      await (await open(target, "wx")).close();
      claimed = true;
    }
    await rename(aside, target);
  } catch (error) {
    for (const left of claimed ? [aside, target] : [aside])
      await rm(left, { force: true }).catch(() => undefined);
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

type Modules = ReturnType<typeof nodeModules>;

/** The path of the file to write: of a symbolic link, the path to which it leads. */
async function targetOf(path: string, { files, path: paths }: Modules, called: string): Promise<string> {
  let target = path;
  // As many links as Linux follows.
  for (let links = 0; links < 40; links++) {
    const next = await files.readlink(target).catch(() => null);
    if (next === null) return target;
    target = paths.resolve(await files.realpath(paths.dirname(target)), next);
  }
  throw new StargradError(called, `cannot write ${path}: its symbolic links lead in a circle`);
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

/** An error of the operating system, with what to try. */
export function fileError(called: string, problem: string, cause: unknown): StargradError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new StargradError(called, `${problem}: ${reason}`, hints.get(code), { cause });
}

/** What to try after an error of the operating system. */
const hints = new Map([
  ["ENOENT", "Check the path; all its folders must exist"],
  ["ENOTDIR", "A part of the path is a file, not a folder"],
  ["EISDIR", "The path leads to a folder; name a file in it"],
  ["EACCES", "Its permissions do not allow it"],
  ["EPERM", "Its permissions do not allow it"],
  ["EROFS", "The file system is read-only; choose another folder"],
  ["EEXIST", "There is such a file already; choose another name"],
  ["ENOSPC", "The disk is full; free some space"],
  ["ENAMETOOLONG", "Choose a shorter name"],
  ["ERR_FS_FILE_TOO_LARGE", "Divide the file into parts"],
]);
