// Prints the speed of products, as a fraction of the machine's peak in registers:
//     node --conditions=source --import tsx packages/wasm/src/testing/measure-products.ts
// All measurements alternate, including the peak, in turns of about equal length, so that other work on the machine slows all alike.

import { f32x4, i32, v128, type ElementOrder } from "@stargrad/codegen";
import { WasmModuleBuilder } from "../assembler/module-builder.js";
import { fastestVectors } from "../vector-features.js";
import { Arena, columnMajor, range, rowMajor, type View } from "./arena.js";

interface Measurement {
  readonly name: string;
  /** The number of additions and multiplications of one call. */
  readonly operations: number;
  readonly call: () => void;
}

const machine = fastestVectors();
const warmUps = 8;
const counted = 21;
/** The number of operations of one measurement: about 10 ms, long enough for the resolution of the clock. */
const enough = 4e8;

/** Multiply-adds in registers, each depending only on the one 13 steps before it. */
function peak(arena: Arena): Measurement {
  const steps = 100_000;
  const chains = 13;
  const pages = arena.memory.buffer.byteLength / 65536;
  const module = new WasmModuleBuilder({ minimum: pages, maximum: pages, shared: false });
  module.function(
    { parameters: ["i32"], result: null },
    (body, memory) => {
      const sums = range(chains).map((i) => body.keep(v128.load(memory, 16 * i)));
      const factor = body.keep(v128.load(memory, 16 * chains));
      body.for({ to: i32.const(steps) }, () => {
        for (const sum of sums) {
          sum.set(
            machine.relaxed
              ? f32x4.relaxedMultiplyAdd(sum, factor, factor)
              : f32x4.add(f32x4.mul(sum, factor), factor),
          );
        }
      });
      for (const [i, sum] of sums.entries()) body.store(memory, sum, 16 * i);
    },
    "chains",
  );
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), {
    env: { memory: arena.memory },
  });
  const { chains: run } = instance.exports as { chains: (memory: number) => void };
  const memory = arena.place(
    "float32",
    range(4 * (chains + 1)).map(() => 0.5),
  );
  return {
    name: "peak",
    operations: 8 * chains * steps,
    call: () => {
      run(memory);
    },
  };
}

interface Product {
  readonly name: string;
  readonly a: View;
  readonly b: View;
  /** The number of products, one after another in memory. The distance between the operands `b` may differ from their size. */
  readonly batch?: number;
  readonly sharedA?: boolean;
  /** Whether elements of b appear at several indices. */
  readonly overlapping?: boolean;
  readonly bSize?: number;
}

function product(
  arena: Arena,
  { name, a, b, batch = 1, sharedA = false, overlapping = false, bSize }: Product,
): Measurement {
  const [m, k, n] = [a.rows.length, a.columns.length, b.columns.length];
  const layouts = { a: { layout: layoutOf(a) }, b: { layout: layoutOf(b), overlapping } };
  const { matmul, run } = arena.compile({ dtype: "float32", m, n, k, ...layouts, machine });
  const sizeOf = ({ rows, columns }: View): number => Math.max(...rows) + Math.max(...columns) + 1;
  const random = (size: number): number =>
    arena.place("float32", Float32Array.from({ length: size }, Math.random));
  const offsets = (table: readonly number[]): number => arena.placeOffsets("float32", table);
  const [aStride, bStride] = [sharedA ? 0 : sizeOf(a), bSize ?? sizeOf(b)];
  const inputs = {
    a: random(aStride * (batch - 1) + sizeOf(a)),
    aRows: offsets(a.rows),
    aColumns: offsets(a.columns),
    b: random(bStride * (batch - 1) + sizeOf(b)),
    bRows: offsets(b.rows),
    bColumns: offsets(b.columns),
    c: random(batch * m * n),
    scratch: arena.allocate(matmul.scratchBytes),
  };
  const matrices = range(batch).map((i) => ({
    ...inputs,
    a: inputs.a + 4 * i * aStride,
    b: inputs.b + 4 * i * bStride,
    c: inputs.c + 4 * i * m * n,
  }));
  return {
    name,
    operations: 2 * m * n * k * batch,
    call: () => {
      for (const matrix of matrices) run(matrix);
    },
  };
}

function layoutOf({ rows, columns }: View): ElementOrder {
  const unit = (offsets: readonly number[]): boolean => offsets.every((offset, i) => offset === i);
  if (unit(columns) && columns.length > 1) return "rowsContiguous";
  return unit(rows) ? "columnsContiguous" : "any";
}

