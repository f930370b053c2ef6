import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { fromData, tensor, type Tensor } from "@stargrad/tensor";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  openSafetensors,
  writeSafetensors,
} from "./index.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-safetensors-"));
});
afterEach(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);
const golden = new URL("../golden/ours.safetensors", import.meta.url);
const shown = (value: Tensor) => [value.dtype, value.shape, value.toArraySync()];

/** An index, and its two files. */
async function sharded(map: unknown = { a: "1.safetensors", b: "1.safetensors", c: "2.safetensors" }) {
  await writeSafetensors(
    path("1.safetensors"),
    new Map([
      ["a", tensor([1])],
      ["b", tensor([2, 3])],
    ]),
    new Map([["format", "pt"]]),
  );
  await writeSafetensors(path("2.safetensors"), new Map([["c", tensor(4)]]), new Map([["format", "np"]]));
  await writeFile(path("index.json"), JSON.stringify({ metadata: { total_size: 16 }, weight_map: map }));
  return path("index.json");
}

describe("openSafetensors", () => {
  it("lists what a file has, and reads single tensors, as the whole file is read", async () => {
    const bytes = await readFile(golden);
    const { tensors, metadata } = decodeSafetensors(bytes);
    await writeFile(path("model.safetensors"), bytes);
    for (const source of [path("model.safetensors"), new Blob([bytes])]) {
      const file = await openSafetensors(source);
      expect([...file.entries.keys()].sort()).toEqual([...tensors.keys()].sort());
      expect(file.entries.get("layer.weight")).toEqual({ dtype: "float32", shape: [2, 3], bytes: 24 });
      expect(file.metadata).toEqual(metadata);
      for (const [name, value] of tensors) expect(shown(await file.read(name))).toEqual(shown(value));
      const all = new Map<string, Tensor>();
      for await (const [name, value] of file) all.set(name, value);
      expect(all.size).toBe(tensors.size);
    }
  });

  it("says the element type that a tensor has when it is read", async () => {
    const file = await openSafetensors(
      new Blob([await readFile(new URL("../golden/converted.safetensors", import.meta.url))]),
    );
    expect(file.entries.get("half")).toEqual({ dtype: "float32", shape: [2, 3], bytes: 12 });
    expect(file.entries.get("long")?.dtype).toBe("int32");
    expect((await file.read("long")).dtype).toBe("int32");
  });

  it("reads a tensor of a file that is larger than what memory can hold", async () => {
    // A sparse file: only its ends take place on the disk.
    const gigabytes = 6;
    const entry = (shape: number[], begin: number, end: number) => ({
      dtype: "F32",
      shape,
      data_offsets: [begin, end],
    });
    const length = gigabytes * 2 ** 30;
    const header = JSON.stringify({
      large: entry([length / 4], 0, length),
      small: entry([1], length, length + 4),
    });
    const start = new Uint8Array(8 + header.length);
    new DataView(start.buffer).setBigUint64(0, BigInt(header.length), true);
    start.set(new TextEncoder().encode(header), 8);
    const { open } = await import("node:fs/promises");
    const handle = await open(path("large.safetensors"), "w");
    await handle.write(start, 0, start.length, 0);
    await handle.write(new Uint8Array(Float32Array.of(7).buffer), 0, 4, start.length + length);
    await handle.close();
    const file = await openSafetensors(path("large.safetensors"));
    expect((await file.read("small")).toArraySync()).toEqual([7]);
    expect(file.entries.get("large")?.bytes).toBe(length);
  });

  it("reads several files as one: by an index, or as a list", async () => {
    const index = await sharded();
    const files = [path("1.safetensors"), path("2.safetensors")];
    for (const source of [
      index,
      files,
      await Promise.all(files.map(async (one) => new Blob([await readFile(one)]))),
    ]) {
      const file = await openSafetensors(source);
      expect([...file.entries.keys()]).toEqual(["a", "b", "c"]);
      expect((await file.read("b")).toArraySync()).toEqual([2, 3]);
      expect((await file.read("c")).toArraySync()).toBe(4);
      expect(file.metadata.get("format")).toBe("pt");
    }
    await expect(openSafetensors([files[0], files[0]])).rejects.toThrow('two files have a tensor "a"');
  });

  it("refuses an index that leads elsewhere, or to what is not there", async () => {
    const refused = async (map: unknown, message: string) => {
      await expect(openSafetensors(await sharded(map))).rejects.toThrow(message);
    };
    await mkdir(path("deep"));
    for (const name of ["../1.safetensors", "deep/1.safetensors", "/etc/passwd", "..", "C:\\x", 5, null]) {
      await refused({ a: name }, "expected the name of a file beside the index");
    }
    await refused({ a: "2.safetensors" }, 'says that "2.safetensors" has the tensor "a", which it has not');
    await refused({ a: "3.safetensors" }, "cannot read");
    await refused([], "has no weight_map");
    await writeFile(path("index.json"), "{");
    await expect(openSafetensors(path("index.json"))).rejects.toThrow("is no JSON");
    await writeFile(path("index.json"), Uint8Array.of(255));
    await expect(openSafetensors(path("index.json"))).rejects.toThrow("is not UTF-8");
  });

  it("refuses what is damaged, by the header alone", async () => {
    const bytes = await encodeSafetensors(new Map([["a", fromData(new Float32Array(10), [10])]]));
    const refused = async (changed: Uint8Array, message: string) => {
      await writeFile(path("a.safetensors"), changed);
      await expect(openSafetensors(path("a.safetensors"))).rejects.toThrow(message);
      await expect(openSafetensors(path("a.safetensors"))).rejects.toThrow(FormatError);
    };
    await refused(bytes.subarray(0, -1), "Is the file cut off?");
    await refused(new Uint8Array([...bytes, 0]), "Was something appended to it?");
    await refused(new Uint8Array(3), "3 bytes are too few");
    await refused(new Uint8Array(0), "0 bytes are too few");
  });

  it("refuses to read a file that was changed meanwhile", async () => {
    await writeSafetensors(path("a.safetensors"), new Map([["a", tensor([1, 2])]]));
    const file = await openSafetensors(path("a.safetensors"));
    await utimes(path("a.safetensors"), 1, 1);
    await expect(file.read("a")).rejects.toThrow("was changed after it was opened");
    await rm(path("a.safetensors"));
    await expect(file.read("a")).rejects.toThrow("cannot read");
  });

  it("names what it does not take", async () => {
    await writeSafetensors(path("a.safetensors"), new Map([["a", tensor([1, 2])]]));
    const file = await openSafetensors(path("a.safetensors"));
    await expect(file.read("b")).rejects.toThrow('has no tensor "b"');
    await expect(openSafetensors(5 as never)).rejects.toThrow("expected a path, a File or a Blob");
    await expect(openSafetensors([5 as never])).rejects.toThrow("expected a path, a File or a Blob");
    await expect(openSafetensors(folder)).rejects.toThrow("it is a folder; expected a file");
  });
});
