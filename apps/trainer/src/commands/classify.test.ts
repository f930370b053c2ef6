import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { catsAndDogs, encodeIdx } from "@stargrad/datasets";
import { Generator } from "@stargrad/tensor";
import { readRunFolder } from "@stargrad/train";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { eventsOf, expectErrorMessage, runIn, type Result } from "../testing/command-line.js";

import { givenFiles } from "../classify/given-files.js";
import { trainingOf, usualSettings } from "../classify/run.js";
import { readSource } from "../classify/sources.js";

let folder: string;
const file = (...names: string[]): string => join(folder, ...names);
const train = (...args: string[]): Promise<Result> => runIn(folder, ...args);

const kinds = ["setosa", "versicolor", "virginica"];

/** A flower's measures, which tell its kind. */
function flower(i: number): string {
  const kind = i % 3;
  const wobble = ((i * 37) % 90) / 180;
  return `${(4 + kind + wobble).toFixed(4)},${["blue", "white"][i % 2]},${kinds[kind]}`;
}

function picture(color: number, i: number): Uint8Array {
  const data = Uint8Array.from(
    { length: 12 * 10 * 3 },
    (_, at) => ((at * 31 + i * 17) % 60) + (at % 3 === color ? 150 : 0),
  );
  return encode({ width: 12, height: 10, data, channels: 3, depth: 8 });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-classify-"));
  const flowers = Array.from({ length: 90 }, (_, i) => flower(i));
  await writeFile(file("flowers.csv"), `length,colour,kind\n${flowers.join("\n")}\n`);
  await writeFile(file("new.csv"), "colour,length\nblue,4.2\nwhite,6.3\n");
  for (const [color, name] of ["red", "green"].entries()) {
    await mkdir(file("pictures", name), { recursive: true });
    for (let i = 0; i < 20; i++) await writeFile(file("pictures", name, `${i}.png`), picture(color, i));
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("a table", () => {
  it("is learned in a run folder, listed, and asked about new rows", async () => {
    const { status, stdout, stderr } = await train("csv", "--data", "flowers.csv");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(
      "flowers.csv: 72 examples to train on, 18 held out, 3 classes (setosa, versicolor, virginica).",
    );
    expect(stdout).toMatch(/^Right on 100\.0 % of the examples that were held out\./m);
    expect(await readdir(file("runs", "csv-1"))).toEqual(
      expect.arrayContaining(["config.json", "log.jsonl", "scores.json"]),
    );
    const answers = await train("predict", "csv-1", "new.csv");
    expect(answers.stdout).toMatch(/^new\.csv, row 1: setosa \(\d+\.\d %\)\nnew\.csv, row 2: virginica \(/);
    const listed = await train("runs");
    expect(listed.stdout).toMatch(
      /^run .*held out.*\ncsv-1 +mlp +1 +18\/18 epochs +0\.0\d+ +100\.0 % .*[▁-█]$/m,
    );
  });

  it("is compared with another run by the settings that differ, and by their curves", async () => {
    await train("csv", "--data", "flowers.csv", "--epochs", "3", "--seed", "3", "--run", "other");
    const compared = await train("runs", "other/", "runs/csv-1");
    expect(compared.stdout).toMatch(
      /^run {4}seed {2}done {10}held out .*\nother {2}3 {5}3\/3 epochs .*[▁-█]{3}\ncsv-1 {2}1 {5}18\/18 epochs /,
    );
  });

  it("is refused by name if something is wrong", async () => {
    expectErrorMessage(
      await train("csv", "--data", "flowers.csv", "--target", "length"),
      1,
      "no column named “length”",
      "Expected one of colour, kind",
    );
    expectErrorMessage(await train("csv", "--data", "none.csv"), 1, "none.csv: cannot be read");
    expectErrorMessage(
      await train("csv", "--data", "pictures"),
      1,
      "pictures: has pictures; `csv` learns the rows of a table",
    );
    expectErrorMessage(
      await train("csv", "--data", "flowers.csv", "--run", "flowers.csv/run"),
      1,
      "flowers.csv/run: cannot write to the folder flowers.csv. It is no folder",
    );
    expectErrorMessage(
      await train("predict", "none", "new.csv"),
      1,
      "none: is neither a run nor a file with",
    );
    expectErrorMessage(
      await train("csv", "--run", "a", "--resume", "b"),
      2,
      "option '--resume <run>' cannot be used with option '--run <folder>'",
    );
    expectErrorMessage(await train("csv"), 2, "required option '--data <path>' not specified");
    expectErrorMessage(await train("csv", "--resume", "nothing"), 1, "nothing: is no run");
    expectErrorMessage(
      await train("csv", "--resume", "csv-1", "--seed", "9"),
      1,
      "its run was started with --seed 1, now --seed is 9",
    );
    expectErrorMessage(await train("images", "--resume", "csv-1"), 1, "is a run of `csv`; this is `images`");
    expectErrorMessage(
      await train("csv", "--data", "flowers.csv", "--run", "runs/csv-1"),
      1,
      "has a run already",
      "--resume",
    );
    await writeFile(file("short.csv"), "colour\nblue\n");
    expectErrorMessage(await train("predict", "csv-1", "short.csv"), 1, "short.csv: has no column “length”");
    await mkdir(file("runs", "foreign"));
    await writeFile(file("runs", "foreign", "config.json"), '{"command":"csv"}');
    expectErrorMessage(
      await train("csv", "--resume", "foreign"),
      1,
      "foreign/config.json: does not contain the settings of its run: target is missing",
    );
    expectErrorMessage(
      await train("csv", "--data", "/dev/zero"),
      1,
      "/dev/zero: is a device; expected a file",
    );
    expectErrorMessage(await train("predict", "csv-1", "/dev/zero"), 1, "/dev/zero: is a device; expected a");
  });

  it("that is damaged is reported, and the others are listed", async () => {
    await mkdir(file("runs", "damaged"));
    await writeFile(file("runs", "damaged", "config.json"), "{");
    const { status, stdout, stderr } = await train("runs");
    expect(stderr).toBe(
      `stargrad: readRunFolder(${join("runs", "damaged")}): config.json is not a JSON object. Restore it, or begin in another folder\n`,
    );
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^run .*\ncsv-1 +mlp/m)]);
    const alone = await train("runs", "damaged");
    expect([alone.status, alone.stdout]).toEqual([1, ""]);
  });
});

