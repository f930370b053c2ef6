import { writeFileAtomically } from "@stargrad/io";
import { fileError, makeFolder, nodeModules, tryLock } from "@stargrad/io/internal";
import { StargradError } from "@stargrad/tensor";
import { expectOptions, expectValues, oneOf, shared, type OptionKinds } from "@stargrad/tensor/internal";

import { failing, reasonOf } from "../fail.js";
import { fetchFile, isRight, sizeOf, type FetchFileOptions } from "./fetch-file.js";
import { publishedSets, type NamedSet, type PublishedFile, type PublishedSet } from "./named-sets.js";
import { filesOfTar } from "./tar.js";

/** How far a download is, in bytes of all files that were missing. */
export interface DownloadProgress {
  /** The name of the file that arrives. */
  readonly file: string;
  readonly received: number;
  readonly total: number;
}

export interface DownloadOptions {
  /**
   * The folder in which each set has a folder. Default: `STARGRAD_CACHE` of the environment; otherwise `stargrad` in the system's folder of
   * caches (`XDG_CACHE_HOME` or `~/.cache`; on Windows `LOCALAPPDATA`).
   */
  readonly cache?: string | undefined;
  /** Called for each piece that arrives. */
  readonly progress?: ((progress: DownloadProgress) => void) | undefined;
  /** Stops the download; what has arrived is kept. */
  readonly signal?: { readonly aborted: boolean } | undefined;
  /** An address with the same files, to which their names are added. Default: those of the set's authors, and of a mirror. */
  readonly mirror?: string | undefined;
}

const kinds: OptionKinds<DownloadOptions> = {
  cache: ["a path", (value) => typeof value === "string" && value !== ""],
  progress: ["a function", (value) => typeof value === "function"],
  signal: ["an AbortSignal, such as new AbortController().signal", (value) => "aborted" in Object(value)],
  mirror: ["an address that begins with http, without a password", isMirror],
};

