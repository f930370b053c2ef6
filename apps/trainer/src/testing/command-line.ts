import { spawn } from "node:child_process";
import { join } from "node:path";

import { build } from "vite";
import { expect } from "vitest";

import { builtOnce } from "./built-once.js";

// For tests: runs the command line in its own process, and returns both outputs and the exit status.

const source = join(import.meta.dirname, "..", "main.ts");

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as one bundled file: it starts in a tenth of the time that the sources take. */
export async function builtCommandLine(): Promise<string> {
  return join(await builtOnce("command-line", bundle), "main.js");
}

export async function run(...args: string[]): Promise<Result> {
  return runNode(import.meta.dirname, await builtCommandLine(), ...args);
}

/** Runs it in a folder, in which paths begin. */
export async function runIn(folder: string, ...args: string[]): Promise<Result> {
  return runNode(folder, await builtCommandLine(), ...args);
}

/** Runs the command line from its sources, as `npm run train` does. */
export function runSource(...args: string[]): Promise<Result> {
  return runNode(import.meta.dirname, "--conditions=source", "--import", "tsx", source, ...args);
}

async function runNode(cwd: string, ...args: string[]): Promise<Result> {
  const child = spawn(process.execPath, args, { cwd });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  }
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...output };
}

async function bundle(outDir: string): Promise<void> {
  const conditions = ["source", "module", "node"];
  await build({
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true, resolve: { conditions } },
    build: { ssr: source, outDir, emptyOutDir: true, minify: false, target: "node20" },
  });
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

/**
 * Runs it in a folder until it has printed a text, lets `meanwhile` change something, and presses Ctrl-C. Without a terminal, it is held up by its
 * full output until then, so it cannot end before. In a terminal, both outputs are one.
 */
export async function interruptIn(
  folder: string,
  args: readonly string[],
  {
    after,
    inTerminal = false,
    meanwhile = () => Promise.resolve(),
  }: { readonly after: RegExp; readonly inTerminal?: boolean; readonly meanwhile?: () => Promise<void> },
): Promise<Result> {
  const command = [process.execPath, await builtCommandLine(), ...args];
  const child = inTerminal
    ? spawn(
        "script",
        ["--quiet", "--return", "--command", command.map((each) => `'${each}'`).join(" "), "/dev/null"],
        {
          cwd: folder,
          env: { ...process.env, TERM: "xterm" },
        },
      )
    : spawn(command[0], command.slice(1), { cwd: folder });
  const output = { stdout: "", stderr: "" };
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  let isPressed = false;
  const press = async (): Promise<void> => {
    child.stdout.pause();
    await meanwhile();
    if (inTerminal) child.stdin.write("\u0003");
    else child.kill("SIGINT");
    child.stdout.resume();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
    if (isPressed || !after.test(output.stdout)) return;
    isPressed = true;
    void press();
  });
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { status, ...output };
}
