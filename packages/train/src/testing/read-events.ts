/*
 * Reads event files of TensorBoard, independently of what writes them: checksums bit by bit, and fields by their numbers.
 */

/** The checksum CRC-32C, bit by bit. */
function crc32c(bytes: Uint8Array): bigint {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x82f63b78n : 0n);
  }
  return crc ^ 0xffffffffn;
}

function expectChecksum(bytes: Uint8Array, found: number): void {
  const crc = crc32c(bytes);
  const masked = (((crc >> 15n) | ((crc & 0x7fffn) << 17n)) + 0xa282ead8n) & 0xffffffffn;
  if (masked !== BigInt(found)) throw new Error(`the checksum is ${found}; expected ${masked}`);
}

/** The events of a file. Throws if a length or a checksum is wrong, or if the last record is cut off. */
export function readEvents(file: Uint8Array): Message[] {
  const events: Message[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    expectChecksum(file.subarray(at, at + 8), view.getUint32(at + 8, true));
    const data = file.subarray(at + 12, at + 12 + length);
    expectChecksum(data, view.getUint32(at + 12 + length, true));
    events.push(new Message(data));
    at += 16 + length;
  }
  return events;
}

/** The fields of a message of Protocol Buffers. */
export class Message {
  readonly #fields: { number: number; value: bigint | Uint8Array }[] = [];

  constructor(data: Uint8Array) {
    let at = 0;
    const varint = (): bigint => {
      for (let [value, shift] = [0n, 0n]; ; shift += 7n) {
        if (at >= data.length) throw new Error("the message is cut off");
        const byte = BigInt(data[at++]);
        value |= (byte & 127n) << shift;
        if (byte < 128n) return value;
      }
    };
    while (at < data.length) {
      const key = Number(varint());
      const kind = key % 8;
      const value = kind === 0 ? varint() : bytesOf(kind);
      this.#fields.push({ number: Math.floor(key / 8), value });
    }
    function bytesOf(kind: number): Uint8Array {
      const length = kind === 1 ? 8 : kind === 5 ? 4 : kind === 2 ? Number(varint()) : NaN;
      if (!(at + length <= data.length)) throw new Error("the message is cut off, or has an unknown field");
      at += length;
      return data.subarray(at - length, at);
    }
  }

  whole(number: number): bigint | undefined {
    return this.#all(number).find((value) => typeof value === "bigint");
  }

  bytes(number: number): Uint8Array {
    return this.#bytes(number)[0] ?? new Uint8Array(0);
  }

  floats(number: number): number[] {
    return this.#bytes(number).map((value) =>
      new DataView(Uint8Array.from(value).buffer).getFloat32(0, true),
    );
  }

  messages(number: number): Message[] {
    return this.#bytes(number).map((value) => new Message(value));
  }

  #bytes(number: number): Uint8Array[] {
    return this.#all(number).filter((value) => typeof value !== "bigint");
  }

  #all(number: number): (bigint | Uint8Array)[] {
    return this.#fields.filter((field) => field.number === number).map(({ value }) => value);
  }
}
