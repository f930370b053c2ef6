import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

import { serve, trainInBrowser } from "./pages.js";
import { run, start } from "./process.js";
import { rowOf, warningsIn, type Report, type Row } from "./report.js";
import { compileTypes } from "./types.js";

/** Runs a project that is installed in a folder. */
type Project = (folder: string) => Promise<Row[]>;

const silent = "--disable-warning=ExperimentalWarning";
/** Nothing is timed: the limit of test runners is for what hangs, also on a busy machine. */
const patience = ["--testTimeout", "300000"];

/** How each project is run, by the name of its folder. */
export const projects: Readonly<Record<string, Project>> = {
  types: compileTypes,
  node: inProcess("node", [
    { command: process.execPath, args: ["program.js"] },
    // Node 20 warns that it can require ES modules.
    { command: process.execPath, args: [silent, "program.cjs"] },
  ]),
  deno: (folder) =>
    inProcess("deno", [{ command: binary(folder, "@deno", "deno"), args: ["run", "-A", "program.js"] }])(
      folder,
    ),
  bun: (folder) =>
    inProcess("bun", [{ command: binary(folder, "@oven", "bin/bun"), args: ["program.js"] }])(folder),
  jest: inProcess(
    "jest",
    ["node", "jsdom"].flatMap((environment) => [
      jest(environment, "modules", { NODE_OPTIONS: `--experimental-vm-modules ${silent}` }),
      jest(environment, "compiled", {}),
    ]),
  ),
  vitest: inProcess(
    "vitest",
    ["node", "jsdom"].flatMap((environment) => [
      vitest(environment, "threads"),
      vitest(environment, "vmThreads"),
    ]),
  ),
  jsdom: inProcess("jsdom", [{ command: process.execPath, args: ["program.js"], threads: false }]),
  esbuild: bundled("esbuild", ["build.js"]),
  rollup: bundled("rollup", ["../node_modules/rollup/dist/bin/rollup", "--config", "--silent"]),
  vite: bundled("vite", ["../node_modules/vite/bin/vite.js", "build"]),
  webpack: bundled("webpack", ["build.js"]),
  next,
};

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Whether there are several threads. Default: true */
  readonly threads?: boolean;
}

function jest(environment: string, modules: string, env: Readonly<Record<string, string>>): Command {
  const config = `${modules}.config.json`;
  const args = [
    "../node_modules/jest/bin/jest.js",
    "--config",
    config,
    "--rootDir",
    ".",
    "--env",
    environment,
    ...patience,
  ];
  return { command: process.execPath, args, env };
}

function vitest(environment: string, pool: string): Command {
  const args = [
    "../node_modules/vitest/vitest.mjs",
    "run",
    "--environment",
    environment,
    "--pool",
    pool,
    ...patience,
  ];
  return { command: process.execPath, args, env: { SETTING: `${environment}, pool ${pool}` } };
}

/** Programs that hand over their reports in a file. */
function inProcess(project: string, commands: readonly Command[]): Project {
  return async (folder) => {
    const rows: Row[] = [];
    const reports = join(folder, "reports.jsonl");
    for (const { command, args, env = {}, threads = true } of commands) {
      rmSync(reports, { force: true });
      const output = await run(command, args, { cwd: folder, env: { REPORTS: reports, ...env } });
      if (!existsSync(reports)) throw new Error(`${args.join(" ")} handed over no report\n${output}`);
      const { name, ...report } = JSON.parse(readFileSync(reports, "utf8")) as Report & {
        readonly name: string;
      };
      const row = rowOf(project, name, report, { threads });
      rows.push({ ...row, problems: [...row.problems, ...warningsIn(output)] });
    }
    return rows;
  };
}

/** A page that a bundler makes in `dist`. */
function bundled(project: string, args: readonly string[]): Project {
  return async (folder) => {
    const output = await run(process.execPath, args, { cwd: folder });
    const site = await serve(join(folder, "dist"));
    try {
      const [first, ...others] = await trainInBrowser(project, site.address);
      return [{ ...first, problems: [...first.problems, ...warningsIn(output)] }, ...others];
    } finally {
      site.close();
    }
  };
}

/** A site that trains while it is built, at a request, on its page, and in a worker of its page. */
async function next(folder: string): Promise<Row[]> {
  const cli = join("..", "node_modules", "next", "dist", "bin", "next");
  const output = await run(process.execPath, [cli, "build"], { cwd: folder });
  const { compilerOptions } = JSON.parse(readFileSync(join(folder, "tsconfig.json"), "utf8")) as {
    readonly compilerOptions: { readonly strict: boolean };
  };
  const port = await freePort();
  const address = `http://localhost:${port}`;
  const server = start(process.execPath, [cli, "start", "--port", String(port)], { cwd: folder });
  try {
    const html = await textOf(address, server);
    const written = /<pre id="server">(.*?)<\/pre>/.exec(html)?.[1].replaceAll("&quot;", '"') ?? "";
    const built = rowOf("next", "a server component, at build", JSON.parse(written) as Report, {
      threads: true,
    });
    const answer = JSON.parse(await textOf(`${address}/trained`, server)) as Report;
    const lax = compilerOptions.strict
      ? ["the generated tsconfig.json is strict, contrary to what we test"]
      : [];
    return [
      { ...built, problems: [...built.problems, ...warningsIn(output), ...lax] },
      rowOf("next", "a route, at a request", answer, { threads: true }),
      ...(await trainInBrowser("next", address)),
    ];
  } finally {
    server.stop();
    await server.ended;
  }
}

/** The text at an address, as soon as the server answers. */
async function textOf(address: string, { output }: ReturnType<typeof start>): Promise<string> {
  for (let tries = 0; tries < 600; tries++) {
    const response = await fetch(address).catch(() => null);
    if (response?.ok === true) return response.text();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${address} does not answer\n${output()}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A program in the package of this platform, the only one of its scope; install scripts would only link it. */
function binary(folder: string, scope: string, file: string): string {
  const packages = join(folder, "..", "node_modules", scope);
  const found = readdirSync(packages).map((name) => join(packages, name, file));
  const program = found.find((path) => existsSync(path));
  if (program === undefined) throw new Error(`npm installed no ${file} of ${scope} for this platform`);
  return program;
}
