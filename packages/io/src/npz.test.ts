import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fromData, ones, tensor, zeros, type Tensor } from "@stargrad/tensor";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { decodeNpz, encodeNpz, FormatError, readNpz, writeNpz } from "./index.js";

const golden = (name: string) => readFile(new URL(`../golden/${name}.npz`, import.meta.url));

const shown = (tensors: ReadonlyMap<string, Tensor>) =>
  new Map([...tensors].map(([name, value]) => [name, [value.dtype, value.shape, value.toArraySync()]]));

/** What `make.py` saves. */
const archive = new Map<string, Tensor>([
  [
    "weight",
    tensor([
      [-0.5, -0.25, 0],
      [0.25, 0.5, 0.75],
    ]),
  ],
  ["deep/name", fromData(Int32Array.of(0, 1, 2, 3, 4), [5])],
  ["fortran", fromData(Float64Array.of(-0.5, -0.25, 0, 0.25, 0.5, 0.75), [2, 3])],
  ["scalar", tensor(true)],
  ["zeros", zeros([40, 50])],
]);

describe("npz files of NumPy", () => {
  it.each(["stored", "deflated"])("are read: %s", async (name) => {
    expect(shown(await decodeNpz(await golden(name)))).toEqual(shown(archive));
  });

  it("are read where there is no Node, by the streams of the web", async () => {
    vi.stubGlobal("process", Object.create(process, { getBuiltinModule: { value: undefined } }));
    try {
      expect(shown(await decodeNpz(await golden("deflated")))).toEqual(shown(archive));
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe("encodeNpz", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "stargrad-npz-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("writes what it reads, and equal bytes for equal tensors", async () => {
    const path = join(folder, "arrays.npz");
    await writeNpz(path, archive);
    expect(shown(await readNpz(path))).toEqual(shown(archive));
    expect(await readFile(path)).toEqual(Buffer.from(await encodeNpz(archive)));
    expect((await decodeNpz(await encodeNpz(new Map()))).size).toBe(0);
  });

  it("writes what other programs unpack", async () => {
    const bytes = await encodeNpz(archive);
    // `unzip` of this machine would be another program; the layout is that of NumPy but for its Zip64 fields.
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(0, true)).toBe(0x04034b50);
    expect(view.getUint32(bytes.length - 22, true)).toBe(0x06054b50);
    expect(view.getUint16(bytes.length - 12, true)).toBe(archive.size);
  });

  it("refuses what an archive cannot hold", async () => {
    await expect(encodeNpz(new Map([["a\ud800", ones([1])]]))).rejects.toThrow("half of a surrogate pair");
    await expect(encodeNpz(new Map([["x".repeat(30_000), ones([1])]]))).rejects.toThrow("is too long");
    await expect(encodeNpz([ones([1])] as never)).rejects.toThrow("expected a map");
    await expect(encodeNpz(new Map([["a", 3 as never]]))).rejects.toThrow('tensor "a"');
  });
});

describe("decodeNpz", () => {
  it("refuses what is damaged, with the name of the array", async () => {
    const bytes = await golden("stored");
    await expect(decodeNpz(bytes.subarray(0, 500))).rejects.toThrow("has no end of a zip archive");
    const changed = Buffer.from(bytes);
    changed[200] ^= 1;
    await expect(decodeNpz(changed)).rejects.toThrow(
      'the file "weight.npy" is damaged: its checksum differs',
    );
    await expect(decodeNpz(new Uint8Array(0))).rejects.toThrow(FormatError);
  });

  it("never crashes, hangs or takes much memory, whatever is changed in a file", async () => {
    const files = await Promise.all(["stored", "deflated"].map(golden));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.option(fc.nat()),
        async (which, changes, cut) => {
          const bytes = Uint8Array.from(files[which]);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const file = cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
          await decodeNpz(file).catch((error: unknown) => {
            expect(error).toBeInstanceOf(FormatError);
          });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
