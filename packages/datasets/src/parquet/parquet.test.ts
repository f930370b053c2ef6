import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";

import { FormatError } from "@stargrad/io";
import { ArgumentError } from "@stargrad/tensor";
import { describe, expect, it, vi } from "vitest";

import { readParquet, streamParquet, type Column, type Table } from "../index.js";
import { expectDates } from "./column-values.js";
import { Cursor } from "./cursor.js";
import { readHybrid } from "./encodings.js";
import { unpackSnappy } from "./snappy.js";

const goldenPath = (name: string) => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
const path = (name: string) => goldenPath(`parquet/${name}.parquet`);
/** The values of each column of each file, as pyarrow reads them. */
const golden = JSON.parse(readFileSync(goldenPath("parquet.json"), "utf8")) as Readonly<
  Record<string, Readonly<Record<string, readonly (number | string | null)[]>>>
>;
const hasZstandard = "zstdDecompressSync" in zlib;

/** A missing value is null; a category is its name, and that of booleans a number. */
function valuesOf(column: Column): (number | string | null)[] {
  if (column.type === "text") return [...column.values];
  if (column.type === "category") {
    const isFlag = column.categories.join() === "false,true";
    return Array.from(column.values, (value) =>
      value < 0 ? null : isFlag ? value : column.categories[value],
    );
  }
  return Array.from(column.values, (value) =>
    Number.isNaN(value) ? null : value === Infinity ? "Infinity" : value,
  );
}

const everything = (table: Table) =>
  Object.fromEntries(table.columns.map((column) => [column.name, valuesOf(column)]));

