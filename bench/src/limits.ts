import type { Candidate } from "./measure.js";
import type { Workload } from "./workload.js";

export interface Limit extends Candidate {
  readonly name: string;
}

/** The best possible speed of one core of this machine, for the same amount of arithmetic or the same number of bytes. */
export function limitOf(limit: Workload["limit"]): Limit {
  return "operations" in limit ? simdPeak(limit.operations) : copyBandwidth(limit.bytes);
}

/** Enough independent accumulators to hide the latency of one; with the factor and a temporary they fit 16 registers. */
const chains = 13;
/** A multiplication and an addition on each of four elements. */
const operationsPerChain = 8;

/**
 * 128-bit WebAssembly multiply-adds in registers; each depends only on the one 13 before it. They are fused if relaxed SIMD is
 * available; on Node 20 the first engine turns it on.
 */
function simdPeak(operations: number): Limit {
  const fused = WebAssembly.validate(chainsModule(true));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(chainsModule(fused)));
  const { run } = instance.exports as { run: (steps: number) => void };
  const steps = Math.max(1, Math.round(operations / (chains * operationsPerChain)));
  return timed("limit: SIMD peak", () => {
    run(steps);
  });
}

/** Copies half of the bytes, because each copied byte is read once and written once. */
function copyBandwidth(bytes: number): Limit {
  const from = new Uint8Array(bytes / 2).fill(1);
  const to = new Uint8Array(bytes / 2).fill(2);
  return timed("limit: copy", () => {
    to.set(from);
  });
}

function timed(name: string, call: () => void): Limit {
  return {
    name,
    run(calls) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) call();
      return Promise.resolve(performance.now() - start);
    },
  };
}

const [v128, f32, i32, empty] = [0x7b, 0x7d, 0x7f, 0x40];
const [steps, factor] = [0, chains + 1];
const vector = (...code: readonly number[]): number[] => [0xfd, ...code];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];

/**
 * `(steps: i32) -> f32`: repeats `sum = sum · 0.5 + 0.5` for all accumulators, and returns their total, so that no accumulator can
 * be optimized away.
 *
 * Source: WebAssembly core specification, "Binary Format"
 */
function chainsModule(fused: boolean): Uint8Array<ArrayBuffer> {
  const sums = Array.from({ length: chains }, (_, i) => i + 1);
  const multiplyAdd = fused
    ? [...get(factor), ...get(factor), ...vector(0x85, 0x02)]
    : [...get(factor), ...vector(0xe6, 0x01), ...get(factor), ...vector(0xe4, 0x01)];
  const code = [
    ...[1, chains + 1, v128],
    ...[0x43, 0, 0, 0, 0x3f, ...vector(0x13), ...set(factor)], // factor = splat(0.5)
    ...[0x03, empty], // loop
    ...sums.flatMap((sum) => [...get(sum), ...multiplyAdd, ...set(sum)]),
    ...[...get(steps), 0x41, 1, 0x6b, 0x22, steps, 0x0d, 0, 0x0b], // while (steps -= 1)
    ...get(factor),
    ...sums.flatMap((sum) => [...get(sum), ...vector(0xe4, 0x01)]),
    ...[...vector(0x1f, 0), 0x0b], // the first element
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i32, 1, f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...Buffer.from("run"), 0, 0]),
    ...section(10, [1, ...sized(code)]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

/** The content, preceded by its length in LEB128; two bytes suffice for all lengths here. */
function sized(content: readonly number[]): number[] {
  return [(content.length % 128) + 128, Math.floor(content.length / 128), ...content];
}
