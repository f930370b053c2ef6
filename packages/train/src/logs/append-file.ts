import { makeFolder } from "@stargrad/io/internal";
import { StargradError } from "@stargrad/tensor";

/** Node's files. They are looked up at run time, because a bundler for the browser cannot resolve an import. */
function nodeModules(called: string) {
  if (typeof process !== "object" || typeof process.getBuiltinModule !== "function") {
    throw new StargradError(called, "there is no file system here", "Run it in Node");
  }
  return { files: process.getBuiltinModule("node:fs"), path: process.getBuiltinModule("node:path") };
}

const blockSize = 2 ** 16;
const newline = 10;

/**
 * A file to which whole records are appended. A record is passed to the operating system before `append` returns, so it remains if the
 * process is killed. If a record cannot be written, because the disk is full, the file is cut back to the records before it.
 */
export class AppendFile {
  readonly path: string;
  readonly #called: string;
  readonly #files: typeof import("node:fs");
  #handle: number | null;
  #size: number;

  /** `isNew`: it is an error if there is such a file. Throws: StargradError if it cannot be opened */
  constructor(called: string, path: string, { isNew = false } = {}) {
    const modules = nodeModules(called);
    this.path = path;
    this.#called = called;
    this.#files = modules.files;
    const { openSync, fstatSync, constants } = modules.files;
    // Not "a+", with which Linux ignores the position of a write.
    const flags = constants.O_RDWR | constants.O_CREAT | (isNew ? constants.O_EXCL : 0);
    [this.#handle, this.#size] = this.#run("open", () => {
      makeFolder(modules.path.dirname(path), called);
      const handle = openSync(path, flags);
      return [handle, fstatSync(handle).size];
    });
  }

  get size(): number {
    return this.#size;
  }

  /** Throws: StargradError if it cannot be written or is closed; the file then ends with the record before */
  append(bytes: Uint8Array): void {
    const handle = this.#open();
    try {
      this.#run("write", () => {
        for (let at = 0; at < bytes.length;) {
          at += this.#files.writeSync(handle, bytes, at, bytes.length - at, this.#size + at);
        }
      });
    } catch (error) {
      this.#files.ftruncateSync(handle, this.#size);
      throw error;
    }
    this.#size += bytes.length;
  }

  /** The bytes from `begin` to `end`, or to the end of the file. */
  read(begin: number, end: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, this.#size) - begin));
    const handle = this.#open();
    // eslint-disable-next-line no-restricted-syntax -- a file, not a tensor
    const length = this.#run("read", () => this.#files.readSync(handle, bytes, 0, bytes.length, begin));
    return bytes.subarray(0, length);
  }

  /** Cuts off a last line without its end, which a power cut leaves. */
  cutToLines(): void {
    for (let end = this.#size; end > 0; end -= blockSize) {
      const begin = Math.max(0, end - blockSize);
      const at = this.read(begin, end).lastIndexOf(newline);
      if (at === -1 && begin > 0) continue;
      this.#size = begin + at + 1;
      break;
    }
    const handle = this.#open();
    this.#run("write", () => {
      this.#files.ftruncateSync(handle, this.#size);
    });
  }

  /** Replaces the whole content, piece by piece: each block of bytes becomes what `replace` returns. Atomic. */
  rewrite(head: Uint8Array, skip: number, replace: (block: Uint8Array) => Uint8Array): void {
    const aside = new AppendFile(this.#called, `${this.path}.${crypto.randomUUID()}.partial`, {
      isNew: true,
    });
    try {
      aside.append(head);
      for (let at = skip; at < this.#size; at += blockSize) {
        aside.append(replace(this.read(at, at + blockSize)));
      }
      aside.flush();
      this.#run("write", () => {
        this.#files.renameSync(aside.path, this.path);
      });
    } catch (error) {
      aside.close();
      this.#files.rmSync(aside.path, { force: true });
      throw error;
    }
    this.#files.closeSync(this.#open());
    [this.#handle, this.#size] = [aside.#handle, aside.#size];
  }

  /** Waits until the disk has what was appended, so that it survives a power cut. */
  flush(): void {
    const handle = this.#open();
    this.#run("write", () => {
      this.#files.fsyncSync(handle);
    });
  }

  /** Also if it is closed. */
  close(): void {
    if (this.#handle === null) return;
    const handle = this.#handle;
    this.#handle = null;
    this.#files.closeSync(handle);
  }

  #open(): number {
    if (this.#handle !== null) return this.#handle;
    throw new StargradError(this.#called, `${this.path} is closed`, "Open a new log");
  }

  #run<Result>(verb: string, work: () => Result): Result {
    try {
      return work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StargradError(this.#called, `cannot ${verb} ${this.path}: ${reason}`, undefined, { cause });
    }
  }
}
