/** The methods of a file that only workers have. */
interface SyncFile {
  truncate(size: number): void;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

type WorkerFile = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncFile> };

export interface SaveOutcome {
  readonly isSaved: boolean;
  /** Why it was not saved, as a sentence for the visitor. Null if it was, and if the same sentence was returned before. */
  readonly notice: string | null;
}

/** What is kept in one of the two files of a save. */
interface Kept {
  readonly slot: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** The sequence number and the length of what follows, as two float64. It is written last, so a file without it is not whole. */
const headerBytes = 16;

/** How long the first save waits for the lock of a worker that has just ended, in milliseconds. */
const patience = 1000;

/**
 * Keeps the last state of a run in the origin-private file system, for workers. A save has two files, and each new state is written over the
 * older one: if the page is closed or the worker is killed meanwhile, the other one is whole. Where nothing can be kept, `save` says why
 * once, and everything goes on.
 *
 * Of several tabs, only the first one saves until it is closed (Web Locks): they never write over each other's state. Every tab may `load`.
 */
export class Autosave {
  readonly #name: string;
  /** Whether this worker is the one that saves. */
  #isOwner = false;
  readonly #owning: Promise<void>;
  readonly #said = new Set<string>();
  #last: Kept | null | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** `name`: names the run, such as the lesson; letters, digits and hyphens */
  constructor(name: string) {
    this.#name = name;
    this.#owning = this.#own();
  }

  /** Keeps a state in place of the one before. The bytes must not change until it has ended. */
  save(bytes: Uint8Array): Promise<SaveOutcome> {
    return this.#inTurn(async () => {
      await this.#owning;
      if (!this.#isOwner)
        return this.#refusal("Another tab of this lesson is open, and only its run is saved.");
      try {
        await this.#write(bytes);
        return { isSaved: true, notice: null };
      } catch (error) {
        return this.#refusal(reasonOf(error));
      }
    });
  }

  /** The state that was kept last and is whole; null if there is none. */
  load(): Promise<Uint8Array | null> {
    return this.#inTurn(async () => (await this.#newest().catch(() => null))?.bytes ?? null);
  }

  /** Forgets what was kept, unless it is the run of another tab. */
  clear(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#owning;
      if (!this.#isOwner) return;
      const newest = await this.#newest().catch(() => null);
      // The newest last: if this is interrupted, no older state comes back.
      for (const slot of newest?.slot === 0 ? [1, 0] : [0, 1]) {
        await folder()
          .then((place) => place.removeEntry(this.#fileName(slot)))
          .catch(() => undefined);
      }
      this.#last = null;
    });
  }

  #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = this.#queue.then(act);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /** Waits a moment to become the owner; the lock is kept until the worker ends, or comes when the tab that has it is closed. */
  #own(): Promise<void> {
    const { locks } = navigator as Partial<Navigator>;
    if (locks === undefined) {
      this.#isOwner = true;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      setTimeout(resolve, patience);
      const held = (): Promise<never> => {
        this.#isOwner = true;
        resolve();
        return new Promise(() => undefined);
      };
      // Where locks are refused, so are files, and `save` says so.
      locks.request(`autosave ${this.#name}`, held).catch(held);
    });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    // Read once: from then on only this worker writes.
    this.#last ??= await this.#newest();
    const [slot, sequence] = this.#last === null ? [0, 1] : [1 - this.#last.slot, this.#last.sequence + 1];
    const handle: WorkerFile = await (await folder()).getFileHandle(this.#fileName(slot), { create: true });
    if (handle.createSyncAccessHandle === undefined) throw new Error("no files that can be written");
    const file = await handle.createSyncAccessHandle();
    try {
      file.truncate(0);
      writeWhole(file, bytes, headerBytes);
      file.flush();
      writeWhole(file, new Uint8Array(Float64Array.of(sequence, bytes.length).buffer), 0);
      file.flush();
    } finally {
      file.close();
    }
    this.#last = { slot, sequence, bytes: new Uint8Array(0) };
  }

  async #newest(): Promise<Kept | null> {
    const [first, second] = await Promise.all([0, 1].map((slot) => this.#read(slot)));
    if (first === null || second === null) return first ?? second;
    return first.sequence > second.sequence ? first : second;
  }

  /** Null if there is no such file, or if it is not whole. */
  async #read(slot: number): Promise<Kept | null> {
    const handle = await (await folder()).getFileHandle(this.#fileName(slot)).catch(() => null);
    const buffer = await handle
      ?.getFile()
      .then((file) => file.arrayBuffer())
      .catch(() => null);
    if (buffer == null || buffer.byteLength < headerBytes) return null;
    const [sequence, length] = new Float64Array(buffer, 0, 2);
    const bytes = new Uint8Array(buffer, headerBytes);
    return length === bytes.length && sequence > 0 ? { slot, sequence, bytes } : null;
  }

  #fileName(slot: number): string {
    return `${this.#name}.${slot}.save`;
  }

  #refusal(reason: string): SaveOutcome {
    const notice = this.#said.has(reason) ? null : reason;
    this.#said.add(reason);
    return { isSaved: false, notice };
  }
}

/** Throws: an error of the browser where pages have no files */
async function folder(): Promise<FileSystemDirectoryHandle> {
  const { storage } = navigator as Partial<Navigator>;
  if (storage === undefined) throw new Error("no files");
  return storage.getDirectory();
}

function writeWhole(file: SyncFile, bytes: Uint8Array, at: number): void {
  if (file.write(bytes, { at }) < bytes.length) throw new DOMException("It is full", "QuotaExceededError");
}

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  return name === "QuotaExceededError"
    ? "The browser has no space left for this page, so this run is no longer saved."
    : "This browser keeps no files for this page, so a reload begins the run again.";
}
