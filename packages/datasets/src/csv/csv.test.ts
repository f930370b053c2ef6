import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FormatError } from "@stargrad/io";
import { StargradError } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { DataLoader, parseCsv, readCsv, type CsvOptions, type Table } from "../index.js";

const homes = `city,rooms,built,note
Oslo,3,1990-05-01,"sunny, quiet"
Rome,,2001-12-31T08:30:00+01:00,"says ""no"""
Oslo,4.5,NA,"two
lines"
Rome,1e1,1969-12-31,
`;

const valuesOf = (table: Table) =>
  Object.fromEntries(table.columns.map((column) => [column.name, [...column.values]]));

describe("wrong arguments of tables", () => {
  it("are named", async () => {
    const table = await parseCsv("a,b\n1,2\n");
    expect(() => table.withoutMissing("a" as never)).toThrow(
      'got names "a"; expected a list of column names',
    );
    expect(() => table.dataset({ target: "b", inputs: "a" as never })).toThrow("a list of column names");
    expect(() => table.dataset({ target: "b", inputs: [] })).toThrow("got no inputs");
    expect(() => table.dataset({ target: "b", inputs: ["a", "b"] })).toThrow('got the target "b" among');
    await expect(parseCsv("people.csv")).rejects.toThrow("Did you mean readCsv?");
    const odd = [new Map([["a", "text"]]), new Date(), ["text"], "text"];
    for (const columns of odd) {
      await expect(parseCsv("a\n1", { columns: columns as never })).rejects.toThrow(
        /^parseCsv: got columns .*; expected an object with types, such as/,
      );
    }
    // eslint-disable-next-line no-sparse-arrays -- what is meant
    const hole = [, "a"] as string[];
    expect(() => table.withoutMissing(hole)).toThrow('got names [undefined, "a"]; expected a list of column');
    await expect(parseCsv("a\n1", { missing: hole })).rejects.toThrow("expected a list of texts");
    await expect(parseCsv(undefined as never)).rejects.toThrow("parseCsv: got text undefined");
    await expect(readCsv(undefined as never)).rejects.toThrow("readCsv: got source undefined");
    expect(() => new DataLoader(table as never)).toThrow("table.dataset({ target })");
    expect(() => new DataLoader(readCsv("none.csv").catch(() => null) as never)).toThrow(
      "A forgotten await?",
    );
  });
});

