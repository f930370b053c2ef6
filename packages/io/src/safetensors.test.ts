import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fromData, tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  readSafetensors,
  writeSafetensors,
} from "./index.js";

const golden = (name: string) => readFile(new URL(`../golden/${name}.safetensors`, import.meta.url));
const quarters = [-0.5, -0.25, 0, 0.25, 0.5, 0.75];

/** A file with this header (JSON text, or an object to convert to JSON) and data. */
function file(header: unknown, data: Uint8Array | number = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array([
    ...new Uint8Array(8),
    ...text,
    ...(typeof data === "number" ? zeros(data) : data),
  ]);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  return bytes;
}

const zeros = (length: number) => new Uint8Array(length);
const entry = (dtype: string, shape: unknown, begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe("golden files of Python's safetensors", () => {
  it("are read", async () => {
    const { tensors, metadata } = decodeSafetensors(await golden("ours"));
    expect(metadata).toEqual(new Map([["made by", "safetensors"]]));
    expect([...tensors.keys()].sort()).toEqual(
      [
        "count",
        "empty",
        "layer.bias",
        "layer.weight",
        "mask",
        "precise",
        'quote " and \\ and \n',
        "\ufb01",
        "🌟",
      ].sort(),
    );
    const weight = tensors.get("layer.weight");
    expect([weight?.dtype, weight?.shape, weight?.dataSync()]).toEqual([
      "float32",
      [2, 3],
      Float32Array.from(quarters),
    ]);
    expect(tensors.get("layer.bias")?.dataSync()).toEqual(Float32Array.of(1e-45, -0, Infinity));
    expect(tensors.get("precise")?.dataSync()).toEqual(Float64Array.from(quarters, (value) => value / 3));
    expect(tensors.get("count")?.shape).toEqual([]);
    expect(tensors.get("count")?.itemSync()).toBe(-7);
    expect(tensors.get("mask")?.toArraySync()).toEqual([true, false, true]);
    expect(tensors.get("empty")?.shape).toEqual([0, 4]);
  });

  it("are written again byte for byte", async () => {
    const bytes = await golden("ours");
    const { tensors, metadata } = decodeSafetensors(bytes);
    const reversed = new Map([...tensors].reverse());
    expect(Buffer.from(await encodeSafetensors(reversed, metadata))).toEqual(bytes);
  });

  it("are converted: float16 and bfloat16 are widened, int64 is narrowed", async () => {
    const { tensors } = decodeSafetensors(await golden("converted"));
    expect(tensors.get("half")?.dataSync()).toEqual(Float32Array.from(quarters));
    expect(tensors.get("long")?.dataSync()).toEqual(Int32Array.of(-(2 ** 31), 2 ** 31 - 1));
    const brain = decodeSafetensors(await golden("bfloat16")).tensors.get("brain");
    expect(brain?.dataSync()).toEqual(Float32Array.of(1.5, -2, Infinity, 2 ** -133));
  });
});

describe("a hostile or damaged file is rejected with an error that names the tensor", () => {
  const valid = { a: entry("F32", [2], 0, 8) };
  const twoTensors = (begin: number, end: number) => ({
    a: entry("F32", [2], 0, 8),
    b: entry("F32", [1], begin, end),
  });

  it.each<[string, Uint8Array, string]>([
    ["empty", zeros(0), "0 bytes are too few"],
    ["shorter than the length of its header", zeros(7), "7 bytes are too few"],
    ["a header of 2^64 − 1 bytes", new Uint8Array(64).fill(255), "at most 100000000 are allowed"],
    ["a header longer than the file", file(valid, 8).subarray(0, 20), "only 12 follow. Is the file cut off?"],
    ["no header", zeros(8), "must begin with {"],
    ["not JSON at all", file("hello"), "must begin with {"],
    ["a byte order mark", file(`\ufeff${JSON.stringify(valid)}`, 8), "must begin with {"],
    ["JSON cut off", file('{"a":'), "not valid JSON"],
    ["an endless string", file('{"a'), "not valid JSON"],
    ["text after the header", file("{} x"), "not valid JSON"],
    ["bytes that are not UTF-8", file(valid, 8).with(10, 0xff), "not valid UTF-8"],
    ["nested without end", file(`{"a":${"[".repeat(100_000)}`), "nests deeper than 3 levels"],
    [
      "a key twice",
      file(`{"a":${JSON.stringify(valid.a)},"a":${JSON.stringify(valid.a)}}`, 8),
      'the key "a" twice',
    ],
    ["a key twice, once escaped", file('{"__metadata__":{"k":"1","\\u006b":"2"}}'), 'the key "k" twice'],
    ["a dtype twice", file('{"a":{"dtype":"F32","dtype":"F64"}}'), 'the key "dtype" twice'],
    [
      "metadata that is not an object",
      file({ __metadata__: "x" }),
      '__metadata__ must be an object, but is "x"',
    ],
    ["metadata that is not text", file({ __metadata__: { epoch: 3 } }), '"epoch" is 3'],
    ["metadata that is nested", file({ __metadata__: { a: {} } }), '"a" is an object'],
    ["a tensor that is a list", file({ a: [1] }), 'tensor "a" must be an object, but is an array of 1'],
    ["a tensor that is null", file({ a: null }), 'tensor "a" must be an object, but is null'],
    ["an unknown key", file({ a: { ...valid.a, scale: 2 } }, 8), 'tensor "a": unexpected key "scale"'],
    ["no dtype", file({ a: { shape: [2], data_offsets: [0, 8] } }, 8), "cannot read the dtype undefined"],
    [
      "a dtype without a type here",
      file({ a: entry("U8", [2], 0, 2) }, 2),
      'cannot read the dtype "U8", only BOOL, I32',
    ],
    [
      "a dtype that objects inherit",
      file({ a: entry("constructor", [2], 0, 2) }, 2),
      'the dtype "constructor"',
    ],
    ["no shape", file({ a: { dtype: "F32", data_offsets: [0, 8] } }, 8), "shape must be an array"],
    ["a shape of text", file({ a: entry("F32", ["2"], 0, 8) }, 8), "shape must be an array of whole numbers"],
    [
      "a negative axis",
      file({ a: entry("F32", [-2, -1], 0, 8) }, 8),
      "shape must be an array of whole numbers",
    ],
    ["minus zero", file('{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}'), "shape must be"],
    ["half an element", file({ a: entry("F32", [0.5], 0, 2) }, 2), "expected whole numbers"],
    [
      "a whole number with a fraction",
      file('{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}', 4),
      "the header has a number that begins with 1.; expected whole numbers without exponent",
    ],
    [
      "a number with an exponent",
      file('{"a":{"dtype":"F32","shape":[10e-1],"data_offsets":[0,4]}}', 4),
      "begins with 10e",
    ],
    [
      "half of a surrogate pair in a name",
      file('{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      "half of a surrogate pair",
    ],
    [
      "half of a surrogate pair in the metadata",
      file('{"__metadata__":{"a":"\\udc00"}}'),
      "half of a surrogate pair",
    ],
    [
      "more tensors than anyone has",
      file(`{${Array.from({ length: 2 ** 17 + 1 }, (_, i) => `"${i}":0`).join()}}`),
      "there are more than 131072 tensors, or texts of metadata",
    ],
    ["a product past 2^53", file({ a: entry("F32", [2 ** 31, 2 ** 31, 2 ** 31], 0, 0) }), "impossibly large"],
    [
      "a product past 2^53 times zero",
      file({ a: entry("F32", [2 ** 40, 2 ** 40, 0], 0, 0) }),
      "impossibly large",
    ],
    [
      "an axis past 2^53",
      file('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,0]}}'),
      "shape must be",
    ],
    ["no offsets", file({ a: { dtype: "F32", shape: [2] } }, 8), "data_offsets must be [begin, end]"],
    [
      "three offsets",
      file({ a: { ...valid.a, data_offsets: [0, 8, 8] } }, 8),
      "data_offsets must be [begin, end]",
    ],
    ["offsets that run backwards", file({ a: entry("F32", [2], 8, 0) }, 8), "begin ≤ end"],
    [
      "offsets past the end",
      file({ a: entry("F32", [2], 8, 16) }, 8),
      'tensor "a": its data end at byte 16, the file has 8 after the header. Is the file cut off?',
    ],
    ["negative offsets", file({ a: entry("F32", [2], -8, 0) }, 8), "data_offsets must be [begin, end]"],
    [
      "a size that disagrees",
      file({ a: entry("F32", [3], 0, 8) }, 8),
      "F32 of shape [3] takes 12 bytes, its data_offsets give 8",
    ],
    ["data cut off", file(valid, 7), "the file has 7 after the header. Is the file cut off?"],
    ["data after the tensors", file(valid, 9), "end at byte 8 of the data, which has 9 bytes"],
    ["data without tensors", file({}, 1), "end at byte 0 of the data, which has 1 bytes"],
    ["tensors that overlap", file(twoTensors(4, 8), 8), 'tensor "b": overlaps'],
    ["one tensor over another", file({ a: valid.a, b: valid.a }, 8), 'tensor "b": overlaps'],
    [
      "a hole between tensors",
      file(twoTensors(12, 16), 16),
      'tensor "b": leaves a gap in the data: it begins at 12, the one before it ends at 8',
    ],
    ["a gap before the first", file({ a: entry("F32", [1], 4, 8) }, 8), 'tensor "a": leaves a gap'],
    [
      "a bool that is 2",
      file({ a: entry("BOOL", [2], 0, 2) }, Uint8Array.of(1, 2)),
      'tensor "a": element 1 of a bool is the byte 2',
    ],
    [
      "an int64 past int32",
      file({ a: entry("I64", [1], 0, 8) }, Uint8Array.of(0, 0, 0, 0x80, 0, 0, 0, 0)),
      'tensor "a": element 0 is 2147483648, which does not fit int32',
    ],
    [
      "an int64 below int32",
      file({ a: entry("I64", [1], 0, 8) }, Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255)),
      "element 0 is -4294967296",
    ],
  ])("%s", (_, bytes, message) => {
    const decode = () => decodeSafetensors(bytes);
    expect(decode).toThrow(FormatError);
    expect(decode).toThrow(message);
  });

  it("a valid file with random changed bytes is read or rejected with a FormatError", async () => {
    const bytes = await golden("ours");
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(bytes.length),
        (changes, length) => {
          const damaged = Uint8Array.from(bytes);
          for (const [at, value] of changes) damaged[at] = value;
          for (const candidate of [damaged, damaged.subarray(0, length)]) {
            try {
              decodeSafetensors(candidate);
            } catch (error) {
              expect(error).toBeInstanceOf(FormatError);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("a file cut off at any byte", async () => {
    const bytes = await golden("ours");
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow(FormatError);
    }
  });
});

describe("decodeSafetensors", () => {
  it("accepts names that have a special meaning in JavaScript objects", () => {
    const bytes = file(
      `{"__proto__":${JSON.stringify(entry("I32", [1], 0, 4))},"constructor":${JSON.stringify(entry("I32", [1], 4, 8))}}`,
      Uint8Array.of(7, 0, 0, 0, 8, 0, 0, 0),
    );
    const { tensors } = decodeSafetensors(bytes);
    expect(tensors.get("__proto__")?.toArraySync()).toEqual([7]);
    expect(tensors.get("constructor")?.toArraySync()).toEqual([8]);
    expect(({} as { dtype?: unknown }).dtype).toBeUndefined();
  });

  it("reads data at any offset, also inside a larger buffer", () => {
    const bytes = file({ a: entry("BOOL", [1], 0, 1), b: entry("F64", [1], 1, 9) }, new Uint8Array(9));
    new DataView(bytes.buffer).setFloat64(bytes.length - 8, Math.PI, true);
    for (const offset of [0, 1, 2, 3]) {
      const moved = new Uint8Array([...zeros(offset), ...bytes]).subarray(offset);
      expect(decodeSafetensors(moved).tensors.get("b")?.itemSync()).toBe(Math.PI);
    }
  });

  it("does not see later changes of the bytes", () => {
    const bytes = file({ a: entry("BOOL", [1], 0, 1) }, Uint8Array.of(1));
    const { tensors } = decodeSafetensors(bytes);
    bytes.fill(0);
    expect(tensors.get("a")?.toArraySync()).toEqual([true]);
  });

  it("reads a header padded with spaces, and an empty file of no tensors", () => {
    expect(decodeSafetensors(file(`{}${" ".repeat(30)}`)).tensors.size).toBe(0);
  });

  it("shortens a long name from the file in its message", () => {
    const bytes = file({ ["x".repeat(1_000_000)]: 1 });
    expect(() => decodeSafetensors(bytes)).toThrow(/^.{1,200}$/);
  });
});

describe("encodeSafetensors", () => {
  const anyTensor = fc
    .record({
      shape: fc.array(fc.nat(3), { maxLength: 4 }),
      dtype: fc.constantFrom("bool" as const, "int32" as const, "float32" as const, "float64" as const),
    })
    .chain(({ shape, dtype }) => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      const array = { minLength: size, maxLength: size };
      const data = {
        bool: fc.array(fc.nat(1), array).map((values) => Uint8Array.from(values)),
        int32: fc.int32Array(array),
        float32: fc.float32Array(array),
        float64: fc.float64Array(array),
      }[dtype];
      return data.map((values) => fromData(values, shape));
    });
  const text = fc.string({ unit: "binary" });
  it("is the inverse of decoding, and equal input gives equal bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(text, anyTensor), { selector: ([name]) => name, maxLength: 6 }),
        fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 4 }),
        async (tensors, metadata) => {
          const bytes = await encodeSafetensors(new Map(tensors), new Map(metadata));
          const decoded = decodeSafetensors(bytes);
          expect(decoded.metadata).toEqual(new Map(metadata));
          expect(decoded.tensors.size).toBe(tensors.length);
          for (const [name, expected] of tensors) {
            const actual = decoded.tensors.get(name);
            expect([actual?.dtype, actual?.shape]).toEqual([expected.dtype, expected.shape]);
            expect(actual?.dataSync()).toEqual(expected.dataSync());
          }
          const again = await encodeSafetensors(new Map(tensors.reverse()), new Map(metadata.reverse()));
          expect(again).toEqual(bytes);
        },
      ),
    );
  });

  it("rejects names that the format cannot represent", async () => {
    const one = tensor(1);
    await expect(encodeSafetensors(new Map([["__metadata__", one]]))).rejects.toThrow(
      "cannot be named __metadata__",
    );
    await expect(encodeSafetensors(new Map([["\ud800", one]]))).rejects.toThrow("half of a surrogate pair");
    await expect(encodeSafetensors(new Map(), new Map([["key", "\udfff"]]))).rejects.toThrow(FormatError);
  });
});

