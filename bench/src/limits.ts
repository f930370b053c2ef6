import { Worker } from "node:worker_threads";
import type { Candidate } from "./measure.js";
import type { Workload } from "./workload.js";

export interface Limit extends Candidate {
  readonly name: string;
  /** Ends its threads. */
  readonly dispose?: () => void;
}

/** The best possible speed of this machine: the same arithmetic on so many cores, or a copy of the same number of bytes on one. */
export function limitOf(limit: Workload["limit"], threads = 1): Limit {
  return "operations" in limit ? simdPeak(limit.operations, threads) : copyBandwidth(limit.bytes);
}

/** Enough independent accumulators to hide the latency of one; with the factor and a temporary they fit 16 registers. */
const chains = 13;
/** A multiplication and an addition on each of four elements. */
const operationsPerChain = 8;

/**
 * 128-bit WebAssembly multiply-adds in registers; each depends only on the one 13 before it. They are fused if relaxed SIMD is
 * available; on Node 20 the first engine turns it on.
 */
function simdPeak(operations: number, threads: number): Limit {
  const fused = WebAssembly.validate(chainsModule(true));
  const module = new WebAssembly.Module(chainsModule(fused));
  const { run } = new WebAssembly.Instance(module).exports as unknown as Chains;
  const steps = Math.max(1, Math.round(operations / threads / (chains * operationsPerChain)));
  const others = Array.from({ length: threads - 1 }, () => otherThread(module, steps));
  return {
    name: `limit: SIMD peak${threads === 1 ? "" : ` of ${threads}`}`,
    run(calls) {
      const start = performance.now();
      for (const other of others) other.begin(calls);
      for (let i = 0; i < calls; i++) run(steps);
      for (const other of others) other.wait();
      return Promise.resolve(performance.now() - start);
    },
    dispose() {
      for (const other of others) other.end();
    },
  };
}

interface Chains {
  readonly run: (steps: number) => void;
}

/** What a thread is told, and how it answers: in shared memory, since messages would be on the clock. */
interface Orders {
  readonly module: WebAssembly.Module;
  readonly steps: number;
  /** How many turns were begun, how many calls the last of them has, and how many are over. */
  readonly turns: Int32Array;
}

/** Another thread that runs the chains. */
function otherThread(module: WebAssembly.Module, steps: number) {
  const turns = new Int32Array(new SharedArrayBuffer(12));
  const workerData: Orders = { module, steps, turns };
  const program = `(${obey.toString()})(require("node:worker_threads").workerData)`;
  const worker = new Worker(program, { eval: true, workerData });
  worker.unref();
  return {
    begin(calls: number): void {
      turns[1] = calls;
      Atomics.add(turns, 0, 1);
      Atomics.notify(turns, 0);
    },
    wait(): void {
      const over = turns[0] - 1;
      if (Atomics.load(turns, 2) === over) Atomics.wait(turns, 2, over);
    },
    end: () => void worker.terminate(),
  };
}

/** The program of another thread. It is handed over as text, so it may use nothing from outside. */
function obey({ module, steps, turns }: Orders): never {
  const { run } = new WebAssembly.Instance(module).exports as unknown as Chains;
  for (let turn = 0; ; turn++) {
    Atomics.wait(turns, 0, turn);
    for (let call = 0; call < turns[1]; call++) run(steps);
    Atomics.add(turns, 2, 1);
    Atomics.notify(turns, 2);
  }
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
