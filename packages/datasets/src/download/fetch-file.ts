import { fileError, nodeModules } from "@stargrad/io/internal";
import { StargradError } from "@stargrad/tensor";

import { reasonOf } from "../fail.js";
import type { PublishedFile } from "./named-sets.js";

export interface FetchFileOptions {
  readonly called: string;
  /** Hears how many bytes of the file there are. */
  readonly progress: (received: number) => void;
  readonly signal: { readonly aborted: boolean } | undefined;
  /** How long a server may send nothing, in milliseconds. */
  readonly patience: number;
  /** How long to wait before the first repetition, in milliseconds; before each further one twice as long. */
  readonly pause: number;
}

/** What went wrong, and whether the same address may answer the next time. */
interface Failure {
  readonly problem: string;
  readonly again: boolean;
}

/** How often an address is asked. */
const mostTries = 4;

/**
 * Downloads a file into a folder, to its name there only when all bytes are those that were published. Until then they are in
 * `<name>.partial`, from which the next try, or the next call, goes on.
 *
 * Returns: null, or for each address what went wrong
 * Throws: StargradError if it was stopped by the signal, and if the file cannot be written
 */
export async function fetchFile(
  file: PublishedFile,
  addresses: readonly string[],
  folder: string,
  options: FetchFileOptions,
): Promise<readonly string[] | null> {
  const problems: string[] = [];
  for (const address of addresses) {
    const url = `${address}${file.name}`;
    let failure: Failure | null = { problem: "", again: true };
    for (let tries = 0; failure?.again === true && tries < mostTries; tries++) {
      if (tries > 0) await waitUnlessStopped(options.pause * 2 ** (tries - 1), options);
      failure = await tryOnce(file, url, folder, options);
    }
    if (failure === null) return null;
    problems.push(`${url} ${failure.problem}`);
  }
  return problems;
}

/** Whether a file is the published one. */
export async function isRight(
  path: string,
  { bytes, sha256 }: PublishedFile,
  called: string,
): Promise<boolean> {
  if ((await sizeOf(path, called)) !== bytes) return false;
  return (await sha256Of(path, called)) === sha256;
}

/** The bytes of a file; 0 if there is none. */
export async function sizeOf(path: string, called: string): Promise<number> {
  const found = await nodeModules(called)
    .files.stat(path)
    .catch(() => null);
  return found?.isFile() === true ? found.size : 0;
}

async function sha256Of(path: string, called: string): Promise<string> {
  const { createHash } = process.getBuiltinModule("node:crypto");
  const hash = createHash("sha256");
  try {
    const { createReadStream } = process.getBuiltinModule("node:fs");
    for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  } catch (cause) {
    throw fileError(called, `cannot read ${path}`, cause);
  }
  return hash.digest("hex");
}

async function waitUnlessStopped(milliseconds: number, options: FetchFileOptions): Promise<void> {
  const end = performance.now() + milliseconds;
  for (let left = milliseconds; left > 0; left = end - performance.now()) {
    expectRunning(options);
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 100)));
  }
}

function expectRunning({ called, signal }: FetchFileOptions): void {
  if (signal?.aborted !== true) return;
  throw new StargradError(called, "was stopped by its signal", "Call it again: it goes on from where it was");
}

async function tryOnce(
  file: PublishedFile,
  url: string,
  folder: string,
  options: FetchFileOptions,
): Promise<Failure | null> {
  const { called } = options;
  const { files } = nodeModules(called);
  const path = `${folder}/${file.name}`;
  const partial = `${path}.partial`;
  let have = await sizeOf(partial, called);
  if (have > file.bytes) have = 0;
  const isResumed = have > 0;
  if (have < file.bytes) {
    const failure = await receive(file, url, partial, have, options);
    if (failure !== null) return failure;
  }
  expectRunning(options);
  const got = await sha256Of(partial, called);
  if (got === file.sha256) {
    try {
      await files.rename(partial, path);
    } catch (cause) {
      throw fileError(called, `cannot write ${path}`, cause);
    }
    return null;
  }
  await files.rm(partial, { force: true });
  // The beginning may have been of another file.
  return { problem: `sends other bytes: their SHA-256 is ${got}; expected ${file.sha256}`, again: isResumed };
}

