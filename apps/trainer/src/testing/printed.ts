import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const app = join(import.meta.dirname, "../..");

/** Runs a program that prints a number of a try and its mistake in each line; returns the mistakes. */
export async function printedMistakes(program: string): Promise<number[]> {
  const folder = mkdtempSync(join(app, "node_modules/.take-home-"));
  try {
    const file = join(folder, "star.mts");
    writeFileSync(file, program);
    const flags = ["--conditions=source", "--import", "tsx", file];
    const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: app });
    return stdout
      .trim()
      .split("\n")
      .map((line) => Number(line.split(" ")[1]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