/** Images of 28 × 28, padded to 30 × 30 and unfolded with a 3 × 3 kernel: rows are (channel, y, x) in the kernel, columns are positions. */
function windows(channels: number): View {
  const side = 30;
  return {
    rows: range(channels).flatMap((c) =>
      range(9).map((tap) => (c * side + Math.floor(tap / 3)) * side + (tap % 3)),
    ),
    columns: range(784).map((position) => Math.floor(position / 28) * side + (position % 28)),
  };
}

function transposed({ rows, columns }: View): View {
  return { rows: columns, columns: rows };
}

function convolutions(): Product[] {
  const [inputs, outputs, images] = [16, 32, 32];
  const image = (channels: number): number => channels * 900;
  const over = (offsets: readonly number[], size: number): number[] =>
    range(images, size).flatMap((start) => offsets.map((offset) => start + offset));
  const input = windows(inputs);
  return [
    {
      name: "convolution: forward",
      a: rowMajor(outputs, inputs * 9),
      b: input,
      batch: images,
      sharedA: true,
      overlapping: true,
      bSize: image(inputs),
    },
    {
      name: "convolution: gradient of the input",
      a: {
        rows: range(inputs, 9),
        columns: range(outputs).flatMap((o) => range(9).map((tap) => o * inputs * 9 + 8 - tap)),
      },
      b: windows(outputs),
      batch: images,
      sharedA: true,
      overlapping: true,
      bSize: image(outputs),
    },
    {
      name: "convolution: gradient of the filter",
      a: { rows: range(outputs, 784), columns: over(range(784), outputs * 784) },
      b: transposed({ rows: input.rows, columns: over(input.columns, image(inputs)) }),
    },
  ];
}

function products(): Product[] {
  const squares = [256, 511, 512, 513, 1024].map((n) => ({
    name: `${n} × ${n}`,
    a: rowMajor(n, n),
    b: rowMajor(n, n),
  }));
  const skinny = [1, 4, 8, 16].flatMap((few) => [
    { name: `${few} rows, B by rows`, a: rowMajor(few, 1024), b: rowMajor(1024, 1024) },
    { name: `${few} rows, B by columns`, a: rowMajor(few, 1024), b: columnMajor(1024, 1024) },
    { name: `${few} columns, A by rows`, a: rowMajor(1024, 1024), b: rowMajor(1024, few) },
    { name: `${few} columns, A by columns`, a: columnMajor(1024, 1024), b: rowMajor(1024, few) },
  ]);
  return [
    ...squares,
    { name: "512, A transposed", a: columnMajor(512, 512), b: rowMajor(512, 512) },
    { name: "512, B transposed", a: rowMajor(512, 512), b: columnMajor(512, 512) },
    { name: "512, both transposed", a: columnMajor(512, 512), b: columnMajor(512, 512) },
    { name: "32 times 64 × 64, sums of 128", a: rowMajor(64, 128), b: rowMajor(128, 64), batch: 32 },
    ...convolutions(),
    ...skinny,
    { name: "512 × 512, sums of 4", a: rowMajor(512, 4), b: rowMajor(4, 512) },
    { name: "512 × 512, sums of 32", a: rowMajor(512, 32), b: rowMajor(32, 512) },
  ];
}

function rateOf({ operations, call }: Measurement): number {
  const calls = Math.ceil(enough / operations);
  const start = performance.now();
  for (let i = 0; i < calls; i++) call();
  return (operations * calls) / (performance.now() - start) / 1e6;
}

const arena = new Arena(192);
const measurements = [peak(arena), ...products().map((each) => product(arena, each))];
const rates = measurements.map((): number[] => []);
for (let turn = 0; turn < warmUps + counted; turn++) {
  for (const [i, measurement] of measurements.entries()) {
    const rate = rateOf(measurement);
    if (turn >= warmUps) rates[i].push(rate);
  }
}
for (const all of rates) all.sort((x, y) => x - y);
const median = (all: readonly number[]): number => all[(counted - 1) / 2];
const best = (all: readonly number[]): number => all[counted - 1];
console.log("GFLOP/s, median and best of all turns, each as a share of the peak's median and best");
for (const [i, { name }] of measurements.entries()) {
  const columns = [median, best].map((of) => {
    const share = (of(rates[i]) / of(rates[0])).toFixed(2);
    return `${of(rates[i]).toFixed(1).padStart(6)} ${share}`;
  });
  console.log(name.padEnd(36), ...columns);
}
