import { deflateRawSync } from "node:zlib";

import { describe, expect, it, vi } from "vitest";

import { FormatError } from "../errors.js";
import { crc32 } from "./crc32.js";
import { readZip, unzip } from "./read-zip.js";
import { writeZip } from "./write-zip.js";

const fail = (problem: string) => new FormatError("test", problem);
const text = (value: string) => new TextEncoder().encode(value);

const two = () =>
  writeZip(
    new Map([
      ["a", text("one")],
      ["b/ü", text("two!")],
    ]),
  );

/** The archive with other numbers in it. */
function changed(bytes: Uint8Array, ...changes: [at: number, bytes: 2 | 4, value: number][]): Uint8Array {
  const view = new DataView(bytes.buffer);
  for (const [at, size, value] of changes) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return bytes;
}

/** Where the records of the directory and the end are in `two()`. */
const [first, directory] = [34, 34 + 30 + 4 + 4];
const second = directory + 46 + 1;
const end = second + 46 + 4;

describe("crc32", () => {
  it("is the checksum of zip", () => {
    // The check value of the standard.
    expect(crc32(text("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe("readZip", () => {
  it("reads what writeZip writes, with names in UTF-8", async () => {
    const files = readZip(two(), fail);
    expect([...files.keys()]).toEqual(["a", "b/ü"]);
    expect(await unzip(files.get("b/ü")!, fail)).toEqual(text("two!"));
    expect(readZip(writeZip(new Map()), fail).size).toBe(0);
  });

  it("reads an archive behind a comment", () => {
    const bytes = new Uint8Array([...two(), ...text("a comment")]);
    expect(readZip(changed(bytes, [end + 20, 2, 9]), fail).size).toBe(2);
    expect(() => readZip(changed(bytes, [end + 20, 2, 8]), fail)).toThrow("no end of a zip archive");
  });

  it("reads sizes of Zip64", async () => {
    const archive = two();
    const extra = new DataView(new ArrayBuffer(28));
    extra.setUint16(0, 1, true);
    extra.setUint16(2, 24, true);
    extra.setBigUint64(4, 3n, true);
    extra.setBigUint64(12, 3n, true);
    extra.setBigUint64(20, 0n, true);
    const record = archive.slice(directory, second);
    changed(record, [20, 4, 0xffffffff], [24, 4, 0xffffffff], [42, 4, 0xffffffff], [30, 2, 28]);
    const records = new Uint8Array([
      ...record,
      ...new Uint8Array(extra.buffer),
      ...archive.slice(second, end),
    ]);
    const last = new DataView(new ArrayBuffer(56 + 20));
    last.setUint32(0, 0x06064b50, true);
    last.setBigUint64(32, 2n, true);
    last.setBigUint64(40, BigInt(records.length), true);
    last.setBigUint64(48, BigInt(directory), true);
    last.setUint32(56, 0x07064b50, true);
    last.setBigUint64(64, BigInt(directory + records.length), true);
    const bytes = new Uint8Array([
      ...archive.slice(0, directory),
      ...records,
      ...new Uint8Array(last.buffer),
      ...archive.slice(end),
    ]);
    const files = readZip(bytes, fail);
    expect(await unzip(files.get("a")!, fail)).toEqual(text("one"));
    expect(files.get("b/ü")?.size).toBe(4);
  });

  it.each<[string, () => Uint8Array, string]>([
    ["an encrypted file", () => changed(two(), [directory + 8, 2, 1]), 'the file "a" is encrypted'],
    ["an unknown method", () => changed(two(), [directory + 10, 2, 12]), "packed by method 12"],
    ["a part of an archive", () => changed(two(), [end + 4, 2, 1]), "divided archive"],
    ["two files of one name", () => writeTwice(), 'two files of the name "a"'],
    ["files that overlap", () => changed(two(), [second + 42, 4, 0]), "overlap"],
    [
      "a file behind the directory",
      () => changed(two(), [directory + 20, 4, 9000], [directory + 24, 4, 9000]),
      "ends behind",
    ],
    ["a wrong place", () => changed(two(), [second + 42, 4, 5]), "is not where the directory says"],
    ["too few records", () => changed(two(), [end + 10, 2, 3]), "lists 3 files, and has no more than 2"],
    ["too many records", () => changed(two(), [end + 10, 2, 1]), "bytes that belong to no file"],
    [
      "another size in the archive",
      () => changed(two(), [directory + 24, 4, 2]),
      "has 2 bytes, and 3 in the archive",
    ],
    ["a directory behind the end", () => changed(two(), [end + 16, 4, 9000]), "its directory ends at byte"],
    [
      "a missing field of Zip64",
      () => changed(two(), [directory + 24, 4, 0xffffffff]),
      "its sizes are missing",
    ],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readZip(bytes(), fail)).toThrow(message);
  });

  function writeTwice(): Uint8Array {
    const bytes = writeZip(
      new Map([
        ["a", text("one")],
        ["b", text("two")],
      ]),
    );
    const view = new DataView(bytes.buffer);
    bytes[bytes.length - 22 - 1] = 0x61;
    bytes[first + 30] = 0x61;
    expect(view.byteLength).toBe(bytes.length);
    return bytes;
  }
});

describe("unzip", () => {
  const content = new Uint8Array(1000);
  const entry = {
    name: "a",
    size: 1000,
    crc: crc32(content),
    isDeflated: true,
    packed: deflateRawSync(content),
  };
  const web = async (act: () => Promise<unknown>): Promise<unknown> => {
    vi.stubGlobal("process", Object.create(process, { getBuiltinModule: { value: undefined } }));
    try {
      return await act();
    } finally {
      vi.unstubAllGlobals();
    }
  };
  const roads = [
    ["Node", (act: () => Promise<unknown>) => act()],
    ["the web", web],
  ] as const;

  it.each(roads)("unpacks and checks, with %s", async (_, by) => {
    expect(await by(() => unzip(entry, fail))).toEqual(content);
    const wrong = (change: object, message: string) =>
      expect(by(() => unzip({ ...entry, ...change }, fail))).rejects.toThrow(message);
    await wrong({ crc: 1 }, "its checksum differs");
    await wrong({ size: 999 }, "unpacks to another size");
    await wrong({ size: 10 }, "unpacks to another size");
    await wrong({ size: 1001 }, "unpacks to another size");
    await wrong({ packed: entry.packed.subarray(0, 5) }, "is damaged");
    await wrong({ size: 1e12 }, "cannot hold as many");
  });
});