/** `fetch` refuses an address with a password. */
function isMirror(value: unknown): boolean {
  if (typeof value !== "string" || !/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === "" && password === "";
}

/**
 * Downloads a set, unless its files are in the cache already, and returns their folder, for `digits`, `cifar10` and `cifar100`:
 * "mnist" (11.6 MB), "fashion-mnist" (30.9 MB), "cifar10" (170 MB) or "cifar100" (169 MB).
 *
 * A file gets its name only when its SHA-256 is the published one, and files of MNIST and Fashion-MNIST are compared with it again in each
 * call. What was interrupted goes on from where it was. Several processes may call it at once: one downloads, and the others wait.
 *
 * Throws: StargradError, which says which files to put where, if no address sends the right bytes; if the cache cannot be written, and
 * outside Node; ArgumentError for other names
 * Source: LeCun et al., MNIST; Xiao et al., Fashion-MNIST; Krizhevsky, CIFAR
 */
export async function downloadDataset(name: NamedSet, options: DownloadOptions = {}): Promise<string> {
  expectValues("downloadDataset", { name }, oneOf(...Object.keys(publishedSets)));
  const called = `downloadDataset(${name})`;
  expectOptions<DownloadOptions>(called, options, kinds);
  const { cache = cacheFolder(called), mirror, progress, signal } = options;
  const set: PublishedSet = publishedSets[name];
  const addresses = mirror === undefined ? set.addresses : [mirror.replace(/\/*$/, "/")];
  const folder = `${cache}/${name}`;
  await download({ ...set, addresses }, folder, { called, progress, signal, patience: 30_000, pause: 500 });
  return folder;
}

type SetOptions = Omit<FetchFileOptions, "progress"> & Pick<DownloadOptions, "progress">;

/** The last call for each folder that has not ended: the lock of a folder does not tell calls of one process apart. */
const begun = /* @__PURE__ */ shared("downloads", () => new Map<string, Promise<void>>());

/** Exported for the test, whose sets are small. */
export async function download(set: PublishedSet, folder: string, options: SetOptions): Promise<void> {
  const key = nodeModules(options.called).path.resolve(folder);
  const before = begun.get(key);
  const downloading = Promise.allSettled([before]).then(() => complete(set, folder, options));
  begun.set(key, downloading);
  try {
    await downloading;
  } finally {
    if (begun.get(key) === downloading) begun.delete(key);
  }
}

async function complete(set: PublishedSet, folder: string, options: SetOptions): Promise<void> {
  const { called } = options;
  if ((await missingOf(set, folder, called)).length === 0) return;
  try {
    makeFolder(folder, called);
  } catch (cause) {
    throw fileError(called, `cannot make the folder ${folder}`, cause);
  }
  const release = await locked(folder, options);
  try {
    // Another process may have been faster.
    if ((await missingOf(set, folder, called)).length > 0) await fill(set, folder, options);
  } finally {
    await release();
  }
}

/** The lock of a folder, when no other process has it. */
async function locked(folder: string, { called, signal }: SetOptions): Promise<() => Promise<void>> {
  for (;;) {
    const lock = await tryLock(`${folder}/download`, called);
    if ("release" in lock) return lock.release;
    if (signal?.aborted === true) {
      throw new StargradError(
        called,
        `was stopped while it waited for ${lock.user}, which downloads the same set`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What a set still needs: its published files, or those that are unpacked. */
async function missingOf(set: PublishedSet, folder: string, called: string): Promise<readonly string[]> {
  const missing: string[] = [];
  if (set.unpacked !== undefined) {
    for (const { name, bytes } of set.unpacked) {
      if ((await sizeOf(`${folder}/${name}`, called)) !== bytes) missing.push(name);
    }
    return missing;
  }
  return (await wrongOf(set.files, folder, called)).map(({ name }) => name);
}

async function wrongOf(
  files: readonly PublishedFile[],
  folder: string,
  called: string,
): Promise<PublishedFile[]> {
  const wrong: PublishedFile[] = [];
  for (const file of files) {
    if (!(await isRight(`${folder}/${file.name}`, file, called))) wrong.push(file);
  }
  return wrong;
}

async function fill(set: PublishedSet, folder: string, options: SetOptions): Promise<void> {
  const { called, progress } = options;
  const files = await wrongOf(set.files, folder, called);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  for (const [i, file] of files.entries()) {
    const problems = await fetchFile(file, set.addresses, folder, {
      ...options,
      progress: (received) => progress?.({ file: file.name, received: before + received, total }),
    });
    if (problems !== null) throw unreachable(called, folder, set, files.slice(i), problems);
    before += file.bytes;
    progress?.({ file: file.name, received: before, total });
  }
  if (set.unpacked === undefined) return;
  await unpack(`${folder}/${set.files[0].name}`, set.unpacked, folder, called);
  // An archive that somebody put there stays.
  if (files.length > 0) await nodeModules(called).files.rm(`${folder}/${set.files[0].name}`, { force: true });
}

function unreachable(
  called: string,
  folder: string,
  set: PublishedSet,
  files: readonly PublishedFile[],
  problems: readonly string[],
): StargradError {
  const names = files.map(({ name, bytes }) => `${name} (${bytes.toLocaleString("en-US")} bytes)`);
  const which = names.length === 1 ? "it" : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
  return new StargradError(
    called,
    `cannot download ${files[0].name}: ${problems.join("; ")}`,
    `Is this machine offline? Get ${which} on another one, from ${set.addresses[0]}, and put ${names.length === 1 ? "it" : "them"} into ${folder}`,
  );
}

/** Writes the files of an archive, whose bytes are known to be right, into a folder. */
async function unpack(
  archive: string,
  wanted: readonly { readonly name: string; readonly bytes: number }[],
  folder: string,
  called: string,
): Promise<void> {
  const fail = failing(`${called}: ${archive}`);
  const { createReadStream } = process.getBuiltinModule("node:fs");
  const { createGunzip } = process.getBuiltinModule("node:zlib");
  const { pipeline } = process.getBuiltinModule("node:stream");
  const unzipped = createGunzip();
  pipeline(createReadStream(archive), unzipped, () => undefined);
  const sizes = new Map(wanted.map(({ name, bytes }) => [name, bytes]));
  const left = new Set(sizes.keys());
  try {
    for await (const { name, bytes } of filesOfTar(unzipped as AsyncIterable<Uint8Array>, sizes, fail)) {
      await writeFileAtomically(`${folder}/${name}`, bytes, { called });
      left.delete(name);
    }
  } catch (error) {
    if (error instanceof StargradError) throw error;
    throw fail(`cannot be unpacked: ${reasonOf(error)}`, undefined, error);
  }
  if (left.size > 0) throw fail(`has no ${[...left].join(", ")}`);
}

function cacheFolder(called: string): string {
  const { os } = nodeModules(called);
  const { STARGRAD_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (STARGRAD_CACHE !== undefined && STARGRAD_CACHE !== "") return STARGRAD_CACHE;
  const system = process.platform === "win32" ? LOCALAPPDATA : XDG_CACHE_HOME;
  return `${system === undefined || system === "" ? `${os.homedir()}/.cache` : system}/stargrad`;
}
