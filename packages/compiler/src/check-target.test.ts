import {
  ArgumentError,
  conformanceCases,
  createLeaf,
  createNode,
  disagreement,
  HostStorage,
  referenceEngine,
  runProgram,
  sizeOf,
  type Engine,
  type Node,
} from "@stargrad/graph";
import { topologicalOrder } from "@stargrad/graph/internal";
import { describe, expect, it } from "vitest";
import { abortingChecks } from "./checks.js";
import { reportingChecks } from "./findings.js";
import { fuse } from "./fuse.js";
import { lower } from "./lower.js";
import { planMemory } from "./memory-plan.js";
import type { Target } from "./target.js";
import { interpretedEngine } from "./testing/interpreted-engine.js";
import { narrowTarget, vectorTarget } from "./testing/targets.js";

/** Returns a number for a field: at least its minimum, and rarely more than `most`; Infinity only if the field allows it. */
type Choice = (least: number, most: number, allowsInfinity?: boolean) => number;

/** A legal target. The interpreter needs aligned elements. */
function targetOf(checks: Target["checks"], choose: Choice): Target {
  const either = (): boolean => choose(0, 1, false) === 1;
  return {
    name: "any",
    dtypes: ["bool", "int32", "float32"],
    elementBytes: () => 4,
    checks,
    memory: { alignmentBytes: 4 * choose(1, 5, false), overreadBytes: choose(0, 16, false) },
    kernel: {
      buffers: choose(4, 9),
      operands: choose(checks.least.operands, 12),
      parts: choose(checks.least.parts, 40, false),
    },
    products: {
      epilogueOperands: choose(0, 4),
      stridedEpilogues: either(),
      positionsInEpilogues: either(),
      mixedWidthEpilogues: either(),
      panels: { dtypes: either() ? ["float32"] : [], columns: choose(0, 5), rows: choose(0, 64) },
    },
    reductions: {
      leastSize: choose(0, 24),
      partSize: choose(0, 9),
      enoughResults: choose(0, 6),
      longRow: choose(0, 8),
      fewestParts: choose(0, 3),
      fewestRows: choose(0, 3),
    },
    rowBlocks: {
      blockBytes: choose(0, 200),
      mostBlockBytes: choose(0, 4096),
      leastBytes: choose(0, 64),
      loops: choose(0, 6),
      parts: choose(0, 80),
    },
    tiles: { lines: choose(0, 4), elements: choose(0, 5), leastSide: choose(0, 2), leastSize: choose(0, 12) },
    costs: narrowTarget.costs,
  };
}

const minimum: Choice = (least) => least;

/** Often the minimum, sometimes Infinity. */
function randomChoice(seed: number): Choice {
  let state = seed;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  return (least, most, allowsInfinity = true) => {
    const kind = random();
    if (kind < 0.3) return least;
    if (kind > 0.9 && allowsInfinity) return Infinity;
    return least + Math.floor(random() * Math.max(1, most - least + 1));
  };
}

const isSmall = (name: string): boolean =>
  ![...name.matchAll(/\d+/g)].some(([number]) => Number(number) > 17) || !/product|tanh/.test(name);
const needsFloat64 = (node: Node): boolean =>
  topologicalOrder([node], () => true).some(({ dtype }) => dtype === "float64");
const cases = conformanceCases().filter(({ name, build }) => isSmall(name) && !needsFloat64(build()));

/** The cases that an engine gets wrong. Takes every `stride`-th case, from the `first`. */
function failures(engine: Engine, stride = 1, first = 0): string[] {
  return cases
    .filter((_, i) => i % stride === first % stride)
    .flatMap(({ name, build, tolerance }) => {
      const elements = (on: Engine) => runProgram(on, [build()])[0].readSync();
      try {
        const difference = disagreement(elements(engine), elements(referenceEngine), tolerance);
        return difference === null ? [] : [`${name}: ${difference}`];
      } catch (error) {
        return [`${name}: ${String(error)}`];
      }
    });
}

const lowerings = Object.entries({ abortingChecks, reportingChecks });

describe("programs for a target with the smallest numbers that are allowed", () => {
  it.each(lowerings)("are correct and within its limits, with %s", (_, checks) => {
    expect(failures(interpretedEngine(targetOf(checks, minimum)))).toEqual([]);
  });

  it.each(lowerings)("need exactly these numbers, with %s", (_, checks) => {
    const { operands, parts } = checks.least;
    const smaller = (kernel: Partial<Target["kernel"]>): Engine => {
      const target = targetOf({ ...checks, least: { operands: 1, parts: 1 } }, minimum);
      return interpretedEngine({
        ...target,
        kernel: { buffers: 4, operands, parts, ...kernel },
      });
    };
    const nodes = [where(), ...(checks === reportingChecks ? [remainder(), picked()] : [])];
    const run = (engine: Engine) => () => {
      for (const node of nodes) runProgram(engine, [node]);
    };
    expect(run(smaller({}))).not.toThrow();
    expect(run(smaller({ operands: operands - 1 }))).toThrow(/operands; the target allows/);
    expect(run(smaller({ parts: parts - 1 }))).toThrow(/parts; the target allows/);
  });

  it("add windows whose expression has as many operands as a loop can read", () => {
    const windows = (): Node => createNode("where", [bools(2, 3, 2), floats(2, 3, 2), floats(2, 3, 2)], {});
    const attributes = { size: [2], stride: [1], dilation: [1], shape: [2, 4] };
    const fold = (): Node => createNode("fold", [windows()], attributes);
    const { kernel, ...target } = targetOf(abortingChecks, minimum);
    const engine = interpretedEngine({ ...target, kernel: { ...kernel, buffers: 8, parts: 8 } });
    const [got, expected] = [engine, referenceEngine].map((on) => runProgram(on, [fold()])[0].readSync());
    expect(got).toEqual(expected);
  });
});

