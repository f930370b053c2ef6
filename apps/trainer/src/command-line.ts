import { spawn } from "node:child_process";
import { join } from "node:path";

import { expect } from "vitest";

// For tests: runs the command line in its own process, and returns both outputs and the exit status.

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(...args: string[]): Promise<Result> {
  const main = join(import.meta.dirname, "main.ts");
  const flags = ["--conditions=source", "--import", "tsx"];
  const child = spawn(process.execPath, [...flags, main, ...args], { cwd: import.meta.dirname });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...output };
}

export type Event = Record<string, unknown>;

/** Parses a standard output that must consist of JSON lines only. */
export function eventsOf({ stdout }: Result): Event[] {
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}

/** Expects a message on the standard error that contains the texts, and no stack trace. */
export function expectErrorMessage(
  { status, stderr }: Result,
  expectedStatus: number,
  ...texts: string[]
): void {
  for (const text of ["stargrad: ", ...texts]) expect(stderr).toContain(text);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(status).toBe(expectedStatus);
}
