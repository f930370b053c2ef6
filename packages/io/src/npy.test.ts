import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fromData, ones, tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  decodeNpy,
  decodeSafetensors,
  encodeNpy,
  encodeSafetensors,
  FormatError,
  readNpy,
  readSafetensors,
  writeNpy,
  writeSafetensors,
} from "./index.js";

const golden = (name: string) => readFile(new URL(`../golden/${name}.npy`, import.meta.url));
const quarters = [
  [-0.5, -0.25, 0],
  [0.25, 0.5, 0.75],
];

/** A version 1 file with this header and data. */
function file(header: string, dataLength = 0): Uint8Array {
  return Uint8Array.from([
    ...Buffer.from(`\x93NUMPY\x01\x00`, "latin1"),
    header.length & 255,
    header.length >> 8,
    ...Buffer.from(header, "latin1"),
    ...new Uint8Array(dataLength),
  ]);
}

const header = (descr: string, shape: string) =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;

describe("golden files of NumPy", () => {
  it.each([
    ["bool", "bool", [[true, false]]],
    ["int8", "int32", [-128, 127]],
    ["uint8", "int32", [0, 255]],
    ["int16", "int32", [-32768, 32767]],
    ["uint16", "int32", [0, 65535]],
    [
      "int32",
      "int32",
      [
        [-3, -2, -1],
        [0, 1, 2],
      ],
    ],
    ["int64", "int32", [-(2 ** 31), 2 ** 31 - 1]],
    ["float16", "float32", quarters],
    ["float32", "float32", quarters],
    ["float64", "float64", 0.1],
    ["version-2", "float32", quarters],
    ["version-3", "float32", quarters],
    ["empty", "float32", []],
  ])("%s is read as %s", async (name, dtype, expected) => {
    const array = decodeNpy(await golden(name));
    expect(array.dtype).toBe(dtype);
    expect(array.toArraySync()).toEqual(expected);
  });

  it("in Fortran order are read with the right shape and elements", async () => {
    const array = decodeNpy(await golden("fortran"));
    expect(array.shape).toEqual([2, 3, 4]);
    expect(array.dataSync()).toEqual(Float32Array.from({ length: 24 }, (_, i) => i));
  });

  it.each(["bool", "int32", "float32", "float64", "empty"])(
    "%s is written again byte for byte",
    async (name) => {
      const bytes = await golden(name);
      expect(Buffer.from(await encodeNpy(decodeNpy(bytes)))).toEqual(bytes);
    },
  );

  it.each([
    ["big-endian", 'cannot read the dtype ">f4", only |b1, |i1'],
    ["complex", 'cannot read the dtype "<c8"'],
    ["structured", "holds structured elements \"[('a', '<f4'), ('b', '<i4')]\""],
  ])("%s is refused", async (name, message) => {
    const bytes = await golden(name);
    expect(() => decodeNpy(bytes)).toThrow(FormatError);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });
});

describe("decodeNpy refuses", () => {
  const good = header("'<f4'", "(2,)");
  it.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(0), "does not begin with"],
    ["another format", new TextEncoder().encode("PK\x03\x04 0123456789"), "Is this an npy file?"],
    ["a version of the future", file(good, 8).with(6, 4), "is format version 4.0"],
    ["a cut off length", file(good).with(6, 2).subarray(0, 10), "the header is cut off"],
    ["a cut off header", file(good, 8).subarray(0, 40), "of 40. Is the file cut off?"],
    ["an enormous header", file(" ".repeat(20_000)), "claims 20000 bytes, at most 10000 are allowed"],
    ["cut off data", file(good, 7), "the shape [2] takes 8 bytes, 7 follow the header. Is the file cut off?"],
    ["data too long", file(good, 9), "9 follow the header. Was something appended to it?"],
    ["no dictionary", file("hello"), "expected a header with 'descr'"],
    [
      "a dictionary without shape",
      file("{'descr': '<f4', 'fortran_order': False, }"),
      "expected a header with",
    ],
    ["a fourth key", file(good.replace("{", "{'x': '1', "), 8), "expected a header with"],
    ["a key twice", file(good.replace("{", "{'descr': '<f4', "), 8), 'gives "descr" twice'],
    ["a call", file(header("__import__('os')", "(2,)"), 8), "expected a header with"],
    ["a dtype that is a tuple", file(header("(4,)", "(2,)"), 8), "expected a header with"],
    ["a shape that is text", file(header("'<f4'", "'(2,)'"), 8), "expected a header with"],
    ["an order that is text", file(good.replace("False", "'F'"), 8), "expected a header with"],
    ["text after the dictionary", file(`${good}import os`, 8), "expected a header with"],
    ["a negative axis", file(header("'<f4'", "(-2,)"), 8), "expected a header with"],
    ["a suffix without an axis", file(header("'<f4'", "(L,)")), "no array can have the shape"],
    ["a malformed axis", file(header("'<f4'", "(1 2,)"), 8), "no array can have the shape"],
    ["a product past 2^53", file(header("'<f4'", "(4294967296, 4294967296)")), "no array can have the shape"],
    [
      "a dtype that objects inherit",
      file(header("'constructor'", "(2,)"), 8),
      'cannot read the dtype "constructor"',
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(FormatError);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });
});