describe("a model that is asked without the data of its training", () => {
  /** The examples of a file that were held out, as a training divides them. */
  const divided = async (command: "csv" | "images", path: string, settings: object) => {
    const data = await readSource(command, { data: path, target: undefined });
    return trainingOf(data, { ...usualSettings(data), ...settings }).split.heldOut;
  };
  const best = async (run: string) => {
    const { best: chosen } = await readRunFolder(file(run));
    const log = (await readFile(file(run, "log.jsonl"), "utf8")).trimEnd().split("\n");
    return log
      .map((line) => JSON.parse(line) as Record<string, number>)
      .find(({ heldOutLoss }) => heldOutLoss === chosen?.score)!;
  };

  it("gives the numbers of the training for rows with other orders of columns, rows and categories", async () => {
    const cities = ["03", "3", "x: y"];
    const rows = Array.from({ length: 80 }, (_, i) => [
      (i / 7 + (i % 2)).toFixed(5),
      cities[(i * 7) % 3],
      i % 2 === 0 ? "no" : "yes",
    ]);
    await writeFile(file("before.csv"), `size,a: city,bought\n${rows.map((row) => row.join()).join("\n")}\n`);
    const { status } = await train("csv", "--data", "before.csv", "--epochs", "2", "--run", "rows");
    expect(status).toBe(0);
    const heldOut = await divided("csv", file("before.csv"), { epochs: 2 });
    await rm(file("before.csv"));
    const lines = [...heldOut].map((index) => [rows[index][2], rows[index][0], rows[index][1]].join());
    await writeFile(file("after.csv"), `bought,size,a: city\n${lines.join("\n")}\n`);
    const { heldOutLoss, heldOutAccuracy } = await best("rows");
    const evaluated = eventsOf(await train("evaluate", "./rows", "--data", "after.csv", "--json"));
    expect(evaluated).toMatchObject([
      { loss: heldOutLoss, accuracy: heldOutAccuracy, examples: lines.length },
    ]);

    // The same numbers, row by row.
    const answers = eventsOf(await train("predict", "./rows", "after.csv", "--json"));
    const losses = answers.map(
      ({ probabilities }, i) => -Math.log((probabilities as Record<string, number>)[rows[heldOut[i]][2]]),
    );
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(heldOutLoss, 6);
    await writeFile(file("one.csv"), `size,a: city\n${rows[heldOut[3]].slice(0, 2).join()}\n`);
    const [alone] = eventsOf(await train("predict", "./rows", "one.csv", "--json"));
    expect(alone["probabilities"]).toEqual(answers[3]["probabilities"]);
  });

  it("gives the numbers of the training for pictures", async () => {
    await mkdir(file("photos"));
    for (const name of ["red", "green"])
      await cp(file("pictures", name), file("photos", name), { recursive: true });
    const { status } = await train("images", "--data", "photos", "--epochs", "2", "--run", "photos-run");
    expect(status).toBe(0);
    const paths = (await givenFiles(file("photos"))).map(({ path }) => path);
    const heldOut = await divided("images", file("photos"), { epochs: 2 });
    for (const [i, path] of paths.entries()) if (!heldOut.includes(i)) await rm(file(path));
    const { heldOutLoss, heldOutAccuracy } = await best("photos-run");
    const [evaluated] = eventsOf(await train("evaluate", "./photos-run", "--data", "photos", "--json"));
    expect(evaluated).toMatchObject({
      loss: heldOutLoss,
      accuracy: heldOutAccuracy,
      examples: heldOut.length,
    });
    const answers = eventsOf(await train("predict", "./photos-run", "photos", "--json"));
    const losses = answers.map(
      ({ file: name, probabilities }) =>
        -Math.log((probabilities as Record<string, number>)[String(name).split("/")[1]]),
    );
    expect(losses.reduce((sum, loss) => sum + loss, 0) / losses.length).toBeCloseTo(heldOutLoss, 6);
  });

  it("refuses what it cannot know, by file, row and column", async () => {
    const refused = async (content: string, ...messages: string[]): Promise<void> => {
      await writeFile(file("odd.csv"), content);
      expectErrorMessage(await train("predict", "csv-1", "odd.csv"), 1, "odd.csv: ", ...messages);
    };
    await refused(
      "length,colour\n4.2,pink\n",
      'row 1 (line 2), column "colour": got "pink"; expected one of the 2 categories',
    );
    await refused("length,colour\n4.2,blue\n,blue\n", "has no value in row 2 of the column “length”");
    await refused("length,colour\n4.2,?\n", "has no value in row 1 of the column “colour”");
    await refused("length,colour\nlong,blue\n", 'column "length": got "long"; expected a number');
    await writeFile(file("odd.csv"), "length,colour,kind\n4.2,blue,rose\n");
    expectErrorMessage(await train("evaluate", "csv-1", "--data", "odd.csv"), 1, 'column "kind": got "rose"');
  });

  it("refuses to go on with other data", async () => {
    await writeFile(file("changing.csv"), await readFile(file("flowers.csv")));
    await train("csv", "--data", "changing.csv", "--epochs", "1", "--run", "changing");
    await writeFile(file("changing.csv"), (await readFile(file("flowers.csv"), "utf8")).replace("4.", "5."));
    expectErrorMessage(
      await train("csv", "--resume", "./changing"),
      1,
      "the data is not the same as when its run began",
    );
  });
});

