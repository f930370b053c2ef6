/**
 * The image of a program in memory: words that the driver and the kernels read, followed by commands. The image is data only; the
 * commands call code that programs share.
 *
 * The words are the `header`, the address of each input and output, and the addresses of views, which change with each iteration
 * of a scan. An operand of a kernel is given as such a word and an offset from the address in it.
 */
export const header = {
  /** The address of the image itself, for code that reads a copy of the words. */
  image: 0,
  /** The address of the frame, which holds the internal buffers of the program. */
  frame: 4,
  /** Written by a kernel that fails: the position of an index that is out of range, and the index. */
  position: 8,
  index: 12,
  /** The offsets in the image at which the commands begin and end. */
  commands: 16,
  end: 20,
  /** The offset in the frame of the memory of the threads, and the bytes for each thread. */
  rooms: 24,
  roomBytes: 28,
  /** The bytes of words that each thread copies to its own memory, because scans change them; 0 if there is no scan. */
  copiedBytes: 32,
} as const;
export const headerBytes = 48;

/** The offsets of the fields of a command, in bytes. */
export const command = {
  /** `flags`; from bit 8 on, the number of the error that is thrown if the command fails. */
  flags: 0,
  /** The bytes of the command, so the offset of the next one. */
  bytes: 4,
  /** For a kernel: its index in the table of functions. For a loop: the number of iterations. For copies: the number of parts. */
  target: 8,
  /** For a kernel: its operands, each a word and an offset. */
  operands: 12,
  /** For a loop: the number of its views. The views follow, then the commands. */
  views: 12,
  firstView: 16,
  /** For copies: their parts. */
  parts: 12,
} as const;

export const flags = {
  /** Threads wait at the barrier before the command, because it needs data that another thread has written. */
  meet: 1,
  /** All threads take part. Without this flag, the first thread works alone. */
  shared: 2,
  loop: 4,
  /** The command copies memory. */
  copy: 8,
} as const;

/** The fields of a view: words[to] = words[from] + offset + (iteration & mask) · stride, in bytes. */
export const view = { to: 0, from: 4, offset: 8, stride: 12, mask: 16 } as const;
export const viewBytes = 20;

/** The fields of a part that is copied: `bytes` bytes from words[from] + fromOffset to words[to] + toOffset. */
export const part = { from: 0, fromOffset: 4, to: 8, toOffset: 12, bytes: 16 } as const;
export const partBytes = 20;

/** Collects the words of an image. */
export class ImageWriter {
  /** The offset in bytes of the word with the address of each input, output and view. */
  readonly slots: ReadonlyMap<number, number>;
  #words = new Int32Array(256);
  #length: number;

  constructor(outside: readonly number[]) {
    this.slots = new Map(outside.map((buffer, i) => [buffer, headerBytes + 4 * i]));
    this.#length = headerBytes / 4;
    this.reserve(outside.length);
  }

  /** The offset of the next word in bytes. */
  get bytes(): number {
    return this.#length * 4;
  }

  write(...words: readonly number[]): void {
    this.reserve(words.length);
    this.#words.set(words, this.#length - words.length);
  }

  set(at: number, word: number): void {
    this.#words[at / 4] = word;
  }

  finish(): Int32Array {
    return this.#words.slice(0, this.#length);
  }

  reserve(count: number): void {
    this.#length += count;
    if (this.#length <= this.#words.length) return;
    const larger = new Int32Array(Math.max(this.#words.length * 2, this.#length));
    larger.set(this.#words);
    this.#words = larger;
  }
}
