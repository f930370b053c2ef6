import { HostStorage, type Engine, type Node } from "@stargrad/graph";
import { describeGraph } from "../describe-graph.js";
import { fuse } from "../fuse.js";
import type { Program } from "../kernel.js";
import { lower } from "../lower.js";
import type { Target } from "../target.js";
import { interpret } from "./interpreter.js";

/** An engine that compiles for a target and interprets the programs. Calls `observe` with every program. */
export function interpretedEngine(
  target: Target,
  observe: (program: Program) => void = () => undefined,
): Engine {
  return {
    name: `interpreted ${target.name}`,
    capabilities: { dtypes: target.dtypes, synchronous: true },
    prepare(outputs: readonly Node[]) {
      const { leaves } = describeGraph(outputs);
      const program = fuse(lower(outputs, target), target);
      observe(program);
      return {
        leaves,
        run(elements) {
          const inputs = elements.map((storage) => storage.readSync());
          return interpret(program, target, inputs).map((data) => new HostStorage(data));
        },
      };
    },
  };
}
