const number = new DataView(new ArrayBuffer(8));

/** Collects the bytes of a WebAssembly binary. */
export class ByteWriter {
  /** The bytes before `#bytes`, in parts that no longer change. */
  readonly #parts: (readonly number[])[] = [];
  #partsLength = 0;
  #bytes: number[] = [];

  get length(): number {
    return this.#partsLength + this.#bytes.length;
  }

  /** Appends bytes. */
  bytes(...values: readonly number[]): void {
    this.#bytes.push(...values);
  }

  /** Appends the bytes of a list, which may be long. */
  list(values: readonly number[]): void {
    for (let i = 0; i < values.length; i++) this.#bytes.push(values[i]);
  }

  /** Appends the bytes of another writer, which must not be written to afterwards: they are not copied. */
  append(other: ByteWriter): void {
    this.#parts.push(this.#bytes, ...other.#parts, other.#bytes);
    this.#partsLength += this.#bytes.length + other.length;
    this.#bytes = [];
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
    const all = new Uint8Array(this.length);
    let length = 0;
    for (const part of [...this.#parts, this.#bytes]) {
      all.set(part, length);
      length += part.length;
    }
    return all;
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
