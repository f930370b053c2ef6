/**
 * How a program stands in memory: first words that the driver and the kernels look up, then commands. All of it is data; what
 * commands do is code that programs share.
 *
 * Words: `header`, then the address of each input and output, then those of views, which move with the iterations of a loop. An
 * operand of a kernel is such a word, and how far from that address it begins.
 */
export const header = {
  /** The address of the image itself, for whoever was given a copy of the words. */
  image: 0,
  /** The address of the frame: what the program needs only inside. */
  frame: 4,
  /** What a kernel that failed has found: the position of an index that is out of range, and the index. */
  position: 8,
  index: 12,
  /** Where the commands begin and end, from the image's beginning. */
  commands: 16,
  end: 20,
  /** Where in the frame the rooms of the threads begin, and how large each is. */
  rooms: 24,
  roomBytes: 28,
  /** How many bytes of words each thread copies into its room, since loops change them; 0 if none does. */
  copiedBytes: 32,
} as const;
export const headerBytes = 48;

/** The fields of a command, in bytes from its beginning. */
export const command = {
  /** `flags`, and from bit 8 on the number of the error if it fails. */
  flags: 0,
  /** Where the next command begins. */
  bytes: 4,
  /** A kernel: its place in the table of functions. A loop: how often its commands run. */
  target: 8,
  /** A kernel: its operands, a word and an offset each. */
  operands: 12,
  /** A loop: how many views it has. They follow, and then the commands. */
  views: 12,
  firstView: 16,
} as const;

export const flags = {
  /** Threads wait for each other before it: it needs what another has written. */
  meet: 1,
  /** All threads take part; without it the first works alone. */
  shared: 2,
  loop: 4,
} as const;

/** The fields of a view: words[to] = words[from] + offset + (iteration & mask) · stride, in bytes. */
export const view = { to: 0, from: 4, offset: 8, stride: 12, mask: 16 } as const;
export const viewBytes = 20;

/** Collects the words of an image. */
export class ImageWriter {
  /** Which word, in bytes, is the address of an input, an output or a view. */
  readonly slots: ReadonlyMap<number, number>;
  #words = new Int32Array(256);
  #length: number;

  constructor(outside: readonly number[]) {
    this.slots = new Map(outside.map((buffer, i) => [buffer, headerBytes + 4 * i]));
    this.#length = headerBytes / 4;
    this.reserve(outside.length);
  }

  /** Where the next word will stand, in bytes. */
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