describe("parseCsv", () => {
  it("warns of a column that is one of numbers but for few values", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const rows = Array.from({ length: 40 }, (_, i) => (i === 5 ? "unknown" : String(i % 8)));
    const text = `income\n${rows.join("\n")}\n`;
    expect((await parseCsv(text)).column("income").type).toBe("category");
    expect(String(warned.mock.calls[0])).toContain(
      '39 of 40 values of the column "income" are numbers; line 7 is "unknown", so it has categories',
    );
    await parseCsv("a\n1e999\n1\nx\n");
    expect(String(warned.mock.calls.pop())).toContain(
      '1 of 3 values of the column "a" are numbers; line 2 is "1e999", so it has texts',
    );
    await parseCsv("a\n9007199254740993\n1\n");
    await parseCsv(text, { missing: ["unknown"] });
    await parseCsv(text, { columns: { income: "category" } });
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
  });

  it("gives columns their types: categories, numbers, dates and texts, with missing values", async () => {
    const table = await parseCsv(homes);
    expect(table.length).toBe(4);
    expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
      ["city", "category"],
      ["rooms", "number"],
      ["built", "date"],
      ["note", "text"],
    ]);
    expect(table.column("city")).toMatchObject({ categories: ["Oslo", "Rome"] });
    expect(valuesOf(table)).toEqual({
      city: [0, 1, 0, 1],
      rooms: [3, NaN, 4.5, 10],
      built: [Date.UTC(1990, 4, 1), Date.UTC(2001, 11, 31, 7, 30), NaN, -86_400_000],
      note: ["sunny, quiet", 'says "no"', "two\nlines", null],
    });
  });

  it.each<[string, string, CsvOptions, Record<string, unknown[]>]>([
    ["only a header", "a,b\n", {}, { a: [], b: [] }],
    ["no newline at the end", "a\n1", {}, { a: [1] }],
    ["carriage returns, empty lines and spaces", "a , b\r\n\r\n 1 , 2 \r\n", {}, { a: [1], b: [2] }],
    ["no header", "1;2\n3;4", { header: false, delimiter: ";" }, { 0: [1, 3], 1: [2, 4] }],
    ["a column without values", "a,b\n,1\nNA,2", {}, { a: [NaN, NaN], b: [1, 2] }],
    ["other missing values", "a\n-\nNA\nNA", { missing: ["-"] }, { a: [-1, 0, 0] }],
    ["a type that is given", "a\n1\n2", { columns: { a: "text" } }, { a: ["1", "2"] }],
    ["categories that are given", "a\ny\nx", { columns: { a: ["x", "z", "y"] } }, { a: [2, 0] }],
    [
      "identifiers that numbers would round",
      "a\n9007199254740993\n+9007199254740992\n-9007199254740993",
      {},
      { a: ["9007199254740993", "+9007199254740992", "-9007199254740993"] },
    ],
    [
      "long whole numbers that are exact",
      "a\n+9007199254740992\n100000000000000000000",
      {},
      { a: [2 ** 53, 1e20] },
    ],
    ["numbers in all forms", "a\n+1.\n.5\n-2E-1", {}, { a: [1, 0.5, -0.2] }],
    ["what only begins like a number", "a\n0x10\n1_000\n١", {}, { a: ["0x10", "1_000", "١"] }],
    ["days that there are not", "a\n2023-02-29\n2023-01-01", {}, { a: ["2023-02-29", "2023-01-01"] }],
    [
      "a leap day and an early year",
      "a\n2024-02-29\n0099-01-01",
      {},
      { a: [1709164800000, -59042995200000] },
    ],
  ])("reads %s", async (_, text, options, values) => {
    expect(valuesOf(await parseCsv(text, options))).toEqual(values);
  });

  it("reads what was written, whatever the texts", async () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", "é", '"', ",", "\n", "\r", " ", "0", "言"),
      maxLength: 6,
    });
    const rows = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
      );
    const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(rows, async (cells) => {
        const names = cells[0].map((_, i) => `c${i}`);
        const text = [names, ...cells].map((row) => row.map(quoted).join(",")).join("\n");
        const columns = Object.fromEntries(names.map((name) => [name, "text" as const]));
        const table = await parseCsv(text, { columns, missing: [] });
        expect(table.columns.map(({ values }) => [...values])).toEqual(
          names.map((_, i) => cells.map((row) => row[i])),
        );
      }),
      { numRuns: sized({ short: 100, long: 5000 }) },
    );
  });
});

