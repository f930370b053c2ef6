import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Linear } from "@stargrad/nn";
import { StargradError } from "@stargrad/tensor";
import { readRunFolder, saveCheckpoint } from "@stargrad/train";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { eventsOf, expectErrorMessage, run, type Event, type Result } from "../testing/command-line.js";
import { digits } from "./digits.js";
import { evaluate } from "./evaluate.js";
import { text as learn } from "./text.js";

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stargrad-text-"));
  await writeFile(file("data"), "The cat sat on the mat. The dog sat on the log.\n".repeat(30));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A model so small that it trains in a second. */
const small = ["--layers", "1", "--width", "16", "--heads", "2", "--context", "8", "--batch-size", "8"];

const text = (...args: string[]): Promise<Result> =>
  run("text", "--data", file("data"), "--learning-rate", "0.02", ...small, ...args);

/** The output without line breaks. */
const unwrapped = (stdout: string): string => stdout.replace(/\s+/g, " ");

const isOf = (name: string) => (event: Event) => event["event"] === name;

describe("text", () => {
  it("beats a bigram, and prints samples as plain text", async () => {
    const { status, stdout, stderr } = await text(
      "--steps",
      "60",
      "--every",
      "30",
      "--prompt",
      "The ",
      "--run",
      file("kept"),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(unwrapped(stdout)).toContain(
      "data has 1,440 characters, 16 different ones; the last 137 are kept",
    );
    expect(unwrapped(stdout)).toContain(`Saved in ${file("kept")} after every 30 steps, and at Ctrl-C.`);
    expect(stdout).toMatch(/^step {2}0\/60 {2}validation 2\.\d+ {2}\d+ s\n {2}│ The /m);
    expect(stdout).toMatch(/^step 60\/60 {2}loss \d.* {2}validation 0\.\d+ {2}\d+ s\n {2}│ The /m);
    expect(stdout).toMatch(/^Validation: 0\.\d+ nats per character, as hard as choosing among 1\.\d+\.$/m);
    expect(stdout).toMatch(/^A bigram: 0\.\d+, among 2\.\d+\. The model is better\. \d+\.\d s in all\.$/m);
    expect(stdout).not.toContain("\u001b");
    const { best } = await readRunFolder(file("kept"));
    const [evaluated, continued] = await Promise.all([
      run("evaluate", file("kept"), "--json"),
      run("predict", file("kept"), file("data")),
    ]);
    expect(eventsOf(evaluated)[0]["validationLoss"]).toBe(best?.score);
    expect(continued.stdout).toMatch(/data goes on:\n {2}│ [a-z]/i);
    await rm(file("kept"), { recursive: true });
  });

  it("ends with the same bytes, figures and samples, with or without interruption and evaluations", async () => {
    const settings = ["--steps", "24", "--seed", "3"];
    const [whole, first] = await Promise.all([
      text(...settings, "--every", "8", "--checkpoint", file("whole"), "--json"),
      text(...settings, "--every", "3", "--checkpoint", file("parts"), "--stop-after", "10"),
    ]);
    const second = await text("--every", "12", "--checkpoint", file("parts"), "--resume", "--json");
    expect([whole.status, first.status, second.status]).toEqual([0, 0, 0]);
    expect(unwrapped(first.stdout)).toContain(
      `Saved in ${file("parts")} after every 3 steps, and at Ctrl-C.`,
    );
    expect(await readFile(file("parts"))).toEqual(await readFile(file("whole")));

    const [events, resumed] = [eventsOf(whole), eventsOf(second)];
    expect(events[0]).toMatchObject({ event: "start", characters: 1440, vocabulary: 16, validation: 137 });
    const steps = events.filter(isOf("step"));
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1));
    expect(resumed.filter(isOf("step"))).toEqual(steps.slice(10));
    const last = { step: 24, steps: 24, seconds: expect.any(Number) as number };
    const { validationLoss, sample } = events.filter(isOf("validation")).at(-1) ?? {};
    expect(resumed.filter(isOf("validation")).at(-1)).toMatchObject({ ...last, validationLoss, sample });
    expect(resumed.at(-1)).toMatchObject({ ...last, event: "done", validationLoss });

    const [evaluated, again] = await Promise.all([
      run("evaluate", "--checkpoint", file("whole"), "--data", file("data"), "--json"),
      text("--checkpoint", file("whole"), "--resume"),
    ]);
    const { unigramLoss, bigramLoss } = events[0];
    expect(eventsOf(evaluated)).toMatchObject([{ event: "done", validationLoss, unigramLoss, bigramLoss }]);
    expect(unwrapped(again.stdout)).toContain("already has all 24 steps.");
    expect(await readFile(file("parts"))).toEqual(await readFile(file("whole")));
    for (const name of ["whole", "parts"]) await rm(file(name));
  });

  it("stops before it saves bad weights, and names the cause, if the steps are too long", async () => {
    const result = await text("--steps", "20", "--learning-rate", "1e30", "--checkpoint", file("never"));
    expectErrorMessage(result, 1, "the loss is NaN in epoch 1, step ", "Try a smaller learning rate");
    expect(await readdir(folder)).toEqual(["data"]);
  });
});

