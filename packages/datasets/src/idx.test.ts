import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { FormatError } from "@stargrad/io";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

import { decodeIdx, encodeIdx, readIdx, type Idx } from "./index.js";

const pictures: Idx = { shape: [2, 2, 3], data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) };

describe("decodeIdx", () => {
  it("reads the format as it is described", () => {
    const bytes = Uint8Array.of(0, 0, 0x0b, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x01, 0x02, 0xff, 0xfe);
    expect(decodeIdx(bytes)).toEqual({ shape: [1, 2], data: Int16Array.of(258, -2) });
  });

  it("reads a double inside a larger buffer", () => {
    const bytes = new Uint8Array(17);
    bytes.set([0, 0, 0x0e, 1, 0, 0, 0, 1], 1);
    new DataView(bytes.buffer).setFloat64(9, Math.E);
    expect(decodeIdx(bytes.subarray(1)).data).toEqual(Float64Array.of(Math.E));
  });

  it("unpacks gzip", () => {
    expect(decodeIdx(gzipSync(encodeIdx(pictures)))).toEqual(pictures);
  });

  it("does not see later changes of the bytes", () => {
    const bytes = Buffer.from(encodeIdx(pictures));
    const { data } = decodeIdx(bytes);
    bytes.fill(0);
    expect(data).toEqual(pictures.data);
  });

  it.each([
    [2, 0x0b, Int16Array, [0x0102, 0x0304, 0x0506, 0x0708]],
    [4, 0x0c, Int32Array, [0x01020304, 0x05060708]],
    [8, 0x0e, Float64Array, [8.20788039913184e-304]],
  ] as const)("reverses the bytes of elements of %i bytes", (_, code, array, elements) => {
    const bytes = Uint8Array.of(0, 0, code, 1, 0, 0, 0, elements.length, 1, 2, 3, 4, 5, 6, 7, 8);
    const data = array.from(elements);
    expect(decodeIdx(bytes)).toEqual({ shape: [elements.length], data });
    expect(encodeIdx({ shape: [elements.length], data })).toEqual(bytes);
  });

  it("is the inverse of encodeIdx, plain and gzipped", () => {
    const elements = fc.oneof(
      fc.uint8Array(),
      fc.int8Array(),
      fc.int16Array(),
      fc.int32Array(),
      fc.float32Array(),
      fc.float64Array(),
    );
    fc.assert(
      fc.property(elements, fc.nat(3), (data, ones) => {
        const shape = [...new Array<number>(ones).fill(1), data.length];
        const bytes = encodeIdx({ shape, data });
        expect(decodeIdx(bytes)).toEqual({ shape, data });
        expect(decodeIdx(gzipSync(bytes))).toEqual({ shape, data });
      }),
    );
  });
});

