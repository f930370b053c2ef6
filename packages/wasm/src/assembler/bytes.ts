/** The most bytes that a number takes in LEB128. */
const longestNumber = 10;

/** Collects the bytes of a WebAssembly binary. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** One byte after another. */
  bytes(...values: readonly number[]): void {
    this.list(values);
  }

  list(values: readonly number[]): void {
    this.#reserve(values.length);
    for (let i = 0; i < values.length; i++) this.#bytes[this.#length++] = values[i];
  }

  /** What another writer has collected. */
  append(other: ByteWriter): void {
    this.#reserve(other.#length);
    this.#bytes.set(other.#bytes.subarray(0, other.#length), this.#length);
    this.#length += other.#length;
  }

  /** An unsigned number in LEB128: seven bits a byte, the lowest first. */
  unsigned(value: number): void {
    this.#reserve(longestNumber);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }

  /** A signed number in LEB128, as constants are written. */
  signed(value: number | bigint): void {
    this.#reserve(longestNumber);
    // A number of more than 32 bits has to be a bigint, whose shifts are slower.
    if (typeof value === "bigint") this.#signedBig(value);
    else this.#signed32(value);
  }

  float32(value: number): void {
    this.#view(4, (view) => {
      view.setFloat32(0, value, true);
    });
  }

  float64(value: number): void {
    this.#view(8, (view) => {
      view.setFloat64(0, value, true);
    });
  }

  /** A name: its length and its characters. */
  text(value: string): void {
    const encoded = new TextEncoder().encode(value);
    this.unsigned(encoded.length);
    this.bytes(...encoded);
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #signed32(value: number): void {
    let rest = value;
    for (; rest < -64 || rest > 63; rest >>= 7) this.#bytes[this.#length++] = (rest & 127) + 128;
    this.#bytes[this.#length++] = rest & 127;
  }

  #signedBig(value: bigint): void {
    let rest = value;
    for (; rest < -64n || rest > 63n; rest >>= 7n) {
      this.#bytes[this.#length++] = Number(rest & 127n) + 128;
    }
    this.#bytes[this.#length++] = Number(rest & 127n);
  }

  #view(size: number, write: (view: DataView) => void): void {
    this.#reserve(size);
    write(new DataView(this.#bytes.buffer, this.#length, size));
    this.#length += size;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