describe("parseCsv rejects", () => {
  it.each<[string, string, CsvOptions, string]>([
    ["nothing", "", {}, "parseCsv: is empty; expected a row with the names of the columns"],
    ["a short row", "a,b\n1,2\n3\n", {}, "row 2 (line 3) has 1 fields; expected 2. Is the delimiter right?"],
    ["a long row", 'a,b\n"1\n2",2\n3,4,5', {}, "row 2 (line 4) has 3 fields; expected 2"],
    ["an open quote", 'a\n1\n"2', {}, "a quote is not closed. A field with quotes"],
    ["text after a quote", 'a\n"1"2', {}, "line 2, column 1: text follows a closing quote"],
    ["a quote in a field", 'a\n1"2', {}, "line 2, column 1: a quote is in the middle of a field"],
    ["a name twice", "a,b,a\n", {}, 'two columns have the name "a"'],
    [
      "no number",
      "a,b\n1,2\n1,x",
      { columns: { b: "number" } },
      'row 2 (line 3), column "b": got "x"; expected a number',
    ],
    ["infinity", "a\n1e999", { columns: { a: "number" } }, 'row 1 (line 2), column "a": got "1e999"'],
    [
      "a number that would lose digits",
      "a\n9007199254740993",
      { columns: { a: "number" } },
      'column "a": got "9007199254740993"; expected a number, as in 1.5 or -2e3, that float64 holds',
    ],
    [
      "a hole among the categories",
      "a\nx",
      // eslint-disable-next-line no-sparse-arrays -- what is meant
      { columns: { a: [, "x"] as never } },
      'got the type [null,"x"] for the column "a"',
    ],
    [
      "no date",
      "a\n31.01.2026",
      { columns: { a: "date" } },
      'got "31.01.2026"; expected a date, as in 2026-01-31',
    ],
    [
      "a new category",
      "a\nx\nw",
      { columns: { a: ["x", "y"] } },
      'row 2 (line 3), column "a": got "w"; expected one of the 2 categories',
    ],
    [
      "a type for no column",
      "a\n1",
      { columns: { b: "number" } },
      'got a type for the column "b"; the columns are "a"',
    ],
    [
      "a type that there is not",
      "a\n1",
      { columns: { a: "int" as "number" } },
      'got the type "int" for the column "a"',
    ],
    ["a long delimiter", "a\n1", { delimiter: ", " }, "parseCsv: got delimiter"],
  ])("%s", async (_, text, options, message) => {
    const parsing = parseCsv(text, options);
    await expect(parsing).rejects.toThrow(StargradError);
    await expect(parsing).rejects.toThrow(message);
  });
});

describe("readCsv", () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "stargrad-csv-"))));
  afterEach(() => rm(folder, { recursive: true }));

  /** A stream of bytes, one at a time, so that characters and line ends are divided. */
  const byByte = (bytes: Uint8Array) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });

  it("reads a path, a file of a page, a blob and a stream alike, with a byte order mark or not", async () => {
    const text = "\ufeffa,é\r\n1,言葉\r\n2,x\r\n";
    const bytes = Buffer.from(text);
    const path = join(folder, "a.csv");
    await writeFile(path, bytes);
    const expected = { a: [1, 2], é: ["言葉", "x"] };
    for (const source of [path, new File([bytes], "a.csv"), new Blob([bytes]), byByte(bytes)]) {
      expect(valuesOf(await readCsv(source))).toEqual(expected);
    }
  });

  it("reads tabs from files that end with .tsv", async () => {
    expect(valuesOf(await readCsv(new File(["a\tb,c\n1\t2"], "a.TSV")))).toEqual({ a: [1], "b,c": [2] });
    expect(valuesOf(await readCsv(new File(["a\tb,c\n1\t2,3"], "a.tsv"), { delimiter: "," }))).toEqual({
      "a\tb": ["1\t2"],
      c: [3],
    });
  });

  it("names the source in errors", async () => {
    await expect(readCsv(join(folder, "none.csv"))).rejects.toThrow(
      `readCsv(${folder}/none.csv): cannot read`,
    );
    await expect(readCsv(folder)).rejects.toThrow("it is a folder; expected a file");
    await expect(readCsv(new File([""], "a.csv"))).rejects.toThrow("readCsv(a.csv): is empty");
    const broken = new File([Uint8Array.of(0x61, 0x0a, 0xff)], "a.csv");
    await expect(readCsv(broken)).rejects.toThrow("readCsv(a.csv): is not UTF-8. Is it a text?");
    await expect(readCsv(new Blob([Uint8Array.of(0x61, 0xe8)]))).rejects.toThrow(
      "readCsv(a Blob): is not UTF-8",
    );
  });

  it("hands on what a stream fails with, and stops reading a stream that is wrong", async () => {
    const failing = new ReadableStream<Uint8Array>({
      pull() {
        throw new Error("the line is down");
      },
    });
    await expect(readCsv(failing)).rejects.toThrow("the line is down");
    const cancel = vi.fn();
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(Buffer.from("a,b\n1\n"));
      },
      cancel,
    });
    await expect(readCsv(endless)).rejects.toThrow("row 1 (line 2) has 1 fields; expected 2");
    expect(cancel).toHaveBeenCalledOnce();
  });

  it("reads any bytes, or rejects them with a typed error", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", "1", "-", "é", "\0"), maxLength: 60 })
        .map((text) => Uint8Array.from(Buffer.from(text))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const error: unknown = await readCsv(byByte(content)).then(
          () => null,
          (thrown: unknown) => thrown,
        );
        if (error !== null) expect(error).toBeInstanceOf(FormatError);
      }),
      { numRuns: sized({ short: 150, long: 20_000 }) },
    );
  });
});

