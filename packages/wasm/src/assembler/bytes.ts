/** Collects the bytes of a WebAssembly binary. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** One byte after another. */
  bytes(...values: readonly number[]): void {
    this.#reserve(values.length);
    this.#bytes.set(values, this.#length);
    this.#length += values.length;
  }

  /** What another writer has collected. */
  append(other: ByteWriter): void {
    this.#reserve(other.#length);
    this.#bytes.set(other.#bytes.subarray(0, other.#length), this.#length);
    this.#length += other.#length;
  }

  /** An unsigned number in LEB128: seven bits a byte, the lowest first. */
  unsigned(value: number): void {
    let rest = value;
    do {
      const low = rest % 128;
      rest = Math.floor(rest / 128);
      this.bytes(rest > 0 ? low + 128 : low);
    } while (rest > 0);
  }

  /** A signed number in LEB128, as constants are written. */
  signed(value: number | bigint): void {
    let rest = BigInt(value);
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      const done = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
      this.bytes(done ? low : low + 128);
      if (done) return;
    }
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
