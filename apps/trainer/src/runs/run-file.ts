import { stat } from "node:fs/promises";

import { lockFile } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import {
  restoreCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type SaveOptions,
  type SaveOutcome,
  type Training,
} from "@stargrad/train";

import type { KeptRun } from "./kept-run.js";

/** A run in one file. It is never written over what another run has saved meanwhile, and has no log. */
export class RunFile implements KeptRun {
  readonly path: string;
  readonly resumeOptions: string;
  /** What the run goes on from; null at its start. */
  readonly checkpoint: Checkpoint | null;
  /** The version that this run has read or written last; null if there was no file. */
  #version: string | null;
  #unlock = (): Promise<void> => Promise.resolve();
  /** The last reason that was told. */
  #told = "";

  private constructor(path: string, version: string | null, checkpoint: Checkpoint | null) {
    this.path = path;
    this.resumeOptions = `--checkpoint ${path} --resume`;
    this.#version = version;
    this.checkpoint = checkpoint;
  }

  /** The file of a run that is about to start, or of one that goes on from what `read` returns. */
  static async of(
    path: string,
    read: () => Promise<Checkpoint | null> = () => Promise.resolve(null),
  ): Promise<RunFile> {
    const version = await versionOf(path);
    return new RunFile(path, version, await read());
  }

  /** Keeps other runs from starting with this file. Throws: as `lockFile` */
  async lock(): Promise<void> {
    this.#unlock = await lockFile(this.path, this.path);
  }

  async close(): Promise<void> {
    await this.#unlock();
  }

  restore(training: Training): Promise<Checkpoint | null> {
    if (this.checkpoint !== null) restoreCheckpoint(this.checkpoint, training);
    return Promise.resolve(this.checkpoint);
  }

  /** Throws: StargradError if another run has saved the file meanwhile */
  async save(training: Training, { metadata = {} }: SaveOptions = {}): Promise<SaveOutcome> {
    const version = await versionOf(this.path);
    if (version !== null && version !== this.#version) {
      throw new StargradError(
        this.path,
        "another run has saved this file meanwhile, and it was left as it is",
        "Name another file for this run",
      );
    }
    try {
      await saveCheckpoint(this.path, { ...training, metadata, overwrite: version !== null });
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.#told) console.warn(`The run was not saved, and the training goes on. ${reason}`);
      this.#told = reason;
      return { isSaved: false, reason };
    }
    this.#version = await versionOf(this.path);
    return { isSaved: true, checkpoint: { path: this.path, number: 1, score: null } };
  }

  log(): void {
    // It would be a second file.
  }
}

/** What the operating system says, as a sentence. Throws: any other error */
export function reasonOf(error: unknown): string {
  const { cause } = Object(error) as { readonly cause?: unknown };
  if (error instanceof Error && cause instanceof Error && "code" in cause) return error.message;
  throw error;
}

/** Tells the versions of a file apart: every save makes a new file. Null if there is none. */
async function versionOf(path: string): Promise<string | null> {
  return stat(path).then(
    ({ dev, ino, mtimeMs, size }) => [dev, ino, mtimeMs, size].join(),
    () => null,
  );
}
