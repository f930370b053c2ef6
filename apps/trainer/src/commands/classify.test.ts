import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { encodeIdx } from "@stargrad/datasets";
import { Generator } from "@stargrad/tensor";
import { loadCheckpoint } from "@stargrad/train";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  builtCommandLine,
  eventsOf,
  expectErrorMessage,
  runIn,
  type Result,
} from "../testing/command-line.js";

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
    expect(listed.stdout).toMatch(/^run .*held out.*\ncsv-1 +mlp +1 +18\/18 +0\.0\d+ +100\.0 % .*[▁-█]$/m);
  });

  it("goes on after Ctrl-C with the bits of a run that was never stopped", async () => {
    const settings = ["--data", "flowers.csv", "--epochs", "400", "--seed", "3"];
    const whole = train("csv", ...settings, "--run", "whole");
    const child = spawn(
      process.execPath,
      [await builtCommandLine(), "csv", ...settings, "--run", "parts", "--json"],
      { cwd: folder },
    );
    let seen = 0;
    child.stdout.on("data", (text: Buffer) => {
      seen += String(text).split("\n").length - 1;
      if (seen >= 3) child.kill("SIGINT");
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(status).toBe(130);
    const resumed = await train("csv", "--resume", "./parts", "--json");
    expect(resumed.status).toBe(0);
    expect(eventsOf(resumed).at(-1)).toMatchObject({ event: "done" });
    expect((await whole).status).toBe(0);
    const [a, b] = await Promise.all(
      ["whole", "parts"].map(async (name) => {
        const files = (await readdir(file(name))).filter((each) => each.endsWith(".safetensors")).sort();
        return loadCheckpoint(file(name, files.at(-1)!));
      }),
    );
    const valuesOf = ({ model }: typeof a) => [...model].map(([name, value]) => [name, value.dataSync()]);
    expect(valuesOf(b)).toEqual(valuesOf(a));
    const compared = await train("runs", "whole/", "runs/csv-1");
    expect(compared.stdout).toMatch(/^run +.*seed.*\nwhole +/);
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
    expectErrorMessage(await train("csv"), 2, "required option '--data <path>' not specified");
    expectErrorMessage(await train("csv", "--resume", "nothing"), 1, "nothing: is no run");
    expectErrorMessage(
      await train("csv", "--resume", "csv-1", "--seed", "9"),
      1,
      "was started with seed 1, now it is 9",
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
      "has not the settings of a run of this program: data",
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
  });
});