describe("text rejects", () => {
  const settings = { layers: 1, width: 16, heads: 2, context: 8, every: 5, temperature: 1 };
  const refused = async (promise: Promise<void>, message: string): Promise<void> => {
    const error = await promise.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StargradError);
    expect((error as StargradError).message).toContain(message);
    expect((error as StargradError).message).not.toContain("\n");
  };

  it("a text that is too short, with one line on the standard error, and writes nothing", async () => {
    await writeFile(file("short"), "a short text");
    const result = await text("--data", file("short"), "--checkpoint", file("never"));
    expectErrorMessage(
      result,
      1,
      "short: has only 12 characters, of which the last 1 are kept for validation",
    );
    expect(result.stdout).toBe("");
    expect(result.stderr.trimEnd()).not.toContain("\n");
    await rm(file("short"));
    expect(await readdir(folder)).toEqual(["data"]);
  });

  it.each([
    ["a missing file", null, {}, "readText"],
    ["an empty file", "", {}, "is empty"],
    ["a text shorter than a passage", "12 characters", {}, "a context of 8 takes 9 of them"],
    ["another encoding than UTF-8", Uint8Array.of(0x61, 0xff, 0x62), {}, "is not UTF-8"],
    [
      "a prompt outside the vocabulary",
      "ab ".repeat(99),
      { prompt: "é" },
      "--prompt: has a character that is not in the model's vocabulary",
    ],
    [
      "heads that do not divide the width",
      "ab ".repeat(99),
      { heads: 3 },
      "--width 16 cannot be divided among 3 heads",
    ],
    [
      "a missing folder",
      "ab ".repeat(99),
      { checkpoint: "nowhere/run" },
      "cannot write to the folder nowhere",
    ],
  ])("%s", async (name, content, options, message) => {
    const data = file(name);
    if (content !== null) await writeFile(data, content);
    await refused(learn({ ...settings, data, checkpoint: file("never"), ...options }), message);
    await rm(data, { force: true });
    expect(await readdir(folder)).toEqual(["data"]);
  });

  it("an existing file, and a checkpoint of another model, of another text, or with other settings", async () => {
    await writeFile(file("mine"), "precious");
    await saveCheckpoint(file("other"), { model: new Linear(2, 2) });
    await writeFile(file("other text"), "Another text altogether.\n".repeat(30));
    expect((await text("--steps", "2", "--checkpoint", file("run"))).status).toBe(0);
    const before = await readFile(file("run"));

    const { every, temperature } = settings;
    const resume = (name: string, options = {}) =>
      learn({ data: file("data"), checkpoint: file(name), resume: true, every, temperature, ...options });
    const start = learn({ ...settings, data: file("data"), checkpoint: file("mine") });
    await refused(start, "mine: already exists. Continue its run with --resume");
    await refused(resume("mine"), "mine");
    await refused(resume("nothing"), "nothing: there is no such file to resume");
    await refused(resume("other"), "other: this is a checkpoint of another model");
    await refused(
      resume("run", { data: file("other text") }),
      "run: its run was trained on another text: that one has 1440 characters, 16 different ones; this one has 750, 14 different ones",
    );
    await refused(resume("run", { steps: 9 }), "its run was started with --steps 2, now --steps is 9");
    await refused(resume("run", { width: 32 }), "its run was started with --width 16, now --width is 32");
    await refused(
      evaluate(file("run"), { data: file("other text") }),
      'other text: has a character that is not in the model\'s vocabulary. Vocabulary.encode: got the character "A"',
    );
    await refused(
      digits({ checkpoint: file("run"), data: folder, resume: true, epochs: 1 }),
      "run: was saved by `text`; this is `digits`",
    );
    expect(await readFile(file("mine"), "utf8")).toBe("precious");
    expect(await readFile(file("run"))).toEqual(before);
    expect((await readdir(folder)).sort()).toEqual(["data", "mine", "other", "other text", "run"]);
  });
});
