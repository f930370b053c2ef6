import { spawnSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installPublished } from "./published-packages.js";
import { root } from "./workspace.js";

// WebAssembly computes unless somebody chooses another engine, and under the condition `stargrad-no-engine` there is no default, and no
// WebAssembly in what is shipped. From sources and from packages as they are published, bundled and in Node.

/** An engine as somebody writes it outside, and a model that it trains. */
const ownEngine = `
  import { Adam, backward, fromData, getEngine, Linear, mseLoss, referenceEngine, setEngine } from "stargrad";
  let programs = 0;
  setEngine({
    name: "own",
    capabilities: referenceEngine.capabilities,
    prepare(outputs) {
      programs++;
      return referenceEngine.prepare(outputs);
    },
  });
  const model = new Linear(1, 1);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.1 });
  const [x, y] = [[0, 1, 2, 3], [1, 3, 5, 7]].map((data) => fromData(Float32Array.from(data), [4, 1]));
  let loss;
  for (let step = 0; step < 300; step++) {
    loss = mseLoss(model.forward(x), y);
    backward(loss);
    optimizer.step();
    optimizer.zeroGrad();
  }
  console.log(JSON.stringify({ engine: getEngine().name, programs: programs > 300, learned: loss.itemSync() < 0.01 }));
`;
const defaultEngine = `
  import { getEngine, tensor } from "@stargrad/tensor";
  console.log(JSON.stringify({ sum: tensor([1, 2]).sum().itemSync(), engine: getEngine().name }));
`;

let folder: string;
/** A folder in which neither `@stargrad/wasm` nor the compiler is installed. */
let without: string;

beforeAll(async () => {
  [folder, without] = ["with", "without"].map((name) =>
    realpathSync(mkdtempSync(join(tmpdir(), `stargrad-engine-${name}-`))),
  );
  await installPublished(folder);
  await installPublished(without, (name) => ["graph", "tensor"].includes(name));
});

afterAll(() => {
  for (const each of [folder, without]) rmSync(each, { recursive: true, force: true });
});

/** Runs a file, and returns what it prints in its last line, and what it complains about. */
function run(file: string, ...flags: string[]): { printed: unknown; complaints: string } {
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, file], { encoding: "utf8" });
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  return { printed: last.startsWith("{") ? JSON.parse(last) : undefined, complaints: stderr };
}

function write(where: string, program: string): string {
  const file = join(where, "program.mjs");
  writeFileSync(file, program);
  return file;
}

/** Bundles a program for a page. */
async function bundle(contents: string, resolveDir: string, conditions: string[]): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions,
    logLevel: "error",
  });
  return outputFiles[0].text;
}

describe.each(["sources", "published packages"])("a bundle of %s", (from) => {
  const bundled = (program: string, ...conditions: string[]) =>
    from === "sources"
      ? bundle(program, join(root, "tests"), ["source", ...conditions])
      : bundle(program, folder, conditions);

  it("computes with WebAssembly", async () => {
    const text = await bundled(defaultEngine);
    expect(text).toContain("WebAssembly");
    expect(run(write(folder, text))).toEqual({ printed: { sum: 3, engine: "wasm" }, complaints: "" });
  });

  it("has no WebAssembly under the condition, and trains with an engine of one's own", async () => {
    const text = await bundled(ownEngine, "stargrad-no-engine");
    expect(text).not.toContain("WebAssembly");
    expect(text.length).toBeLessThan(0.6 * (await bundled(ownEngine)).length);
    const printed = { engine: "own", programs: true, learned: true };
    expect(run(write(folder, text))).toEqual({ printed, complaints: "" });
  });

  it("says under the condition that an engine has to be chosen", async () => {
    const text = await bundled(defaultEngine, "stargrad-no-engine");
    expect(run(write(folder, text)).complaints).toContain(
      "getEngine: no engine has been chosen, and the condition stargrad-no-engine leaves out the default one. Call setEngine",
    );
  });
});

describe("in Node, published packages", () => {
  it("compute with WebAssembly", () => {
    expect(run(write(folder, defaultEngine))).toEqual({
      printed: { sum: 3, engine: "wasm" },
      complaints: "",
    });
  });

  it("load no WebAssembly engine under the condition: it need not be installed", () => {
    const program = write(
      without,
      `import { referenceEngine, setEngine } from "@stargrad/tensor";
       setEngine({ name: "own", capabilities: referenceEngine.capabilities, prepare: (outputs) => referenceEngine.prepare(outputs) });
       ${defaultEngine}`,
    );
    expect(run(program).complaints).toContain("Cannot find package '@stargrad/wasm'");
    expect(run(program, "--conditions=stargrad-no-engine").printed).toEqual({ sum: 3, engine: "own" });
  });

  it("tell why they are slow, once, where WebAssembly cannot run", () => {
    const { printed, complaints } = run(write(folder, defaultEngine), "--jitless");
    expect(printed).toEqual({ sum: 3, engine: "reference" });
    expect(
      complaints.match(/reference engine, which is many times slower: WebAssembly is missing/g),
    ).toHaveLength(1);
  });

  it("say nothing if the reference engine was chosen", () => {
    const program = `import { referenceEngine, setEngine } from "@stargrad/tensor";
      setEngine(referenceEngine);
      ${defaultEngine}`;
    const { printed, complaints } = run(write(folder, program), "--jitless");
    expect(printed).toEqual({ sum: 3, engine: "reference" });
    expect(complaints).not.toContain("Stargrad");
  });
});