describe("Table", () => {
  const text = "size,city,price\n1,b,10\n2,a,20\n,b,30\n4,,40\n";
  const columns = { city: "category" } as const;

  it("becomes a dataset: numbers as they are, a feature for each category", async () => {
    const table = (await parseCsv(text, { columns })).withoutMissing();
    const { x, y } = table.dataset({ target: "price" }).all();
    expect([x.shape, [...x.dataSync()]]).toEqual([
      [2, 3],
      [1, 0, 1, 2, 1, 0],
    ]);
    expect([y.dtype, [...y.dataSync()]]).toEqual(["float32", [10, 20]]);
    const classes = table.dataset({ target: "city", inputs: ["price"] }).all();
    expect([classes.x.shape, classes.y.dtype, [...classes.y.dataSync()]]).toEqual([[2, 1], "int32", [1, 0]]);
  });

  it("names the row and the column of a missing value", async () => {
    const table = await parseCsv(text, { columns });
    expect(() => table.dataset({ target: "price" })).toThrow(
      'parseCsv: row 3 (line 4), column "size": the value is missing. Leave such rows out',
    );
    expect(table.withoutMissing(["size"]).length).toBe(3);
    expect(() => table.withoutMissing(["size"]).dataset({ target: "price" })).toThrow(
      'row 3 (line 5), column "city"',
    );
  });

  it("has dates as days since 1970, and says which columns it leaves out", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const days = await parseCsv("day,price\n1970-01-02,10\n2026-01-01T06:00:00Z,20\n1969-12-31,30\n");
    const { x } = days.dataset({ target: "price" }).all();
    expect([x.shape, [...x.dataSync()]]).toEqual([[3, 1], [1, 20454.25, -1]]); // prettier-ignore
    const { y } = days.dataset({ target: "day" }).all();
    expect([y.dtype, [...y.dataSync()]]).toEqual(["float32", [1, 20454.25, -1]]);
    const gap = await parseCsv("day,price\n2026-01-01,10\n,20\n");
    expect(() => gap.dataset({ target: "price" })).toThrow(
      'row 2 (line 3), column "day": the value is missing',
    );
    expect(warned).not.toHaveBeenCalled();
    const table = await parseCsv("a,note,y,more\n1,x,3,u\n2,y,4,v\n");
    expect(table.dataset({ target: "y" }).all().x.shape).toEqual([2, 1]);
    expect(warned.mock.calls.map(String)).toEqual([
      expect.stringContaining('Table.dataset: the columns of texts are left out: "note", "more".'),
    ]);
    table.dataset({ target: "y", inputs: ["a"] });
    expect(warned).toHaveBeenCalledTimes(1);
    warned.mockRestore();
  });

  it("refuses names that are no columns, and columns of texts", async () => {
    const table = await parseCsv("a,t,d\n1,x,2026-01-01\n2,y,2026-01-02\n");
    expect(() => table.column("b")).toThrow('Table.column: got "b"; expected one of "a", "t", "d"');
    expect(() => table.dataset({ target: "t" })).toThrow(
      'the column "t" has texts; expected numbers, dates or categories',
    );
    expect(() => table.dataset({ target: "a", inputs: ["t"] })).toThrow('the column "t" has texts');
    expect(() => table.dataset({ target: "a", inputs: [] })).toThrow("Table.dataset: got no inputs");
    expect(() => table.dataset({} as { target: string })).toThrow("Table.dataset: got no target");
  });
});