/** Appends what a server sends to the partial file, until it is complete. */
async function receive(
  { bytes }: PublishedFile,
  url: string,
  partial: string,
  have: number,
  options: FetchFileOptions,
): Promise<Failure | null> {
  const { called, signal, patience, progress } = options;
  const { files } = nodeModules(called);
  const controller = new AbortController();
  let heardAt = performance.now();
  const watch = setInterval(
    () => {
      if (signal?.aborted === true || performance.now() - heardAt > patience) controller.abort();
    },
    Math.min(100, patience),
  );
  let at = have;
  try {
    expectRunning(options);
    const headers = {
      // A server that packs a file that is packed already would change its bytes.
      "Accept-Encoding": "identity",
      ...(have > 0 && { Range: `bytes=${have}-` }),
    };
    const response = await fetch(url, { headers, signal: controller.signal });
    const begin = beginOf(response, have, bytes);
    if (typeof begin !== "number") {
      await response.body?.cancel();
      if (begin.startOver === true) await files.rm(partial, { force: true });
      return begin;
    }
    at = begin;
    const handle = await writing(partial, called, () => files.open(partial, at === 0 ? "w" : "a"));
    try {
      for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        heardAt = performance.now();
        if (at + piece.length > bytes) {
          at = 0;
          await handle.truncate(0);
          return { problem: `sends more than the expected ${bytes} bytes`, again: false };
        }
        await writing(partial, called, () => handle.writeFile(piece));
        at += piece.length;
        progress(at);
      }
      await writing(partial, called, () => handle.sync());
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof StargradError) throw error;
    expectRunning(options);
    if (!isOfNetwork(error)) throw error;
    const silent = `sends nothing for ${patience / 1000} s`;
    return {
      problem: `${controller.signal.aborted ? silent : reasonsOf(error)}${sofar(at, bytes)}`,
      again: true,
    };
  } finally {
    clearInterval(watch);
  }
  return at === bytes ? null : { problem: `ends too early${sofar(at, bytes)}`, again: true };
}

function sofar(at: number, bytes: number): string {
  return at === 0 ? "" : `, after ${at} of ${bytes} bytes`;
}

/** Where the bytes of an answer begin in the file. */
function beginOf(
  response: Response,
  have: number,
  bytes: number,
): number | (Failure & { startOver?: boolean }) {
  const { status, headers } = response;
  if (status === 416)
    return { problem: "refuses to go on with the partial file", again: true, startOver: true };
  if (status !== 200 && status !== 206) {
    const isOfMoment = status >= 500 || status === 429 || status === 408;
    return { problem: `answers with the status ${status}`, again: isOfMoment };
  }
  // A server that does not know ranges sends the whole file.
  const begin = status === 206 ? have : 0;
  if (status === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get("content-range") ?? "");
    const isAsked =
      range !== null && Number(range[1]) === have && (range[2] === "*" || Number(range[2]) === bytes);
    if (!isAsked) {
      const problem = `answers with the range ${headers.get("content-range")}; expected bytes ${have}-${bytes - 1}/${bytes}`;
      return { problem, again: true, startOver: true };
    }
  }
  const announced = headers.get("content-length");
  if (announced !== null && !headers.has("content-encoding") && Number(announced) !== bytes - begin) {
    return { problem: `announces ${announced} bytes; expected ${bytes - begin}`, again: false };
  }
  return begin;
}

async function writing<Result>(path: string, called: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (cause) {
    throw fileError(called, `cannot write ${path}`, cause);
  }
}

/** What `fetch` throws: a TypeError, or the error of a signal. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === "AbortError");
}

/** `fetch` says only that it failed; its cause says why. */
function reasonsOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return `cannot be read: ${reasonOf(cause ?? error)}`;
}
