import { bytesPerElement, createLeaf, createNode, HostStorage, type DType } from "@stargrad/graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuse } from "./fuse.js";
import { buffersOf, type Kernel, type LoopExpression, type Program } from "./kernel.js";
import { contiguous } from "./layout.js";
import { lower } from "./lower.js";
import { planMemory } from "./memory-plan.js";
import { narrowTarget, vectorTarget } from "./testing/targets.js";

interface Life {
  readonly from: number;
  readonly to: number;
  readonly room: number;
}

/** The lifetime of each buffer; `null` if no kernel touches it, or the caller allocates it. */
function livesOf({ buffers, kernels, inputs, outputs }: Program): (Life | null)[] {
  const times = buffers.map((): number[] => []);
  kernels.forEach((kernel, time) => {
    const { reads, writes } = buffersOf(kernel);
    for (const buffer of [...reads, ...writes]) times[buffer].push(time);
  });
  return buffers.map(({ size, dtype }, buffer) => {
    if (times[buffer].length === 0 || [...inputs, ...outputs].includes(buffer)) return null;
    const room = Math.ceil((size * bytesPerElement(dtype) + 16) / 64) * 64;
    return { from: Math.min(...times[buffer]), to: Math.max(...times[buffer]), room };
  });
}

function meet(a: Life, b: Life): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/** The memory needed by first fit: each buffer, in order of lifetimes, at the lowest address that is free for its whole lifetime. */
function roomFirstFit(program: Program): number {
  const lives = livesOf(program).flatMap((life) => life ?? []);
  const placed: { life: Life; start: number }[] = [];
  for (const life of lives.sort((a, b) => a.from - b.from)) {
    const others = placed.filter((other) => meet(other.life, life)).sort((a, b) => a.start - b.start);
    let start = 0;
    for (const other of others) {
      if (start + life.room <= other.start) break;
      start = Math.max(start, other.start + other.life.room);
    }
    placed.push({ life, start });
  }
  return Math.max(0, ...placed.map(({ life, start }) => start + life.room));
}

/** Loops that each read some of the earlier buffers, including inputs, and write a new one. */
const programs: fc.Arbitrary<Program> = fc
  .record({
    loops: fc.array(fc.record({ reads: fc.array(fc.nat(), { maxLength: 4 }), size: fc.nat(4000) }), {
      maxLength: 120,
    }),
    outputs: fc.array(fc.nat(), { maxLength: 4 }),
  })
  .map(({ loops, outputs }) => {
    const dtypes: DType[] = ["float32", "float64", "bool"];
    const sizes = [7, 300, ...loops.map(({ size }) => size)];
    const layout = contiguous([1]);
    const kernels = loops.map(({ reads }, i) => {
      const load = (buffer: number): LoopExpression => ({ kind: "load", dtype: "float32", buffer, layout });
      const inputs = reads.map((read) => load(read % (i + 2)));
      const expression: LoopExpression = { kind: "apply", dtype: "float32", primitive: "add", inputs };
      return { kind: "map", shape: [1], results: [{ expression, buffer: i + 2, layout }] } as const;
    });
    return {
      buffers: sizes.map((size, i) => ({
        contents: "data",
        shape: [size],
        dtype: dtypes[i % dtypes.length],
        size,
      })),
      inputs: [0, 1],
      outputs: outputs.map((output) => output % sizes.length),
      kernels,
      findings: [],
    };
  });

describe("the memory plan", () => {
  it("does not overlap buffers with overlapping lifetimes, and needs no more memory than first fit", () => {
    fc.assert(
      fc.property(programs, (program) => {
        const { addresses, bytes } = planMemory(program, vectorTarget);
        const placed = livesOf(program).flatMap((life, buffer) => {
          const start = addresses[buffer];
          expect(start === null).toBe(life === null);
          return life === null || start === null ? [] : [{ ...life, start, end: start + life.room }];
        });
        for (const [i, one] of placed.entries()) {
          expect(one.start % 64).toBe(0);
          expect(one.end).toBeLessThanOrEqual(bytes);
          for (const other of placed.slice(i + 1)) {
            if (meet(one, other)) expect(one.end <= other.start || other.end <= one.start).toBe(true);
          }
        }
        expect(bytes).toBeLessThanOrEqual(1.1 * roomFirstFit(program));
      }),
    );
  });

  it("places the results of a chain of products alternately at two addresses", () => {
    const leaf = () => createLeaf([100, 100], "float32", new HostStorage(new Float32Array(10_000)));
    let x = leaf();
    for (let i = 0; i < 10; i++) x = createNode("matmul", [x, leaf()], {});
    const program = fuse(lower([x], vectorTarget), vectorTarget);
    const { addresses, bytes } = planMemory(program, vectorTarget);
    expect(addresses.filter((address) => address !== null)).toHaveLength(9);
    expect(bytes).toBeLessThan(2.1 * 4 * 100 * 100);
  });
});

describe("a local buffer of a rows kernel", () => {
  it("has no address, because the engine allocates it for each thread", () => {
    const x = createLeaf([12, 10], "float32", new HostStorage(new Float32Array(120)));
    const exponential = createNode("exp", [x], {});
    const largest = createNode("max", [exponential], { axes: [1] });
    const column = createNode("expand", [createNode("reshape", [largest], { shape: [12, 1] })], {
      shape: [12, 10],
    });
    const share = createNode("mul", [exponential, column], {});
    const program = fuse(lower([share], narrowTarget), narrowTarget);
    const locals = (kernels: readonly Kernel[]) =>
      kernels.flatMap((kernel) => (kernel.kind === "rows" ? kernel.locals : []));
    expect(locals(program.kernels)).not.toEqual([]);
    const scan = { kind: "scan", length: 2, kernels: program.kernels, views: [], results: [] } as const;
    for (const each of [program, { ...program, kernels: [scan] }]) {
      const { addresses } = planMemory(each, narrowTarget);
      for (const local of locals(program.kernels)) expect(addresses[local]).toBeNull();
    }
  });
});
