import { i32 } from "../assembler/expression.js";
import type { FunctionReference } from "../assembler/function-builder.js";
import type { ModuleBuilder } from "../assembler/module-builder.js";
import { entry } from "./addressing.js";
import { runParameters, type Matmul, type RunParameter } from "./run.js";

/** What `runBatch` takes, all `i32`: what `run` takes but its `batch`, and then these. */
export const batchParameters = [
  ...runParameters.filter((name): name is Exclude<RunParameter, "batch"> => name !== "batch"),
  "aBatches",
  "bBatches",
  "cBatches",
  "batchFrom",
  "batchTo",
] as const;

/**
 * Writes a function that runs a product for `batchFrom` to `batchTo`. `aBatches`, `bBatches` and `cBatches` are tables of int32 byte
 * offsets that are added to the operands' addresses: equal ones broadcast, any others permute.
 */
export function emitBatches(module: ModuleBuilder, { run }: Matmul, name?: string): FunctionReference<null> {
  return module.function(
    { parameters: batchParameters.map(() => "i32" as const), result: null },
    (body, ...locals) => {
      const input = (parameter: (typeof batchParameters)[number]) =>
        locals[batchParameters.indexOf(parameter)];
      body.for({ from: input("batchFrom"), to: input("batchTo") }, (batch) => {
        const moved = (base: "a" | "b" | "c") =>
          i32.add(input(base), i32.load(entry(input(`${base}Batches`), batch)));
        const values = runParameters.map((parameter) => {
          if (parameter === "batch") return batch;
          if (parameter === "a" || parameter === "b" || parameter === "c") return moved(parameter);
          return input(parameter);
        });
        body.call(run, ...values);
      });
    },
    name,
  );
}