describe("readParquet", () => {
  it.each(Object.keys(golden))("reads what pyarrow reads: %s", async (name) => {
    if (name === "zstd" && !hasZstandard) {
      await expect(readParquet(path(name))).rejects.toThrow(
        "is packed with ZSTD, which cannot be unpacked here",
      );
      return;
    }
    const table = await readParquet(path(name));
    expect(everything(table)).toEqual(golden[name]);
    expect(everything(await readParquet(new Blob([readFileSync(path(name))])))).toEqual(golden[name]);
  });

  it("gives columns their types", async () => {
    const table = await readParquet(path("snappy"));
    const types = Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));
    expect(types).toMatchObject({ flag: "category", int64: "number", float16: "number", decimal: "number" });
    expect(types).toMatchObject({ day: "date", nanoseconds: "date", word: "category", name: "text" });
    const other = await readParquet(path("snappy"), {
      select: ["word", "int8", "flag", "day"],
      columns: { word: "text", int8: "category", flag: ["true", "false"], day: "text" },
    });
    expect(other.columns.map(({ name }) => name)).toEqual(["word", "int8", "flag", "day"]);
    expect(other.column("word").type).toBe("text");
    expect(valuesOf(other.column("int8"))[0]).toBe("-50");
    expect(valuesOf(other.column("flag"))[0]).toBe("true");
    expect(valuesOf(other.column("day"))[0]).toBe("1969-06-01T00:00:00.000Z");
  });

  it("makes a dataset, and names the row of a missing value", async () => {
    const table = await readParquet(path("gaps"), { select: ["float32", "word", "int8"] });
    expect(() => table.dataset({ target: "int8" })).toThrow(
      'row 4 (row of the file 4), column "float32": the value is missing',
    );
    const { x, y } = table.withoutMissing().dataset({ target: "int8" }).all();
    expect([x.shape[0], y.shape[0]]).toEqual([86, 86]);
  });

  it("streams one row group after the other", async () => {
    const tables: Table[] = [];
    for await (const table of streamParquet(path("row-groups"))) tables.push(table);
    expect(tables.map(({ length }) => length)).toEqual([17, 17, 17, 17, 17, 15]);
    expect(tables[0].column("word").type).toBe("text");
    for (const [name, values] of Object.entries(golden["row-groups"])) {
      expect(tables.flatMap((table) => valuesOf(table.column(name)))).toEqual(values);
    }
    const kinds = { word: ["Oslo", "Rome"] };
    const wrong = async () => {
      const stream = streamParquet(path("row-groups"), { select: ["word"], columns: kinds });
      for await (const table of stream) tables.push(table);
    };
    await expect(wrong()).rejects.toThrow(
      'row 3, column "word": got "言葉"; expected one of the 2 categories',
    );
  });

  it("reads only the bytes of selected columns", async () => {
    const bytes = new Blob([readFileSync(path("plain"))]);
    const slice = vi.spyOn(bytes, "slice");
    await readParquet(bytes, { select: ["int8"] });
    const read = slice.mock.calls.reduce((sum, [begin, end]) => sum + (end ?? 0) - (begin ?? 0), 0);
    expect(read).toBeLessThan(bytes.size / 2);
  });

  it("refuses times that no date has, which are often sentinels", () => {
    const refuse = vi.fn(() => {
      throw new FormatError("test", "refused");
    });
    expectDates([null, 0, -8.64e15, 8.64e15], refuse);
    expect(refuse).not.toHaveBeenCalled();
    for (const wrong of [8.64e15 + 2, -(2 ** 63), NaN]) {
      expect(() => {
        expectDates([null, wrong], refuse);
      }).toThrow("refused");
    }
    expect(refuse).toHaveBeenCalledWith(1, expect.stringContaining("out of the range of dates"), expect.anything()); // prettier-ignore
  });

  it("reads small neighbouring columns and row groups at once", async () => {
    const bytes = new Blob([readFileSync(path("row-groups"))]);
    const slice = vi.spyOn(bytes, "slice");
    let groups = 0;
    for await (const table of streamParquet(bytes)) groups += Math.sign(table.length);
    expect(groups).toBeGreaterThan(2);
    // The two ends, the metadata, and all columns.
    expect(slice.mock.calls.length).toBeLessThanOrEqual(4);
  });

  it("unpacks gzip also in a page", async () => {
    vi.stubGlobal("process", { env: {} });
    try {
      const blob = new Blob([new Uint8Array(golden0)]);
      expect(everything(await readParquet(blob))).toEqual(golden["gzip-pages-2"]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it("refuses what a table cannot hold, by name", async () => {
    await expect(readParquet(path("lz4"))).rejects.toThrow(
      /"int8" is packed with LZ4\w*, which cannot be unpacked here/,
    );
    await expect(readParquet(path("nested"))).rejects.toThrow('the column "list" has lists or records');
    expect(everything(await readParquet(path("nested"), { select: ["id", "last"] }))).toEqual({
      id: [1, 2],
      last: ["x", "y"],
    });
    await expect(readParquet(path("long-numbers"))).rejects.toThrow(
      'row 2, column "id": float64 cannot hold the number 9007199254740993',
    );
    const texts = await readParquet(path("long-numbers"), { columns: { id: "text" } });
    expect(valuesOf(texts.column("id"))).toEqual(["1", "9007199254740993"]);
    await expect(readParquet(path("bytes"), { select: ["b"] })).rejects.toThrow(
      '"b" has bytes that are no UTF-8',
    );
    await expect(readParquet(path("bytes"), { select: ["time"] })).rejects.toThrow('"time" has times of day');
    await expect(readParquet(path("plain"), { select: ["none"] })).rejects.toThrow(ArgumentError);
    await expect(readParquet(path("plain"), { columns: { none: "text" } })).rejects.toThrow(
      'a type for the column "none"',
    );
  });

  it("refuses files that are no Parquet, cut off or encrypted", async () => {
    const bytes = Uint8Array.from(readFileSync(path("plain")));
    const changed = (change: (copy: Uint8Array) => Uint8Array) =>
      readParquet(new Blob([Uint8Array.from(change(bytes.slice()))]));
    await expect(changed(() => new Uint8Array(3))).rejects.toThrow("does not begin as a Parquet file");
    await expect(changed((copy) => copy.subarray(0, 5000))).rejects.toThrow("does not end as a Parquet file");
    await expect(changed((copy) => (copy.set([0x45], copy.length - 1), copy))).rejects.toThrow(
      "is encrypted",
    );
    await expect(changed((copy) => (copy.set([255, 255, 255, 127], copy.length - 8), copy))).rejects.toThrow(
      "bytes of metadata in a file of",
    );
  });
});

/** Read before `process` is taken away. */
const golden0 = readFileSync(path("gzip-pages-2"));

describe("what is packed", () => {
  const fail = (problem: string) => new FormatError("test", problem);

  it("in runs is bounded by what is asked for", () => {
    // A run of 2³⁰ times 7 is read as five.
    const run = new Cursor(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08, 7), fail);
    expect([...readHybrid(run, 3, 5, fail)]).toEqual([7, 7, 7, 7, 7]);
    // Eight numbers of 3 bits, from the example of the format's description.
    expect([...readHybrid(new Cursor(Uint8Array.of(3, 0x88, 0xc6, 0xfa), fail), 3, 8, fail)]).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7,
    ]);
    expect(() => readHybrid(new Cursor(Uint8Array.of(3, 0x88), fail), 3, 8, fail)).toThrow("ends too early");
    expect(() => readHybrid(new Cursor(new Uint8Array(9), fail), 33, 8, fail)).toThrow("numbers of 33 bits");
  });

  it("by Snappy is what was packed, or refused", () => {
    // A copy of eight bytes from two before reaches into what it writes.
    const packed = Uint8Array.of(12, 4, 97, 98, 0x11, 2, 4, 97, 98);
    expect(new TextDecoder().decode(unpackSnappy(packed, 12, fail))).toBe("ab".repeat(6));
    for (const [bytes, problem] of [
      [[5, 0, 97], "unpacks to 5 bytes; expected 12"],
      [[12, 0, 97], "unpacks to 1 bytes; expected 12"],
      [[12, 0, 97, 0x1d, 9, 0], "repeats bytes from 9 before byte 1"],
      [[12, 0x28, 97], "ends too early"],
      [[12, 0xf0], "ends too early"],
    ] as const) {
      expect(() => unpackSnappy(Uint8Array.from(bytes), 12, fail)).toThrow(problem);
    }
  });
});