describe("decodeIdx rejects", () => {
  const good = encodeIdx(pictures);
  const announcing = (...axes: number[]) => {
    const header = new Uint8Array(4 + 4 * axes.length);
    header.set([0, 0, 8, axes.length]);
    axes.forEach((axis, i) => {
      new DataView(header.buffer).setUint32(4 + 4 * i, axis);
    });
    return header;
  };

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "begins with the bytes []"],
    ["another format", Buffer.from("PNG…"), "begins with the bytes [50 4e 47 e2]"],
    ["a type there is not", good.with(2, 0x0a), "begins with the bytes [00 00 0a 03]"],
    ["half a header", good.subarray(0, 9), "the header takes 16 bytes, there are 9. Is the file cut off?"],
    [
      "half the data",
      good.subarray(0, 20),
      "the shape [2, 2, 3] takes 12 bytes, 4 follow the header. Is the file cut off?",
    ],
    ["a byte too many", Uint8Array.of(...good, 0), "13 follow the header. Was something appended to it?"],
    ["axes past 2^53", announcing(2 ** 31, 2 ** 31, 2 ** 31), "impossibly large"],
    [
      "axes past the largest number",
      announcing(...new Array<number>(255).fill(2 ** 31), 0).with(3, 255),
      "impossibly large",
    ],
    ["a packed file that is cut off", gzipSync(good).subarray(0, -4), "gzip says unexpected end of file"],
    ["a damaged packed file", gzipSync(good).with(-6, 1), "gzip says incorrect"],
    [
      "a packed file of another format",
      gzipSync(Buffer.from("hello")),
      "begins with the bytes [68 65 6c 6c]",
    ],
    ["a packed file that is too short", gzipSync(good.subarray(0, 20)), "4 follow the header"],
    [
      "a packed file that is too long",
      gzipSync(Uint8Array.of(...good, 0)),
      "unpacks to more than the 28 bytes",
    ],
    [
      "a packed file announcing too much",
      gzipSync(announcing(2 ** 15, 2 ** 15, 2)),
      "the limit is 1073741824",
    ],
    [
      "a bomb",
      gzipSync(Buffer.concat([good, Buffer.alloc(50_000_000)])),
      "unpacks to more than the 28 bytes",
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeIdx(bytes)).toThrow(FormatError);
    expect(() => decodeIdx(bytes)).toThrow(message);
  });

  it.each([undefined, { env: {} }])("a gzipped file outside Node, with a hint: process is %o", (process) => {
    const bytes = gzipSync(good);
    vi.stubGlobal("process", process);
    expect(() => decodeIdx(bytes)).toThrow("cannot unpack gzip outside Node. Read it with readIdx");
    vi.unstubAllGlobals();
  });

  it("a gzipped file above the caller's limit", () => {
    expect(() => decodeIdx(gzipSync(good), { limit: 27 })).toThrow("takes 28 bytes, the limit is 27");
    expect(decodeIdx(gzipSync(good), { limit: 28 })).toEqual(pictures);
  });

  it("a changed byte with a FormatError, or reads the file", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(), fc.nat(255), fc.nat(), (packed, at, value, length) => {
        const bytes = Uint8Array.from(packed ? gzipSync(good) : good);
        bytes[at % bytes.length] = value;
        try {
          decodeIdx(bytes.subarray(0, length % (bytes.length + 1)));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("encodeIdx", () => {
  it("rejects data that does not match the shape", () => {
    expect(() => encodeIdx({ shape: [2, 2], data: new Int16Array(3) })).toThrow(
      "encodeIdx: got 3 elements of Int16Array for the shape [2, 2]",
    );
  });
});

describe("readIdx", () => {
  it("reads a file, and names it in errors", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stargrad-datasets-"));
    try {
      const path = join(folder, "pictures");
      await expect(readIdx(path)).rejects.toThrow(`readIdx(${path}): cannot read`);
      await writeFile(path, encodeIdx(pictures));
      expect(await readIdx(path)).toEqual(pictures);
      await writeFile(path, encodeIdx(pictures).subarray(0, 20));
      await expect(readIdx(path)).rejects.toThrow(`readIdx(${path}): the shape [2, 2, 3]`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("reads a file of a page, plain and gzipped, without a module of Node", async () => {
    const process = vi.spyOn(globalThis.process, "getBuiltinModule").mockImplementation(() => {
      throw new Error("not in a page");
    });
    try {
      expect(await readIdx(new File([Buffer.from(encodeIdx(pictures))], "pictures"))).toEqual(pictures);
      expect(await readIdx(new Blob([gzipSync(encodeIdx(pictures))]))).toEqual(pictures);
    } finally {
      process.mockRestore();
    }
  });

  const good = encodeIdx(pictures);
  it.each<[string, Uint8Array, string]>([
    ["is cut off", gzipSync(good).subarray(0, -4), "readIdx(a.gz): is damaged: gzip says"],
    ["is damaged", gzipSync(good).with(-6, 1), "is damaged: gzip says"],
    ["is another format", gzipSync(Buffer.from("hello")), "begins with the bytes [68 65 6c 6c]"],
    ["is too short", gzipSync(good.subarray(0, 20)), "4 follow the header. Is the file cut off?"],
    ["is too long", gzipSync(Uint8Array.of(...good, 0)), "unpacks to more than the 28 bytes"],
    [
      "is a bomb",
      gzipSync(Buffer.concat([good, Buffer.alloc(50_000_000)])),
      "unpacks to more than the 28 bytes",
    ],
    ["is nothing", gzipSync(new Uint8Array(0)), "begins with the bytes []"],
  ])("rejects a packed file that %s", async (_, bytes, message) => {
    const reading = readIdx(new File([Buffer.from(bytes)], "a.gz"));
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(message);
  });

  it("respects the limit, also of a packed file", async () => {
    const packed = new Blob([gzipSync(good)]);
    await expect(readIdx(packed, { limit: 27 })).rejects.toThrow(
      "readIdx(a Blob): the shape [2, 2, 3] takes 28 bytes",
    );
    expect(await readIdx(packed, { limit: 28 })).toEqual(pictures);
  });

  it("rejects a changed byte of a packed file with a FormatError, or reads it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), fc.nat(), async (at, value, length) => {
        const bytes = Uint8Array.from(gzipSync(good));
        bytes[at % bytes.length] = value;
        const read = readIdx(new Blob([bytes.subarray(0, length % (bytes.length + 1))]));
        const error: unknown = await read.then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (error !== null) expect(error).toBeInstanceOf(FormatError);
      }),
      { numRuns: 200 },
    );
  });
});
