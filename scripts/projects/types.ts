import { readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { run } from "./process.js";
import type { Row } from "./report.js";

/**
 * Compiles the program of projects/types with each installed version of TypeScript and each combination of settings. Nothing but the
 * language is declared, neither a browser nor Node, so that our declarations must need neither.
 */
export async function compileTypes(folder: string): Promise<Row[]> {
  const modules = join(folder, "..", "node_modules");
  const compilers = readdirSync(modules).filter((name) => name.startsWith("typescript-"));
  const jobs = compilers.flatMap((compiler) => settings().map((options) => ({ compiler, options })));
  const seconds = new Map<string, number>();
  const problems = new Map<string, string[]>();
  const work = async () => {
    for (let job = jobs.pop(); job !== undefined; job = jobs.pop()) {
      const { compiler, options } = job;
      const started = performance.now();
      const name = Object.values({ compiler, ...options }).join("-");
      const compilerOptions = { noEmit: true, target: "es2022", lib: ["es2022"], types: [], ...options };
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify({ compilerOptions, files: ["program.ts"] }));
      const args = [join(modules, compiler, "bin", "tsc"), "--pretty", "false", "-p", file];
      const failure = await run(process.execPath, args, { cwd: folder }).then(
        () => [],
        (error: unknown) => [`${JSON.stringify(options)}: ${String(error)}`],
      );
      seconds.set(compiler, (seconds.get(compiler) ?? 0) + (performance.now() - started) / 1000);
      problems.set(compiler, [...(problems.get(compiler) ?? []), ...failure]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return compilers.map((compiler) => ({
    project: "types",
    what: `compiled: ${compiler.replace("-", " ")}, ${settings().length} settings`,
    engine: "none",
    seconds: seconds.get(compiler) ?? 0,
    problems: problems.get(compiler) ?? [],
  }));
}

function settings() {
  return [true, false].flatMap((strict) =>
    [true, false].flatMap((skipLibCheck) => [
      { strict, skipLibCheck, module: "nodenext", moduleResolution: "nodenext" },
      { strict, skipLibCheck, module: "esnext", moduleResolution: "bundler" },
    ]),
  );
}
