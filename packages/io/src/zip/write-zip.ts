import { encodeUtf8 } from "../utf8.js";
import { crc32 } from "./crc32.js";

/** The first moment that zip can write, 1980-01-01: equal files make equal archives. */
const date = 0x21;

/** The archive of some files, not packed. At most 4 GiB, and 65,535 files. */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const locals: Uint8Array[] = [];
  const records: Uint8Array[] = [];
  let offset = 0;
  for (const [name, data] of files) {
    const nameBytes = encodeUtf8(name);
    const common = new DataView(new ArrayBuffer(26));
    // Version 2.0, names in UTF-8, stored.
    common.setUint16(0, 20, true);
    common.setUint16(2, 0x0800, true);
    common.setUint16(8, date, true);
    common.setUint32(10, crc32(data), true);
    common.setUint32(14, data.length, true);
    common.setUint32(18, data.length, true);
    common.setUint16(22, nameBytes.length, true);
    const shared = new Uint8Array(common.buffer);
    locals.push(words(0x04034b50), shared, nameBytes, data);
    records.push(
      words(0x02014b50),
      Uint8Array.of(20, 0),
      shared,
      new Uint8Array(10),
      words(offset),
      nameBytes,
    );
    offset += 30 + nameBytes.length + data.length;
  }
  const directory = joined(records);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.size, true);
  end.setUint16(10, files.size, true);
  end.setUint32(12, directory.length, true);
  end.setUint32(16, offset, true);
  return joined([...locals, directory, new Uint8Array(end.buffer)]);
}

function words(...values: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true);
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
