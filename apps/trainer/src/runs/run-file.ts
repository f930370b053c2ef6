import { stat } from "node:fs/promises";

import { lockFile } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { saveCheckpoint } from "@stargrad/train";

/** The file of one run. It is never written over what another run has saved meanwhile. */
export class RunFile {
  readonly #path: string;
  /** The version that this run has read or written last; null if there was no file. */
  #version: string | null;
  #unlock = (): Promise<void> => Promise.resolve();

  private constructor(path: string, version: string | null) {
    this.#path = path;
    this.#version = version;
  }

  /** The file of a run that is about to start, or to be read. */
  static async of(path: string): Promise<RunFile> {
    return new RunFile(path, await versionOf(path));
  }

  /** Keeps other runs from starting with this file. Throws: as `lockFile` */
  async lock(): Promise<void> {
    this.#unlock = await lockFile(this.#path, this.#path);
  }

  /** Allows other runs to use the file. */
  async release(): Promise<void> {
    await this.#unlock();
  }

  /** Throws: StargradError if another run has saved the file meanwhile, or if it cannot be written */
  async save(training: Omit<Parameters<typeof saveCheckpoint>[1], "overwrite">): Promise<void> {
    const version = await versionOf(this.#path);
    if (version !== null && version !== this.#version) {
      throw new StargradError(
        this.#path,
        "another run has saved this file meanwhile, and it was left as it is",
        "Name another file for this run",
      );
    }
    await saveCheckpoint(this.#path, { ...training, overwrite: version !== null });
    this.#version = await versionOf(this.#path);
  }
}

/** Tells the versions of a file apart: every save makes a new file. Null if there is none. */
async function versionOf(path: string): Promise<string | null> {
  return stat(path).then(
    ({ dev, ino, mtimeMs, size }) => [dev, ino, mtimeMs, size].join(),
    () => null,
  );
}