describe("programs for any legal target", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("are correct and within its limits (%i)", (seed) => {
    const checks = seed % 2 === 0 ? abortingChecks : reportingChecks;
    expect(failures(interpretedEngine(targetOf(checks, randomChoice(seed))), 4, seed)).toEqual([]);
  });
});

describe("a target that the compiler cannot serve", () => {
  type Change = (target: Target) => object;
  const changes: Readonly<Record<string, Change>> = {
    "kernel.buffers 3 for vectors; expected an integer or Infinity, at least 4": ({ kernel }) => ({
      kernel: { ...kernel, buffers: 3 },
    }),
    "kernel.operands 2 for vectors; expected an integer or Infinity, at least 3": ({ kernel }) => ({
      kernel: { ...kernel, operands: 2 },
    }),
    "kernel.parts 3 for vectors; expected an integer, at least 4": ({ kernel }) => ({
      kernel: { ...kernel, parts: 3 },
    }),
    "kernel.parts Infinity for vectors; expected an integer, at least 4": ({ kernel }) => ({
      kernel: { ...kernel, parts: Infinity },
    }),
    "kernel.parts 9 for vectors; expected an integer, at least 10": ({ kernel }) => ({
      checks: reportingChecks,
      kernel: { ...kernel, parts: 9 },
    }),
    "memory.alignmentBytes 0 for vectors; expected an integer, at least 1": ({ memory }) => ({
      memory: { ...memory, alignmentBytes: 0 },
    }),
    "memory.overreadBytes NaN for vectors; expected an integer, at least 0": ({ memory }) => ({
      memory: { ...memory, overreadBytes: NaN },
    }),
    "products.panels.columns 2.5 for vectors; expected an integer or Infinity, at least 0": ({
      products,
    }) => ({
      products: { ...products, panels: { dtypes: [], columns: 2.5, rows: 0 } },
    }),
    "reductions.partSize -1 for vectors; expected an integer or Infinity, at least 0": ({ reductions }) => ({
      reductions: { ...reductions, partSize: -1 },
    }),
    "costs.gather -0.5 for vectors; expected an integer or Infinity, at least 0": ({ costs }) => ({
      costs: { ...costs, gather: -0.5 },
    }),
    "dtypes int32,float32 for vectors; expected bool along with int32": () => ({
      dtypes: ["int32", "float32"],
    }),
  };

  it.each(Object.entries(changes))("is rejected: %s", (problem, change) => {
    const target = { ...vectorTarget, ...change(vectorTarget) };
    const program = lower([where()], vectorTarget);
    const calls = [
      () => lower([where()], target),
      () => fuse(program, target),
      () => planMemory(program, target),
    ];
    for (const call of calls) {
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(`Target: got ${problem}`);
    }
  });

  it("is not accepted after it has been rejected once, and an accepted one is not read again", () => {
    let reads = 0;
    const counted = (least: number): Target => ({
      ...vectorTarget,
      get tiles() {
        reads++;
        return { ...vectorTarget.tiles, lines: least };
      },
    });
    const bad = counted(-1);
    for (let i = 0; i < 2; i++) expect(() => lower([where()], bad)).toThrow("tiles.lines -1");
    const good = counted(1);
    lower([where()], good);
    reads = 0;
    for (let i = 0; i < 3; i++) fuse(lower([where()], good), good);
    expect(reads).toBe(0);
  });
});

function floats(...shape: number[]): Node {
  const elements = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i + 1));
  return createLeaf(shape, "float32", new HostStorage(elements));
}

function bools(...shape: number[]): Node {
  return createLeaf(shape, "bool", new HostStorage(new Uint8Array(sizeOf(shape)).fill(1)));
}

function integers(...elements: number[]): Node {
  return createLeaf([elements.length], "int32", new HostStorage(Int32Array.from(elements)));
}

/** Three operands that are computed in the same program. */
function where(): Node {
  const squares = (): Node => createNode("mul", [floats(4), floats(4)], {});
  return createNode("where", [createNode("less", [floats(4), floats(4)], {}), squares(), squares()], {});
}

function remainder(): Node {
  return createNode("mod", [integers(7, -7, 9), integers(2, 3, -4)], {});
}

function picked(): Node {
  return createNode("gather", [floats(3), integers(2, 0)], { axis: 0 });
}
