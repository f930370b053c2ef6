import { readdirSync, readFileSync } from "node:fs";
import { crc32, deflateRawSync, deflateSync, gzipSync, inflateSync } from "node:zlib";

import {
  decodeCifar,
  decodeIdx,
  decodeImage,
  decodeWav,
  encodeIdx,
  encodePng,
  readCsv,
  readIdx,
  readJsonLines,
  readParquet,
  readTokenizer,
} from "@stargrad/datasets";
import { decodeNpy, decodeNpz, decodePyTorch, decodeSafetensors, encodeSafetensors } from "@stargrad/io";
import { Linear } from "@stargrad/nn";
import { SGD } from "@stargrad/optim";
import { Generator, StargradError, tensor } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import { decodeCheckpoint, encodeCheckpoint } from "@stargrad/train";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";

/*
 * Whatever a file contains, a reader returns or throws an error of this house, within a second, and with memory in proportion to the file.
 * Real files are changed at random: bytes and numbers in them, parts repeated, moved, left out, and taken from a second file of the format.
 * Formats that are compressed, or have checksums, are also changed inside, and then packed again.
 */

/** The most memory for each byte of a file, and for any file. A packed file may unpack to 1,032 times its size. */
const [perByte, atLeast] = [4 * 1032, 2 ** 28];
const longest = 1000;
/** In all, more than 100,000 files in the long suite. */
const files = sized({ short: 20, long: 5000 });

interface Format {
  readonly name: string;
  readonly files: readonly Uint8Array[];
  readonly read: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  /** Makes a file of what is changed. Default: it is the file. */
  readonly pack?: (changed: Uint8Array) => Uint8Array;
}

const golden = (folder: string, ending: string): Uint8Array[] =>
  readdirSync(new URL(`../packages/${folder}/`, import.meta.url))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(new URL(`../packages/${folder}/${name}`, import.meta.url)));
const bytesOf = (text: string) => new TextEncoder().encode(text);
const blobOf = (bytes: Uint8Array<ArrayBuffer>) => new Blob([bytes]);

const idx = [
  encodeIdx({ shape: [3, 4, 5], data: Uint8Array.from({ length: 60 }, (_, i) => i) }),
  encodeIdx({ shape: [7], data: Float32Array.from({ length: 7 }, (_, i) => i / 3) }),
];
const cifar = Uint8Array.from({ length: 3 * 3073 }, (_, i) => (i % 3073 === 0 ? 3 : i));
const csv = [
  'city,rooms,built,note\nOslo,3,1990-05-01,"sunny, ""quiet"""\nRome,,NA,"two\nlines"\n',
  "a\tb\n1\t2\n-1e3\t0x1\n",
].map(bytesOf);
const jsonLines = [
  '{"a":1,"b":"x"}\n{"a":2.5,"c":[1,{"d":null}]}\n{"b":"NaN"}\n',
  '{"step":1,"loss":1e-3}\n{"step":2}\n',
].map(bytesOf);
const picture = tensor(Array.from({ length: 3 }, (_, channel) => Array.from({ length: 9 }, (_row, y) => Array.from({ length: 7 }, (_column, x) => ((channel + 3 * x * y) % 11) / 10)))); // prettier-ignore
const tokenizers = (
  JSON.parse(new TextDecoder().decode(golden("datasets/golden", "tokenizer-cases.json")[0])) as {
    others: { file: unknown }[];
  }
).others.map(({ file }) => bytesOf(JSON.stringify(file)));
const wav = Uint8Array.from(
  Buffer.concat([bytesOf("RIFF"), int32(36 + 80), bytesOf("WAVEfmt "), int32(16), Uint8Array.of(1, 0, 2, 0), int32(8000), int32(32_000), Uint8Array.of(4, 0, 16, 0), bytesOf("data"), int32(80), new Uint8Array(80).map((_, i) => i * 7)]), // prettier-ignore
);
/** A JPEG of 8 by 8 pixels, grey, with restart markers left out. */
const jpeg = Uint8Array.from(
  Buffer.from(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/AOAooor/2Q==",
    "base64",
  ),
);
const linear = () => new Linear(3, 2, { generator: new Generator(1) });

const png = await encodePng(picture);
const checkpoint = await (() => {
  const model = linear();
  return encodeCheckpoint({ model, optimizer: new SGD(model.parameters(), { momentum: 0.9 }) });
})();

/** The data before the metadata. */
const [parquetStart] = golden("datasets/golden/parquet", "plain.parquet").map((file) =>
  file.subarray(0, endOfParquet(file)),
);

