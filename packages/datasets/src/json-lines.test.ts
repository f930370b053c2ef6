import { FormatError } from "@stargrad/io";
import { ArgumentError, StargradError } from "@stargrad/tensor";
import { sized } from "@stargrad/tensor/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseJsonLines, readJsonLines, type Table } from "./index.js";

const homes = `{"city":"Oslo","rooms":3,"built":"1990-05-01","zip":"0150","warm":true}

{"city":"Rome","rooms":null,"built":"2001-12-31","zip":"00042","warm":false,"tags":["a",{"b":1}]}\r
{"city":"Oslo","rooms":-4.5e1,"zip":"0150"}
{"city":"Rome","__proto__":7,"zip":"00042","warm":true}`;

const valuesOf = (table: Table) =>
  Object.fromEntries(table.columns.map(({ name, type, values }) => [`${name}: ${type}`, [...values]]));

describe("parseJsonLines", () => {
  it("makes columns of numbers, dates, categories and texts, with missing values", async () => {
    const table = await parseJsonLines(homes);
    expect(table.length).toBe(4);
    expect(valuesOf(table)).toEqual({
      "city: category": [0, 1, 0, 1],
      "rooms: number": [3, NaN, -45, NaN],
      "built: date": [Date.UTC(1990, 4, 1), Date.UTC(2001, 11, 31), NaN, NaN],
      // Never numbers: the zeros at the beginning would be lost.
      "zip: category": [1, 0, 1, 0],
      "warm: text": ["true", "false", null, "true"],
      "tags: text": [null, '["a",{"b":1}]', null, null],
      "__proto__: number": [NaN, NaN, NaN, 7],
    });
    const rooms = table.withoutMissing(["rooms"]).dataset({ target: "rooms", inputs: ["city"] });
    expect(await rooms.all().x.toArray()).toEqual([[1, 0], [1, 0]]); // prettier-ignore
    expect(() => table.dataset({ target: "rooms", inputs: ["city"] })).toThrow(
      'row 2 (line 3), column "rooms": the value is missing',
    );
  });

  it("reads the numbers of a log that are not finite", async () => {
    const table = await parseJsonLines(
      '{"loss":1e-300}\n{"loss":"NaN"}\n{"loss":"-Infinity"}\n{"loss":5e22}',
    );
    expect(valuesOf(table)).toEqual({ "loss: number": [1e-300, NaN, -Infinity, 5e22] });
    const texts = await parseJsonLines('{"name":"NaN"}\n{"name":"Infinity"}');
    expect(valuesOf(texts)).toEqual({ "name: text": ["NaN", "Infinity"] });
  });

  it("takes types", async () => {
    const columns = { city: ["Rome", "Oslo"], zip: "number" } as const;
    const table = await parseJsonLines(homes, { columns });
    expect(valuesOf(table)).toMatchObject({
      "city: category": [1, 0, 1, 0],
      "zip: number": [150, 42, 150, 42],
    });
    await expect(parseJsonLines('{"a":"x"}', { columns: { a: "number" } })).rejects.toThrow(
      'parseJsonLines: row 1 (line 1), column "a": got "x"; expected a number',
    );
    await expect(parseJsonLines('{"a":1}', { columns: { b: "text" } })).rejects.toThrow(ArgumentError);
  });

  it.each<[string, string, string]>([
    ["no JSON", '{"a":1}\n\n{"a":', "line 3 is no JSON"],
    ["a list", "[1]", "line 1 is a list; expected a JSON object"],
    ["a number", "1", "line 1 is 1; expected a JSON object"],
    ["null", "{}\nnull", "line 2 is null"],
    ["a long identifier", '{"id":9007199254740993}', 'line 1, column "id": float64 cannot hold the number 9007199254740993'],
    ["a large number", '{"id":1e999}', "float64 cannot hold the number"],
    ["a deep list", `{"a":${"[".repeat(1e5)}`, "line 1 is no JSON"],
    ["a line without an end", `{"a":"${"x".repeat(2 ** 24)}"}`, "line 1 has more than 16777216 characters"],
  ])("refuses %s", async (_, text, problem) => {
    await expect(parseJsonLines(text)).rejects.toThrow(FormatError);
    await expect(parseJsonLines(text)).rejects.toThrow(problem);
  }); // prettier-ignore

  it("does not fill the memory with missing values", async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `{"${i}":1}`).join("\n");
    await expect(parseJsonLines(text)).rejects.toThrow("different names, most of which are missing");
  });

  it("reads whole numbers that float64 holds", async () => {
    const table = await parseJsonLines('{"a":9007199254740992,"b":"9007199254740993"}\n{"a":1e20}\n');
    expect(valuesOf(table)).toEqual({ "a: number": [2 ** 53, 1e20], "b: text": ["9007199254740993", null] });
  });
});

describe("readJsonLines", () => {
  it("reads a blob in pieces, and names it in errors", async () => {
    const row = '{"name":"größe 🌟","value":1}\n';
    const bytes = new TextEncoder().encode(row.repeat(100));
    let at = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) controller.close();
        else controller.enqueue(bytes.subarray(at, (at += 7)));
      },
    });
    const table = await readJsonLines(stream);
    expect(table.length).toBe(100);
    expect(table.column("name")).toMatchObject({ categories: ["größe 🌟"] });
    await expect(readJsonLines(new File([Uint8Array.of(0xff)], "a.jsonl"))).rejects.toThrow(
      "readJsonLines(a.jsonl): is not UTF-8",
    );
    await expect(readJsonLines("none.jsonl")).rejects.toThrow(StargradError);
  });

  it("reads a changed file, or refuses it", async () => {
    const good = new TextEncoder().encode(homes);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.nat(255),
        fc.nat(good.length),
        async (place, value, end) => {
          const bytes = good.with(place, value).subarray(0, end);
          const error: unknown = await readJsonLines(new Blob([bytes])).then(
            () => null,
            (thrown: unknown) => thrown,
          );
          if (error !== null) expect(error).toBeInstanceOf(FormatError);
        },
      ),
      { numRuns: sized({ short: 300, long: 20_000 }) },
    );
  }, 60_000);
});
