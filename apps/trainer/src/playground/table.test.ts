import { describe, expect, it } from "vitest";

import { columnsOf, pointsOfTable, tableOf } from "./table.js";

const fileOf = (text: string | Uint8Array<ArrayBuffer>, name = "some.csv"): File => new File([text], name);
const kinds = ["rose", "aster", "lily"];
const flowers = (rows: number, delimiter = ","): string =>
  [
    ["long", "wide", "tall", "kind", "size", "same"],
    ...Array.from({ length: rows }, (_, i) => [5 + (i % 7) / 10, 1 + i / 20, i, kinds[i % 3], i % 4, 1]),
  ]
    .map((row) => row.join(delimiter))
    .join("\n");

describe("a file", () => {
  it.each([",", ";", "\t"])("offers columns of numbers and of labels, divided by %j", async (delimiter) => {
    const columns = columnsOf(await tableOf(fileOf(flowers(60, delimiter))));
    expect(columns.rows).toBe(60);
    expect(columns.numbers).toEqual(["long", "wide", "tall", "size"]);
    expect(columns.labels).toContainEqual({ name: "kind", values: ["aster", "lily", "rose"] });
    expect(columns.labels).toContainEqual({ name: "size", values: ["0", "1", "2", "3"] });
  });

  it("becomes points in the square, with one label blue and all others orange", async () => {
    const table = await tableOf(fileOf(flowers(60)));
    const points = pointsOfTable(table, { x: "wide", y: "tall", label: "kind", blue: "lily" });
    expect(points.map(({ label }) => label).slice(0, 6)).toEqual([0, 0, 1, 0, 0, 1]);
    expect([points[0], points[59]]).toMatchObject([
      { x: -0.95, y: -0.95 },
      { x: 0.95, y: 0.95 },
    ]);
    const sizes = pointsOfTable(table, { x: "wide", y: "tall", label: "size", blue: "2" });
    expect(sizes.filter(({ label }) => label === 1)).toHaveLength(15);
  });

  it("with many rows gives a part of them, spread evenly; rows with gaps are left out", async () => {
    const table = await tableOf(fileOf(`${flowers(1000)}\n,1,1,rose,1,1\n5,1,1,,1,1`));
    const points = pointsOfTable(table, { x: "wide", y: "tall", label: "kind", blue: "rose" });
    expect(points).toHaveLength(300);
    expect(points[150].y).toBeCloseTo(0, 1);
  });

  it.each([
    ["nothing", "", "is empty"],
    ["one column", "a\n1\n2\n", "columns of numbers"],
    ["a quote that is never closed", `a,b,c\n1,"2,x\n${"3,4,y\n".repeat(50)}`, "a quote is not closed"],
    ["rows of other lengths", "a,b,c\n1,2,x\n3,4\n", "row 2 (line 3) has 2 fields; expected 3"],
    ["bytes that are no text", Uint8Array.of(97, 0xff, 0xfe, 10), "UTF-8"],
    [
      "no labels",
      `a,b\n${Array.from({ length: 40 }, (_, i) => `${i},${i * i}`).join("\n")}`,
      "no column with 2 to 20",
    ],
    ["scripts", "<img src=x onerror=alert(1)>,b\n1,<script>\n", "columns of numbers"],
    ["two columns of one name", "a,a\n1,2\n", 'two columns have the name "a"'],
    ["more bytes than are read", "a".repeat(9 * 2 ** 20), "at most 8388608 are read"],
    ["numbers that never change", "a,b,c\n1,2,x\n1,2,y\n", "has 0 columns of numbers that differ"],
  ])("is refused with a sentence if it has %s", async (_, content, sentence) => {
    await expect(tableOf(fileOf(content))).rejects.toThrow(sentence);
  });

  it("is refused with a sentence if too few rows are whole, or all have one colour", async () => {
    const choice = { x: "long", y: "wide", label: "kind", blue: "rose" };
    const short = await tableOf(fileOf(flowers(8)));
    expect(() => pointsOfTable(short, choice)).toThrow("only 8 rows have both numbers and a label");
    const table = await tableOf(fileOf(flowers(60)));
    expect(() => pointsOfTable(table, { ...choice, blue: "tulip" })).toThrow(
      "all points have the same colour",
    );
  });
});
