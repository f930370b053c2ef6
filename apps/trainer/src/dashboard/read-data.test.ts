import { gzipSync } from "node:zlib";

import { encodeIdx } from "@stargrad/datasets";
import { encodeNpy } from "@stargrad/io";
import { StargradError, tensor } from "@stargrad/tensor";
import { describe, expect, it } from "vitest";

import { readData, type GivenFile } from "./read-data.js";

type Part = Uint8Array | string;
const file = (name: string, part: Part): GivenFile => ({
  path: name,
  file: new File([typeof part === "string" ? part : Uint8Array.from(part)], name.split("/").at(-1) ?? ""),
});
const pictures = (count: number): Uint8Array =>
  encodeIdx({ shape: [count, 2, 3], data: Uint8Array.from({ length: 6 * count }, (_, i) => i % 256) });
const labels = (count: number): Uint8Array =>
  encodeIdx({ shape: [count], data: Uint8Array.from({ length: count }, (_, i) => i % 3) });

describe("readData", () => {
  it("pairs IDX files by their names, and holds out what says so", async () => {
    const data = await readData([
      file("t10k-labels-idx1-ubyte", labels(12)),
      file("train-images-idx3-ubyte.gz", gzipSync(pictures(12))),
      file("train-labels-idx1-ubyte.gz", gzipSync(labels(12))),
      file("t10k-images-idx3-ubyte", pictures(12)),
      file(".DS_Store", "x"),
    ]);
    expect(data).toMatchObject({
      what: "picture",
      shape: [1, 2, 3],
      classes: ["0", "1", "2"],
      heldOutFrom: 12,
    });
    expect(data.values).toHaveLength(24 * 6);
    expect(data.values).toBeInstanceOf(Uint8Array);
    expect(data.name).toContain("train-images-idx3-ubyte.gz and t10k");
  });

  it("reads npy files: rows of numbers, and pictures", async () => {
    const rows = tensor(Array.from({ length: 10 }, (_, i) => [i, 0.5 * i]));
    const y = tensor(
      Array.from({ length: 10 }, (_, i) => (i % 2) * 7),
      { dtype: "int32" },
    );
    const table = await readData([file("x.npy", await encodeNpy(rows)), file("y.npy", await encodeNpy(y))]);
    expect(table).toMatchObject({ what: "row", shape: [2], classes: ["0", "7"], heldOutFrom: null });
    expect([...table.values.slice(2, 4)]).toEqual([1, 0.5]);

    const images = tensor(Array.from({ length: 10 }, () => [[0, 255], [3, 4]]), { dtype: "int32" }); // prettier-ignore
    const data = await readData([file("x.npy", await encodeNpy(images)), file("y.npy", await encodeNpy(y))]);
    expect(data).toMatchObject({ what: "picture", shape: [1, 2, 2] });
    expect(data.values).toBeInstanceOf(Uint8Array);
  });

  it("reads a table, predicts its last column of classes or another one, and says what it left out", async () => {
    const rows = Array.from(
      { length: 14 },
      (_, i) => `${i / 2},${["red", "blue"][i % 2]},note ${i},${i % 3}`,
    );
    const csv = `size,colour,text,kind\n${rows.join("\n")}\n,red,none,1\n`;
    const data = await readData([file("a.csv", csv)]);
    expect(data).toMatchObject({ target: "kind", classes: ["0", "1", "2"], what: "row" });
    expect(data.labels).toHaveLength(14);
    expect(data.notes.join()).toContain("1 rows with missing values left out");
    expect(data.features.slice(0, 3)).toEqual(["size", "colour: blue", "colour: red"]);
    const colours = await readData([file("a.csv", csv)], "colour");
    expect(colours).toMatchObject({ target: "colour", classes: ["blue", "red"] });
    expect([...colours.labels.slice(0, 2)]).toEqual([1, 0]);
  });

  it.each<[string, readonly [string, Part][], string]>([
    ["nothing", [], "there is no file"],
    ["garbage", [["a.bin", "hello, world"]], "Is this an IDX file?"],
    ["a picture without a folder", [["a.png", "x"]], "found no picture"],
    [
      "a picture that is none",
      [
        ["pets/cat/a.png", "x"],
        ["pets/dog/b.png", "y"],
      ],
      "expected a PNG or a JPEG",
    ],
    [
      "a cut file",
      [
        ["a-images", pictures(12).slice(0, 40)],
        ["a-labels", labels(12)],
      ],
      "Is the file cut off?",
    ],
    ["labels alone", [["train-labels", labels(12)]], "hold no array of examples, only labels"],
    ["pictures alone", [["train-images", pictures(12)]], "no labels for them"],
    [
      "labels of another number",
      [
        ["x", pictures(12)],
        ["y", labels(11)],
      ],
      "y has 11",
    ],
    [
      "too few",
      [
        ["x", pictures(3)],
        ["y", labels(3)],
      ],
      "hold 3 examples; expected at least 10",
    ],
    [
      "one class",
      [
        ["x", pictures(12)],
        ["y", encodeIdx({ shape: [12], data: new Uint8Array(12) })],
      ],
      "one class, 0",
    ],
    [
      "many classes",
      [
        ["x", pictures(99)],
        ["y", encodeIdx({ shape: [99], data: Uint8Array.from({ length: 99 }, (_, i) => i) })],
      ],
      "hold 99 classes",
    ],
    [
      "labels that are no classes",
      [
        ["x", pictures(12)],
        ["y", encodeIdx({ shape: [12], data: Float32Array.from({ length: 12 }, (_, i) => i / 3) })],
      ],
      "expected whole numbers",
    ],
    [
      "numbers that are none",
      [
        ["x", encodeIdx({ shape: [12, 2], data: new Float32Array(24).fill(NaN) })],
        ["y", labels(12)],
      ],
      "hold a number that is NaN",
    ],
    [
      "no size",
      [
        ["x", encodeIdx({ shape: [12, 0], data: new Uint8Array(0) })],
        ["y", labels(12)],
      ],
      "without a single number",
    ],
    [
      "five axes",
      [
        ["x", encodeIdx({ shape: [12, 1, 1, 1, 2], data: new Uint8Array(24) })],
        ["y", labels(12)],
      ],
      "of 4 axes",
    ],
    [
      "an npy file that is none",
      [
        ["x.npy", "hello"],
        ["y", labels(12)],
      ],
      "decodeNpy",
    ],
    [
      "a table without classes",
      [["a.csv", "a,b\n1.5,2.5\n2.5,3.5\n"]],
      "no column with 2 to 60 different values",
    ],
    [
      "a table with one column",
      [["a.csv", `kind\n${"a\nb\n".repeat(9)}`]],
      "no column of numbers or categories beside",
    ],
    ["a table with a broken row", [["a.csv", 'a,b\n1,"x\n']], "readCsv"],
    [
      "a table and more",
      [
        ["a.csv", "a,b\n"],
        ["b.csv", "a,b\n"],
      ],
      "expected one table alone",
    ],
    [
      "many files",
      Array.from({ length: 9 }, (_, i) => [`f${i}`, labels(12)] as [string, Part]),
      "got 9 files",
    ],
  ])("refuses %s with a sentence", async (_, files, sentence) => {
    const error = await readData(files.map(([name, part]) => file(name, part))).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StargradError);
    expect((error as Error).message).toContain(sentence);
  });
});
