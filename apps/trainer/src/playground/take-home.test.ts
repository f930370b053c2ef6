import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { decodeSafetensors } from "@stargrad/io";
import { describe, expect, it } from "vitest";

import { PlayRun } from "./runs.js";
import { usual, type PlaySettings } from "./settings.js";
import { csvOf, jsonOf, modelProgram, trainingProgram } from "./take-home.js";

/** Runs a program in a folder where `stargrad` is installed, and returns the lines that it prints. */
async function printed(program: string): Promise<string[]> {
  const app = join(import.meta.dirname, "../..");
  const folder = mkdtempSync(join(app, "node_modules/.take-home-"));
  try {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(app, "../../packages/stargrad"), join(folder, "node_modules/stargrad"), "junction");
    const file = join(folder, "playground.mts");
    writeFileSync(file, program);
    const flags = ["--conditions=source", "--import", "tsx", file];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: app });
    return stdout.trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const own = Array.from({ length: 25 }, (_, i) => ({
  x: i / 25,
  y: ((i * 7) % 11) / 11 - 0.5,
  label: (i % 2) as 0 | 1,
}));
const others: PlaySettings = {
  ...usual,
  data: { ...usual.data, own },
  layers: [
    { width: 3, activation: "linear" },
    { width: 5, activation: "relu" },
    { width: 4, activation: "gelu" },
  ],
  optimizer: "momentum",
  learningRate: 0.3,
  scale: 2,
  shift: -0.25,
};

async function runOf(settings: PlaySettings, tries: number): Promise<PlayRun> {
  const run = await PlayRun.begin(settings);
  for (let made = 0; made < tries; made++) await run.step();
  return run;
}

describe("the program that trains again", () => {
  it.each([
    ["as usual", usual],
    ["moons, with SGD", { ...usual, data: { shape: "moons", noise: 0.1, seed: 3 }, optimizer: "sgd" }],
    [
      "blobs, without hidden layers",
      { ...usual, data: { shape: "blobs", noise: 0.2, seed: 3 }, layers: [], optimizer: "rmsprop" },
    ],
    ["points of one's own", others],
  ] as const)("prints the mistakes of the page: %s", async (_, settings) => {
    const run = await runOf(settings, 6);
    const lines = await printed(trainingProgram(settings, 6));
    expect(lines).toEqual(run.scores.map(({ mistake }, i) => `${i + 1} ${mistake}`));
  });
});

describe("the program with the network inside", () => {
  it.each([usual, others])("gives every point the same chance", async (settings) => {
    const run = await runOf(settings, 30);
    const { points, layers } = await run.look(30);
    const places = JSON.stringify(points.map(({ x, y }) => [x, y]));
    const program = `${modelProgram(settings, 30, layers)}console.log(JSON.stringify(await blue(${places})));\n`;
    const lines = await printed(program);
    expect(JSON.parse(lines[lines.length - 1])).toEqual(points.map(({ blue }) => blue));
  });
});

it("writes a run as safetensors, CSV and JSON", async () => {
  const run = await runOf(usual, 20);
  const { tensors, metadata } = decodeSafetensors(await run.safetensors(18));
  const { layers } = await run.look(18);
  expect(await tensors.get("2.weight")?.toArray()).toEqual(layers[1].weights);
  expect(JSON.parse(metadata.get("settings") ?? "")).toEqual(usual);
  const [first] = run.scores;
  expect(csvOf(1, [first]).split("\n")[1]).toBe(
    `1,${first.mistake},${first.heldOut},${first.right},${first.rightHeldOut}`,
  );
  expect(JSON.parse(jsonOf(usual, 1, run.scores))).toEqual({ settings: usual, first: 1, scores: run.scores });
});