const formats: readonly Format[] = [
  { name: "idx", files: idx, read: decodeIdx },
  { name: "idx.gz", files: idx.map((file) => gzipSync(file)), read: (bytes) => readIdx(blobOf(bytes)) },
  {
    name: "idx in gzip",
    files: idx,
    read: (bytes) => decodeIdx(bytes),
    pack: (changed) => gzipSync(changed),
  },
  { name: "cifar", files: [cifar], read: (bytes) => decodeCifar(bytes, 10) },
  { name: "csv", files: csv, read: (bytes) => readCsv(blobOf(bytes)) },
  { name: "json lines", files: jsonLines, read: (bytes) => readJsonLines(blobOf(bytes)) },
  {
    name: "parquet",
    files: golden("datasets/golden/parquet", ".parquet"),
    read: (bytes) => readParquet(blobOf(bytes)),
  },
  {
    name: "the end of parquet",
    files: golden("datasets/golden/parquet", ".parquet").map((file) =>
      file.subarray(endOfParquet(file), file.length - 8),
    ),
    read: (bytes) => readParquet(blobOf(bytes)),
    pack: (changed) => Buffer.concat([parquetStart, changed, int32(changed.length), bytesOf("PAR1")]),
  },
  { name: "png", files: [png], read: (bytes) => decodeImage(bytes) },
  {
    name: "png with right checksums",
    files: [png],
    read: (bytes) => decodeImage(bytes),
    pack: withChecksums,
  },
  {
    name: "pixels in png",
    files: [inflateSync(chunkOf(png, "IDAT"))],
    read: (bytes) => decodeImage(bytes),
    pack: pngOf,
  },
  { name: "jpeg", files: [jpeg], read: (bytes) => decodeImage(bytes) },
  { name: "wav", files: [wav], read: decodeWav },
  { name: "npy", files: golden("io/golden", ".npy"), read: decodeNpy },
  { name: "npz", files: golden("io/golden", ".npz"), read: decodeNpz },
  {
    name: "npy in npz",
    files: golden("io/golden", ".npy").filter((file) => file.length < 10_000),
    read: decodeNpz,
    pack: (changed) => zipOf([["x.npy", changed]]),
  },
  {
    name: "safetensors",
    files: [
      ...golden("io/golden", ".safetensors"),
      await encodeSafetensors(new Map([["a", tensor([1, 2])]])),
    ],
    read: decodeSafetensors,
  },
  { name: "pytorch", files: golden("io/golden", ".pt"), read: decodePyTorch },
  {
    name: "pickle in pytorch",
    files: golden("io/golden", ".pt").map(
      (file) => entriesOf(file).find(([name]) => name.endsWith("data.pkl"))?.[1] ?? new Uint8Array(9),
    ),
    read: decodePyTorch,
    pack: (changed) => {
      const [model] = golden("io/golden", "model.pt");
      return zipOf(
        entriesOf(model).map(([name, bytes]) => [name, name.endsWith("data.pkl") ? changed : bytes]),
      );
    },
  },
  { name: "checkpoint", files: [checkpoint], read: decodeCheckpoint },
  { name: "tokenizer.json", files: tokenizers, read: (bytes) => readTokenizer(blobOf(bytes)) },
];

const changes = fc.array(
  fc.record({
    kind: fc.constantFrom("byte", "bit", "number", "cut", "repeat", "move", "other", "zeros"),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    from: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    length: fc.nat(64),
    value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0xffffffff)),
  }),
  { minLength: 1, maxLength: 6 },
);
type Change = typeof changes extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