describe("readSafetensors and writeSafetensors", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "stargrad-io-"))));
  afterEach(() => rm(folder, { recursive: true }));

  it("write and read back tensors and metadata", async () => {
    const path = join(folder, "model.safetensors");
    await writeSafetensors(
      path,
      new Map([
        [
          "w",
          tensor([
            [1, 2],
            [3, 4],
          ]),
        ],
      ]),
      new Map([["epoch", "3"]]),
    );
    const { tensors, metadata } = await readSafetensors(path);
    expect(tensors.get("w")?.toArraySync()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(metadata.get("epoch")).toBe("3");
  });

  it("name the file in errors", async () => {
    const path = join(folder, "torn.safetensors");
    await expect(readSafetensors(path)).rejects.toThrow(`readSafetensors(${path}): cannot read`);
    await writeFile(path, "abc");
    await expect(readSafetensors(path)).rejects.toThrow(`readSafetensors(${path}): 3 bytes are too few`);
    await expect(writeSafetensors(folder, new Map())).rejects.toThrow(
      `writeSafetensors(${folder}): cannot write`,
    );
  });

  it("leave the old file unchanged if the tensors cannot be written", async () => {
    const path = join(folder, "model.safetensors");
    await writeSafetensors(path, new Map([["w", tensor(1)]]));
    const before = await readFile(path);
    await expect(writeSafetensors(path, new Map([["\ud800", tensor(2)]]))).rejects.toThrow(FormatError);
    expect(await readFile(path)).toEqual(before);
  });
});

it("metadata other than texts is refused before a file is written", async () => {
  await expect(encodeSafetensors(new Map(), new Map([["epoch", 1 as never]]))).rejects.toThrow(
    "encodeSafetensors: got epoch 1; expected a string",
  );
});
