import { join } from "node:path";
import { createContext, runInContext } from "node:vm";

import { build } from "esbuild";
import { beforeAll, expect, it } from "vitest";

import { root } from "./workspace.js";

// A context of Node's module `vm` has globals of its own, as in jest and jsdom. The default engine computes there, also where tools
// put some constructors of the outer realm into the context, so that WebAssembly's and the program's arrays are of different realms.

let program: string;

beforeAll(async () => {
  const contents = `
    import { backward, fromData, getEngine, Linear, mseLoss, SGD } from "stargrad";
    const model = new Linear(1, 1);
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const [x, y] = [[0, 1, 2, 3], [1, 3, 5, 7]].map((data) => fromData(Float32Array.from(data), [4, 1]));
    for (let step = 0; step < 200; step++) {
      optimizer.zeroGrad();
      backward(mseLoss(model.forward(x), y));
      optimizer.step();
    }
    globalThis.report = { engine: getEngine().name, loss: mseLoss(model.forward(x), y).itemSync() };`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(root, "tests") },
    bundle: true,
    format: "iife",
    conditions: ["source"],
    write: false,
  });
  program = outputFiles[0].text;
});

it.each([
  ["nothing", {}],
  ["a process without modules", { process: { env: {} } }],
  ["Node's process", { process }],
  ["Uint8Array and ArrayBuffer, as jest does", { process, Uint8Array, ArrayBuffer }],
  ["every array", { Uint8Array, Int32Array, Float32Array, Float64Array, ArrayBuffer, SharedArrayBuffer }],
  ["WebAssembly", { WebAssembly }],
])("the default engine trains in a context that is given %s", (_, given: Record<string, unknown>) => {
  const warnings: string[] = [];
  const console = { warn: (message: string) => warnings.push(message) };
  const context = createContext({ console, ...given });
  runInContext(program, context);
  expect(context.report).toMatchObject({ engine: "wasm" });
  expect((context.report as { readonly loss: number }).loss).toBeLessThan(0.01);
  expect(warnings).toEqual([]);
});
