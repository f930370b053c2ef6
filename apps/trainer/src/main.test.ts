import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { encodeIdx } from "@stargrad/datasets";
import { Linear, ReLU, Sequential } from "@stargrad/nn";
import { Generator } from "@stargrad/tensor";
import { readRunFolder, saveCheckpoint } from "@stargrad/train";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { eventsOf, expectErrorMessage, run, runSource, type Result } from "./testing/command-line.js";

let folder: string;
let data: string;
const file = (name: string): string => join(folder, name);

/** Images of 28 × 28 pixels with one bright row, whose position tells the digit. */
function pictures(count: number, seed: number): { images: Uint8Array; labels: Uint8Array } {
  const generator = new Generator(seed);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const pixels = Uint8Array.from({ length: count * 784 }, (_, i) => {
    const row = Math.floor((i % 784) / 28);
    const isBright = Math.floor(row / 2.8) === labels[Math.floor(i / 784)];
    return Math.floor(generator.uniform() * (isBright ? 256 : 100));
  });
  return {
    images: encodeIdx({ shape: [count, 28, 28], data: pixels }),
    labels: encodeIdx({ shape: [count], data: labels }),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-trainer-"));
  data = file("data");
  await mkdir(data);
  const [train, test] = [pictures(60, 1), pictures(30, 2)];
  await writeFile(join(data, "train-images-idx3-ubyte.gz"), gzipSync(train.images));
  await writeFile(join(data, "train-labels-idx1-ubyte"), train.labels);
  await writeFile(join(data, "t10k-images-idx3-ubyte"), test.images);
  await writeFile(join(data, "t10k-labels-idx1-ubyte.gz"), gzipSync(test.labels));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const digits = (checkpoint: string, ...args: string[]): Promise<Result> =>
  run("digits", "--data", data, "--checkpoint", checkpoint, "--batch-size", "20", ...args);

describe("star", () => {
  it("prints the lesson until the perfect star, as plain text without a terminal", async () => {
    const { status, stdout, stderr } = await runSource("star", "--seed", "6");
    for (const stage of ["Goal", "Attempt", "Mistake", "Blame", "Adjust", "Again"]) {
      expect(stdout).toContain(`${stage}  `);
    }
    expect(stdout).toMatch(/★ A perfect star after \d+ tries/);
    expect(stdout).not.toContain("\u001b");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  it("prints one JSON object per try, and the result at the end", async () => {
    const result = await run("star", "--seed", "6", "--json");
    const events = eventsOf(result);
    expect(result.status).toBe(0);
    expect(events.slice(0, -1).every(({ event }) => event === "try")).toBe(true);
    expect(Object.keys(events[0])).toEqual(
      expect.arrayContaining(["promise", "paid", "unexplained", "helped"]),
    );
    expect(events.at(-1)).toMatchObject({ event: "done", tries: events.length - 1 });
    expect(events.at(-1)?.["cornerMiss"]).toBeLessThanOrEqual(0.02);
  });

  it("trains a small neural network to draw the star, pixel by pixel", async () => {
    const [told, figures] = await Promise.all([run("star", "--brain"), run("star", "--brain", "--json")]);
    expect(told.stdout).toMatch(/█.*█/);
    expect(told.stdout).toMatch(/Again {4}Paid .* of 337 knobs/);
    expect(told.stdout).toMatch(/★ A star after \d+ tries/);
    const events = eventsOf(figures);
    expect(events.at(-1)).toMatchObject({ event: "done", tries: events.length - 1 });
    expect(events.at(-1)?.["pixelsRight"]).toBeGreaterThanOrEqual(0.99);
    expect(Object.keys(events[0])).toEqual(expect.arrayContaining(["promise", "paid", "unexplained"]));
    expect([told.status, figures.status]).toEqual([0, 0]);
  });

  it("fails if no try is good enough, with a message outside the JSON", async () => {
    const result = await run("star", "--tries", "2", "--json");
    expect(eventsOf(result).map(({ event }) => event)).toEqual(["try", "try"]);
    expectErrorMessage(result, 1, "not perfect after 2 tries", "Allow more with --tries");
  });
});

describe("digits and evaluate", () => {
  it("end with the same bytes and figures, with or without interruption after an epoch", async () => {
    const [whole, first] = await Promise.all([
      digits(file("whole"), "--epochs", "2", "--seed", "3", "--json"),
      digits(file("parts"), "--epochs", "1", "--seed", "3"),
    ]);
    const second = await digits(file("parts"), "--epochs", "2", "--resume", "--json");
    expect([whole.status, first.status, second.status]).toEqual([0, 0, 0]);
    expect(await readFile(file("parts"))).toEqual(await readFile(file("whole")));

    const events = eventsOf(whole);
    expect(events.map(({ event }) => event).join(" ")).toBe("step step step epoch step step step epoch done");
    const { trainAccuracy, testAccuracy, seconds } = events.at(-1) ?? {};
    expect(eventsOf(second).at(-1)).toMatchObject({ trainAccuracy, testAccuracy });
    expect(seconds).toBeGreaterThan(0);
    expect(first.stdout).toMatch(/^epoch 1\/1 {2}loss \d\.\d+ {2}accuracy \d+\.\d % /m);

    const [evaluated, again] = await Promise.all([
      run("evaluate", "--checkpoint", file("whole"), "--data", data, "--json"),
      digits(file("whole"), "--epochs", "2", "--resume", "--json"),
    ]);
    expect(eventsOf(evaluated)).toMatchObject([{ event: "done", testAccuracy }]);
    expect(eventsOf(again)).toMatchObject([{ event: "done", trainAccuracy, testAccuracy }]);
    expect((await readdir(folder)).sort()).toEqual(["data", "parts", "whole"]);
  });

  it("end with the same bytes, with or without explanations, and the explanations add up", async () => {
    const settings = ["--epochs", "2", "--seed", "4"];
    const [plain, explained, told] = await Promise.all([
      digits(file("plain"), ...settings),
      digits(file("explained"), ...settings, "--explain", "2", "--json"),
      digits(file("told"), ...settings, "--explain", "4"),
    ]);
    expect([plain.status, explained.status, told.status]).toEqual([0, 0, 0]);
    expect(await readFile(file("explained"))).toEqual(await readFile(file("plain")));
    expect(await readFile(file("told"))).toEqual(await readFile(file("plain")));

    const explanations = eventsOf(explained).filter(({ event }) => event === "explanation");
    expect(explanations).toMatchObject([
      { epoch: 1, step: 2 },
      { epoch: 2, step: 1 },
      { epoch: 2, step: 3 },
    ]);
    for (const explanation of explanations as Record<string, number>[]) {
      const { lossBefore, lossAfter, paid, unexplained, moved } = explanation;
      expect(paid + unexplained).toBeCloseTo(lossBefore - lossAfter, 9);
      expect(Math.abs(unexplained)).toBeLessThanOrEqual(0.001 * moved);
    }
    expect(told.stdout).toMatch(
      /^step 1 {2}loss \d\.\d{4} → \d\.\d{4} {2}promise .* paid .* unexplained 0\.0\d %\n +layer 0 .*\n +layer 2 /m,
    );
    for (const name of ["plain", "explained", "told"]) await rm(file(name));
  });

  it("work with a convolutional network, whose name is in the checkpoint", async () => {
    const cnn = ["--model", "cnn", "--seed", "5"];
    const [whole, first] = await Promise.all([
      digits(file("cnn"), ...cnn, "--epochs", "2", "--explain", "5", "--json"),
      digits(file("cnn-parts"), ...cnn, "--epochs", "1"),
    ]);
    const second = await digits(file("cnn-parts"), "--epochs", "2", "--resume", "--json");
    expect([whole.status, first.status, second.status]).toEqual([0, 0, 0]);
    expect(await readFile(file("cnn-parts"))).toEqual(await readFile(file("cnn")));
    const explanation = eventsOf(whole).find(({ event }) => event === "explanation");
    expect(Object.keys(explanation?.["layers"] ?? {})).toEqual(["1", "4", "9"]);

    const [evaluated, other] = await Promise.all([
      run("evaluate", "--checkpoint", file("cnn"), "--data", data, "--json"),
      digits(file("cnn"), "--resume", "--model", "mlp"),
    ]);
    const { testAccuracy } = eventsOf(second).at(-1) ?? {};
    expect(eventsOf(evaluated)).toMatchObject([{ event: "done", testAccuracy }]);
    expectErrorMessage(other, 1, "its run was started with --model cnn, now --model is mlp");
    for (const name of ["cnn", "cnn-parts"]) await rm(file(name));
  });

  it("keep a run in a folder, which goes on to more epochs, and may be moved", async () => {
    const first = await run("digits", "--run", file("kept"), "--epochs", "1", "--data", data);
    expect(first.stdout).toContain(`saved in ${file("kept")} after every epoch, and at Ctrl-C`);
    await rename(data, file("moved"));
    const lost = await run("digits", "--resume", file("kept"));
    const more = await run(
      "digits",
      "--resume",
      file("kept"),
      "--epochs",
      "3",
      "--data",
      file("moved"),
      "--json",
    );
    const listed = await run("runs", "--folder", folder);
    const other = await run("digits", "--resume", file("kept"), "--model", "cnn");
    const evaluated = await run("evaluate", file("kept"), "--data", file("moved"), "--json");
    await rename(file("moved"), data);
    expectErrorMessage(lost, 1, "found neither train-images-idx3-ubyte");
    expect(eventsOf(more).filter(({ event }) => event === "epoch")).toMatchObject([
      { epoch: 2 },
      { epoch: 3 },
    ]);
    expect(listed.stdout).toMatch(/^kept +mlp +1 +3\/3 epochs .*[▁-█]{3}$/m);
    expectErrorMessage(other, 1, "its run was started with --model mlp, now --model is cnn");
    const { best } = await readRunFolder(file("kept"));
    const log = (await readFile(file("kept/log.jsonl"), "utf8")).split("\n").filter((line) => line !== "");
    const lines = log.map((line) => JSON.parse(line) as Record<string, number>);
    const chosen = lines.find(({ heldOutLoss }) => heldOutLoss === best?.score);
    expect(eventsOf(evaluated)).toMatchObject([{ testAccuracy: chosen?.["heldOutAccuracy"] }]);
    await rm(file("kept"), { recursive: true });
  });

  it("never overwrite an existing file", async () => {
    await writeFile(file("mine"), "precious");
    expectErrorMessage(await digits(file("mine")), 1, "mine: already exists", "--resume");
    expectErrorMessage(await digits(file("mine"), "--resume"), 1, "mine");
    expect(await readFile(file("mine"), "utf8")).toBe("precious");
  });

  it("reject the checkpoint of another model, and list all mismatches", async () => {
    const other = new Sequential(new Linear(784, 32), new ReLU(), new Linear(32, 10), new Linear(10, 2));
    await saveCheckpoint(file("other"), { model: other });
    const before = await readFile(file("other"));
    const messages = [
      "other: this is a checkpoint of another model",
      "unexpected: 3.bias, 3.weight",
      "0.weight: got float32 [32, 784]; expected float32 [128, 784]",
      "0.bias: got float32 [32]; expected float32 [128]",
      "2.weight: got float32 [10, 32]; expected float32 [10, 128]",
    ];
    const results = await Promise.all([
      run("evaluate", "--checkpoint", file("other"), "--data", data),
      digits(file("other"), "--resume"),
    ]);
    for (const result of results) expectErrorMessage(result, 1, ...messages);
    expect(await readFile(file("other"))).toEqual(before);
  });

  it("reject a truncated checkpoint, and settings that differ from those of the run", async () => {
    await digits(file("run"), "--epochs", "1");
    expectErrorMessage(await digits(file("run"), "--resume", "--seed", "9"), 1, "started with --seed 1");
    const bytes = await readFile(file("run"));
    await writeFile(file("torn"), bytes.subarray(0, bytes.length - 1000));
    expectErrorMessage(await digits(file("torn"), "--resume"), 1, "torn");
    expect((await readFile(file("torn"))).length).toBe(bytes.length - 1000);
  });

  it("name the file of the data that is missing, truncated or of the wrong kind", async () => {
    const broken = file("broken");
    const digitsOf = (directory: string) =>
      run("digits", "--data", directory, "--checkpoint", file("never"), "--epochs", "1");
    expectErrorMessage(await digitsOf(broken), 1, "train-images-idx3-ubyte");

    await mkdir(broken);
    for (const name of await readdir(data)) await copyFile(join(data, name), join(broken, name));
    const labels = join(broken, "train-labels-idx1-ubyte");
    const bytes = await readFile(labels);
    await writeFile(labels, bytes.subarray(0, 50));
    expectErrorMessage(await digitsOf(broken), 1, "train-labels-idx1-ubyte");
    await copyFile(join(broken, "t10k-images-idx3-ubyte"), labels);
    expectErrorMessage(await digitsOf(broken), 1, "train-labels-idx1-ubyte");
    expect(await readdir(folder)).not.toContain("never");
  });
});

describe("a wrong command line", () => {
  it("ends with status 2 and a message", async () => {
    const messages = [
      [["star", "--speed", "3"], "unknown option '--speed'"],
      [["draw"], "unknown command 'draw'"],
      [["star", "--brain", "--momentum", "0"], "'--brain' cannot be used with option '--momentum"],
      [["star", "--seed", "-1"], "Expected a whole number of at least 0"],
      [["digits", "--data", "x", "--resume"], "option '--resume' needs option '--checkpoint <file>'"],
      [["text"], "required option '--data <file>' not specified"],
      [
        ["digits", "--data", "x", "--resume", "r", "--checkpoint", "c"],
        "'--resume r' cannot be used with option",
      ],
      [
        ["digits", "--data", "x", "--run", "r", "--checkpoint", "c"],
        "cannot be used with option '--run <folder>'",
      ],
      [["evaluate"], "missing required argument 'run'"],
      [["digits", "--model", "rnn"], "'rnn' is invalid. Allowed choices are mlp, cnn."],
      [["text", "--data", "x", "--resume"], "option '--resume' needs option '--checkpoint <file>'"],
    ] as const;
    const results = await Promise.all(messages.map(([args]) => run(...args)));
    for (const [i, [, message]] of messages.entries()) {
      expectErrorMessage(results[i], 2, message);
      expect(results[i].stdout).toBe("");
    }
  });
});
