import { spawn } from "node:child_process";

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment of every tool: no colors, no reports to its makers. */
function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  // Some tools print more in continuous integration, and others ask for a cache there.
  const { CI: _, ...env } = process.env;
  return { ...env, NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", DENO_NO_UPDATE_CHECK: "1", ...more };
}

/** Runs a command to its end, and returns what it prints. Throws, with what it printed, if it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { output, ended } = start(command, args, options);
  const code = await ended;
  if (code === 0) return output();
  throw new Error(`${command} ${args.join(" ")} ended with ${code}\n${output()}`);
}

/** Starts a command. `output` returns what it has printed so far. */
export function start(command: string, args: readonly string[], { cwd, env }: RunOptions) {
  const child = spawn(command, args, {
    cwd,
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
  }
  const ended = new Promise<string | number>((resolve) => {
    child.on("error", (error) => {
      chunks.push(error.message);
      resolve("an error");
    });
    child.on("close", (code, signal) => {
      resolve(code ?? signal ?? "nothing");
    });
  });
  return { output: () => chunks.join(""), ended, stop: () => child.kill() };
}
