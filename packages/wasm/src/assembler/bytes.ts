/** The number of bytes that are copied with one call, as its arguments. */
const copiedTogether = 4096;

const number = new DataView(new ArrayBuffer(8));

/** Collects the bytes of a WebAssembly binary. */
export class ByteWriter {
  readonly #bytes: number[] = [];

  get length(): number {
    return this.#bytes.length;
  }

  /** Appends bytes. */
  bytes(...values: readonly number[]): void {
    this.#bytes.push(...values);
  }

  /** Appends the bytes of a list, which may be long. */
  list(values: readonly number[]): void {
    for (let i = 0; i < values.length; i++) this.#bytes.push(values[i]);
  }

  /** Appends the bytes that another writer has collected. */
  append(other: ByteWriter): void {
    const added = other.#bytes;
    for (let start = 0; start < added.length; start += copiedTogether) {
      this.#bytes.push(...added.slice(start, start + copiedTogether));
    }
  }

  /** Appends an unsigned number in LEB128: seven bits per byte, the lowest first. */
  unsigned(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) + 128);
    this.#bytes.push(rest);
  }

  /** Appends a signed number in LEB128, the encoding of constants. */
  signed(value: number | bigint): void {
    // Numbers of more than 32 bits are bigints, whose shifts are slower.
    if (typeof value === "bigint") this.#signedBig(value);
    else this.#signed32(value);
  }

  float32(value: number): void {
    number.setFloat32(0, value, true);
    this.#take(4);
  }

  float64(value: number): void {
    number.setFloat64(0, value, true);
    this.#take(8);
  }

  /** Appends a name in ASCII: its length and its characters. There is no TextEncoder where jest imitates a browser. */
  text(name: string): void {
    this.unsigned(name.length);
    for (let i = 0; i < name.length; i++) this.bytes(name.charCodeAt(i));
  }

  finish(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes);
  }

  #signed32(value: number): void {
    let rest = value;
    for (; rest < -64 || rest > 63; rest >>= 7) this.#bytes.push((rest & 127) + 128);
    this.#bytes.push(rest & 127);
  }

  #signedBig(value: bigint): void {
    let rest = value;
    for (; rest < -64n || rest > 63n; rest >>= 7n) this.#bytes.push(Number(rest & 127n) + 128);
    this.#bytes.push(Number(rest & 127n));
  }

  /** The first bytes of `number`. */
  #take(count: number): void {
    for (let i = 0; i < count; i++) this.#bytes.push(number.getUint8(i));
  }
}