describe("encodeNpy", () => {
  it("is the inverse of decodeNpy", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 5 }), async (shape) => {
        const size = shape.reduce((product, axis) => product * axis, 1);
        const [data] = fc.sample(fc.float32Array({ minLength: size, maxLength: size }), 1);
        const array = decodeNpy(await encodeNpy(fromData(data, shape)));
        expect(array.shape).toEqual(shape);
        expect(array.dataSync()).toEqual(data);
      }),
    );
  });

  it("writes the elements of a view in the view's order", async () => {
    const view = tensor([
      [1, 2],
      [3, 4],
    ]).transpose();
    expect(decodeNpy(await encodeNpy(view)).toArraySync()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it("rejects more axes than NumPy supports", async () => {
    await expect(encodeNpy(ones(new Array<number>(65).fill(1)))).rejects.toThrow(
      "got 65 axes, NumPy has at most 64",
    );
  });
});

describe("what is no tensor, no path or no bytes is refused by name, not by the engine of JavaScript", () => {
  const promise = Promise.resolve(tensor(1)) as never;
  it.each<[string, () => unknown, string]>([
    [
      "writeNpy",
      () => writeNpy("never.npy", promise),
      "writeNpy(never.npy): got tensor a promise; expected a tensor. A forgotten await?",
    ],
    [
      "writeNpy",
      () => writeNpy(promise, tensor(1)),
      "writeNpy: got path a promise; expected a path, as a string. A forgotten await?",
    ],
    ["encodeNpy", () => encodeNpy(undefined as never), "encodeNpy: got tensor undefined; expected a tensor"],
    ["encodeNpy", () => encodeNpy([1, 2] as never), "encodeNpy: got tensor [1, 2]"],
    ["readNpy", () => readNpy(undefined as never), "readNpy: got path undefined"],
    [
      "decodeNpy",
      () => decodeNpy(promise),
      "decodeNpy: got bytes a promise; expected bytes, as a Uint8Array. A forgotten await?",
    ],
    ["decodeNpy", () => decodeNpy(new ArrayBuffer(8) as never), "Convert it with new Uint8Array(buffer)"],
    [
      "writeSafetensors",
      () => writeSafetensors("never", new Map([["weight", promise]])),
      'writeSafetensors(never): got tensor "weight" a promise; expected a tensor. A forgotten await?',
    ],
    ["writeSafetensors", () => writeSafetensors("never", promise), "A forgotten await?"],
    [
      "encodeSafetensors",
      () => encodeSafetensors(new Map([["w", undefined as never]])),
      'encodeSafetensors: got tensor "w" undefined',
    ],
    ["readSafetensors", () => readSafetensors(promise), "readSafetensors: got path a promise"],
    [
      "decodeSafetensors",
      () => decodeSafetensors(undefined as never),
      "decodeSafetensors: got bytes undefined",
    ],
  ])("%s", async (_, call, message) => {
    await expect(Promise.resolve().then(call)).rejects.toThrow(message);
  });
});

describe("readNpy and writeNpy", () => {
  it("write and read back an array, and name the file in errors", async () => {
    const folder = await mkdtemp(join(tmpdir(), "stargrad-io-"));
    try {
      const path = join(folder, "array.npy");
      await expect(readNpy(path)).rejects.toThrow(`readNpy(${path}): cannot read`);
      await writeNpy(path, tensor([1, 2, 3]));
      expect((await readNpy(path)).toArraySync()).toEqual([1, 2, 3]);
      await writeFile(path, "abc");
      await expect(readNpy(path)).rejects.toThrow(`readNpy(${path}): does not begin with`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