describe("pictures", () => {
  it("of a folder are learned, and asked about one by one or by the folder", async () => {
    const { status, stdout } = await train("images", "--data", "pictures/");
    expect(status).toBe(0);
    expect(stdout).toContain("pictures: 32 examples to train on, 8 held out, 2 classes (green, red).");
    expect(stdout).toMatch(/^Right on 100\.0 % /m);
    const answers = await train("predict", "images-1", "pictures/red/3.png", "pictures/green", "--json");
    const events = eventsOf(answers);
    expect(events).toHaveLength(21);
    expect(events.map(({ label }) => label)).toEqual(["red", ...Array<string>(20).fill("green")]);
    expect(events[0]).toMatchObject({ event: "answer", file: "pictures/red/3.png" });
    expectErrorMessage(await train("predict", "images-1", "flowers.csv"), 1, "flowers.csv: ", "PNG or JPEG");

    // What is damaged is named, and the others are answered.
    await mkdir(file("mixed"));
    await writeFile(file("mixed", "damaged.png"), picture(0, 1).subarray(0, -30));
    await writeFile(file("mixed", "notes.txt"), "no picture");
    await writeFile(file("mixed", "red.png"), picture(0, 2));
    const mixed = await train("predict", "images-1", "mixed");
    expect(mixed.stdout).toMatch(/^mixed\/red\.png: red \(\d+\.\d %\)\n$/);
    expectErrorMessage(mixed, 1, "mixed/damaged.png: is a PNG");
    await mkdir(file("single", "red"), { recursive: true });
    for (let i = 0; i < 12; i++) await writeFile(file("single", "red", `${i}.png`), picture(0, i));
    expectErrorMessage(
      await train("images", "--data", "single"),
      1,
      "single: holds one class, red; expected two",
    );
  });

  it("in IDX files are learned by `fashion`, and those that are there to test are held out", async () => {
    await mkdir(file("idx"));
    for (const [name, count] of [
      ["train", 60],
      ["t10k", 20],
    ] as const) {
      const noise = new Generator(count);
      const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
      const pixels = Uint8Array.from({ length: 64 * count }, (_, at) =>
        Math.floor(at / 64) % 2 === Math.floor(at / 32) % 2 ? 200 : 50 * noise.uniform(),
      );
      await writeFile(
        file("idx", `${name}-images-idx3-ubyte`),
        encodeIdx({ shape: [count, 8, 8], data: pixels }),
      );
      await writeFile(file("idx", `${name}-labels-idx1-ubyte`), encodeIdx({ shape: [count], data: labels }));
    }
    const { status, stdout, stderr } = await train("fashion", "--data", "idx", "--model", "linear");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/2 classes \(0, 1\)/);
    expect(await readFile(file("runs", "fashion-1", "config.json"), "utf8")).toContain('"model":"linear"');
  });

  it("of CIFAR-10 are learned from its binary files", async () => {
    await mkdir(file("cifar"));
    const noise = new Generator(5);
    // Bytes of a label and of 32 × 32 pixels in three colours, one of which is bright.
    const photograph = (i: number): number[] => {
      const bright = i % 3;
      return [
        bright,
        ...Array.from(
          { length: 3072 },
          (_, at) => 60 * noise.uniform() + (Math.floor(at / 1024) === bright ? 180 : 0),
        ),
      ];
    };
    const batch = (count: number) =>
      Uint8Array.from(Array.from({ length: count }, (_, i) => photograph(i)).flat());
    for (const part of [1, 2, 3, 4, 5]) await writeFile(file("cifar", `data_batch_${part}.bin`), batch(12));
    await writeFile(file("cifar", "test_batch.bin"), batch(9));
    const { status, stdout } = await train("cifar10", "--data", "cifar", "--model", "linear");
    expect(status).toBe(0);
    expect(stdout).toContain(
      "CIFAR-10: 60 examples to train on, 9 held out, 10 classes (airplane, automobile, bird,",
    );
    expect(stdout).toMatch(/^Right on 100\.0 % /m);
    expectErrorMessage(await train("cifar10", "--data", "idx"), 1, "data_batch_1.bin");
  });

  it("of cats and dogs need no file", async () => {
    const result = await train("cats-and-dogs", "--epochs", "1", "--json");
    expect(eventsOf(result).map(({ event }) => event)).toEqual(["epoch", "done"]);

    // Bright lines on a dark ground, and the same as ink on paper.
    const bright = Uint8Array.from(
      await catsAndDogs({ samples: 1, size: 28, seed: 1 }).all().x.data(),
      (ink) => Math.round(255 * ink),
    );
    const grey = { width: 28, height: 28, channels: 1, depth: 8 } as const;
    await writeFile(file("bright.png"), encode({ ...grey, data: bright }));
    await writeFile(file("ink.png"), encode({ ...grey, data: bright.map((byte) => 255 - byte) }));
    const [drawn, ink] = eventsOf(
      await train("predict", "cats-and-dogs-1", "bright.png", "ink.png", "--json"),
    );
    expect(ink["probabilities"]).toEqual(drawn["probabilities"]);
    expect([drawn["remark"], ink["remark"]]).toEqual([undefined, expect.stringContaining("ink on paper")]);
  });
});