function change(bytes: Uint8Array, other: Uint8Array, { kind, at, from, length, value }: Change): Uint8Array {
  const place = Math.floor(at * bytes.length);
  const source = Math.floor(from * bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  const changed = Uint8Array.from(bytes);
  switch (kind) {
    case "byte":
      changed[place] = value;
      return changed;
    case "bit":
      changed[place] ^= 1 << (value & 7);
      return changed;
    case "number":
      changed.set(int32(value).subarray(0, Math.min(4, bytes.length - place)), place);
      return changed;
    case "zeros":
      return changed.fill(0, place, place + length);
    case "cut":
      return length < 8 ? before : Buffer.concat([before, after.subarray(length)]);
    case "repeat":
      return Buffer.concat([
        before,
        ...Array.from({ length: 1 + (value % 40) }, () => bytes.subarray(source, source + length)),
        after,
      ]);
    case "move":
      changed.copyWithin(place, source, source + length);
      return changed;
    default:
      return Buffer.concat([before, other.subarray(Math.floor(from * other.length))]);
  }
}

describe("a changed file", () => {
  it.each(formats)(
    "of $name is read or refused, soon and in bounded memory",
    async ({ files: real, read, pack }) => {
      const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
      const isRead = async (file: Uint8Array) => {
        const bytes = Uint8Array.from(pack === undefined ? file : pack(file));
        return Promise.resolve(bytes).then(read).then(() => true, () => false); // prettier-ignore
      };
      expect(await Promise.all(real.map(isRead))).toContain(true);
      let refused = 0;
      /** What went wrong, of one file; null if nothing did. */
      const problemOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string | null> => {
        const begun = performance.now();
        const before = process.memoryUsage();
        try {
          await read(bytes);
        } catch (error) {
          if (!(error instanceof StargradError))
            return `throws ${error instanceof Error ? error.stack : String(error)}`;
          refused++;
        }
        const after = process.memoryUsage();
        const milliseconds = performance.now() - begun;
        const grown = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
        if (milliseconds > longest) return `takes ${milliseconds} ms`;
        return grown > atLeast + perByte * bytes.length ? `takes ${grown} bytes of memory` : null;
      };
      await fc.assert(
        fc.asyncProperty(
          fc.nat(real.length - 1),
          fc.nat(real.length - 1),
          changes,
          async (file, other, all) => {
            const changed = all.reduce(
              (bytes, each) => (bytes.length === 0 ? bytes : change(bytes, real[other], each)),
              real[file],
            );
            const bytes = Uint8Array.from(pack === undefined ? changed : pack(changed));
            // A busy machine may be slow for a while, but not each time.
            let problem = await problemOf(bytes);
            for (let again = 0; again < 10 && problem?.endsWith(" ms") === true; again++) {
              await new Promise((resolve) => setTimeout(resolve, 300));
              problem = await problemOf(bytes);
            }
            if (problem !== null)
              throw new Error(`${problem}\n${Buffer.from(bytes.subarray(0, 4000)).toString("base64")}`);
          },
        ),
        { numRuns: files, seed: 7 },
      );
      expect(refused).toBeGreaterThan(0);
      warned.mockRestore();
    },
    1_800_000,
  );

  it("is one of more than 100,000 in the long suite", () => {
    expect(formats.length * 5000).toBeGreaterThan(100_000);
  });
});

function int32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

/** Where the metadata of a Parquet file begin. */
function endOfParquet(file: Uint8Array): number {
  return file.length - 8 - Buffer.from(file).readInt32LE(file.length - 8);
}

/** Of a PNG: the name and the bytes of each chunk. */
function chunksOf(file: Uint8Array): [name: string, bytes: Uint8Array][] {
  const chunks: [string, Uint8Array][] = [];
  const view = Buffer.from(file);
  for (let at = 8; at + 12 <= view.length;) {
    const length = Math.min(view.readUInt32BE(at), view.length - at - 12);
    chunks.push([view.toString("latin1", at + 4, at + 8), view.subarray(at + 8, at + 8 + length)]);
    at += 12 + length;
  }
  return chunks;
}

function chunkOf(file: Uint8Array, name: string): Uint8Array {
  return Buffer.concat(chunksOf(file).filter(([each]) => each === name).map(([, bytes]) => bytes)); // prettier-ignore
}

function pngFrom(chunks: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const written = chunks.map(([name, bytes]) => {
    const content = Buffer.concat([Buffer.from(name, "latin1"), bytes]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(bytes.length);
    sum.writeUInt32BE(crc32(content));
    return Buffer.concat([length, content, sum]);
  });
  return Buffer.concat([png.subarray(0, 8), ...written]);
}

function withChecksums(changed: Uint8Array): Uint8Array {
  return pngFrom(chunksOf(changed));
}

function pngOf(pixels: Uint8Array): Uint8Array {
  return pngFrom([["IHDR", chunkOf(png, "IHDR")], ["IDAT", deflateSync(pixels)], ["IEND", new Uint8Array(0)]]); // prettier-ignore
}

/** Of a zip file whose entries are stored: their names and bytes. */
function entriesOf(file: Uint8Array): [name: string, bytes: Uint8Array][] {
  const view = Buffer.from(file);
  const entries: [string, Uint8Array][] = [];
  const end = view.lastIndexOf("PK\u0005\u0006");
  if (end === -1) return entries;
  for (let at = view.readUInt32LE(end + 16), i = 0; i < view.readUInt16LE(end + 10); i++) {
    const [size, nameLength, begin] = [
      view.readUInt32LE(at + 20),
      view.readUInt16LE(at + 28),
      view.readUInt32LE(at + 42),
    ];
    const data = begin + 30 + view.readUInt16LE(begin + 26) + view.readUInt16LE(begin + 28);
    entries.push([view.toString("utf8", at + 46, at + 46 + nameLength), view.subarray(data, data + size)]);
    at += 46 + nameLength + view.readUInt16LE(at + 30) + view.readUInt16LE(at + 32);
  }
  return entries;
}

/** A zip file of deflated entries, with right checksums. */
function zipOf(entries: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, bytes] of entries) {
    // PyTorch's files are stored, npz files may be packed.
    const isPacked = name.endsWith(".npy");
    const packed = isPacked ? deflateRawSync(bytes) : bytes;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isPacked ? 8 : 0, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(
      Buffer.concat([bytesOf("PK\u0001\u0002"), Uint8Array.of(20, 0), common, tail, bytesOf(name)]),
    );
    const entry = Buffer.concat([bytesOf("PK\u0003\u0004"), common, bytesOf(name), packed]);
    parts.push(entry);
    at += entry.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}
