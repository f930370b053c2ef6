import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

/**
 * Bundles a program and the packages it imports into one file of plain JavaScript, like an application. The callback may run
 * the file in any number of new processes.
 */
export async function withProgram<Result>(
  entry: string,
  use: (file: string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "stargrad-bench-"));
  try {
    const outfile = join(folder, "program.mjs");
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "es2022",
      conditions: ["source"],
    });
    return await use(outfile);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a program to its end and parses the JSON that it prints.
 *
 * Throws: Error with the last line of its standard error if the program fails
 */
export function answerOf(command: string, args: readonly string[], input = ""): unknown {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", input });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(lastLineOf(stderr) ?? `${command} ended with status ${status}`);
  return JSON.parse(stdout);
}

function lastLineOf(text: string): string | undefined {
  return text
    .split("\n")
    .filter((line) => /\w*Error\b/.test(line))
    .pop();
}
