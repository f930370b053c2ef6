import {
  allocate,
  primitives,
  sizeOf,
  type HostTensor,
  type Primitive,
  type TypedArray,
} from "@stargrad/graph";
import { failureOf } from "../checks.js";
import {
  bufferName,
  buffersOf,
  leavesOf,
  type ArgsortKernel,
  type BufferSpec,
  type CumulativeSumKernel,
  type GatherKernel,
  type Kernel,
  type LoopKernel,
  type MapResult,
  type Operand,
  type ProductKernel,
  type Program,
  type RandomBitsKernel,
  type ReduceKernel,
  type RowsKernel,
  type ScanKernel,
  type ScatterAddKernel,
} from "../kernel.js";
import { contiguous, type Layout } from "../layout.js";
import { changeLayouts } from "../rewrite.js";
import type { Target } from "../target.js";
import { Evaluation, offsetsOf } from "./evaluate.js";
import { Elements, placed, separate } from "./memory.js";
import { expectPromised } from "./promises.js";

/**
 * Interprets a program kernel by kernel, strictly as the kernels are documented, in memory laid out by the memory plan. It is slow
 * and strict: it throws if a kernel exceeds the target's limits, accesses a buffer that it does not declare, or accesses an element
 * outside a buffer.
 *
 * Throws the error of a check that finds a faulty number.
 */
export function interpret(program: Program, target: Target, inputs: readonly TypedArray[]): TypedArray[] {
  const elements = placed(program, target);
  new Interpreter(program.buffers, elements, target).run(program, inputs);
  const read = (buffer: number): TypedArray =>
    known(elements, buffer).read(offsetsOf(contiguous([program.buffers[buffer].size])));
  for (const { size, found, value, ...check } of program.findings) {
    const [count] = read(found);
    if (count > 0) throw failureOf(check, size - count, read(value)[0]);
  }
  return program.outputs.slice(0, program.outputs.length - 2 * program.findings.length).map(read);
}

class Interpreter {
  readonly #buffers: readonly BufferSpec[];
  readonly #elements: (Elements | null)[];
  readonly #target: Target;

  constructor(buffers: readonly BufferSpec[], elements: readonly (Elements | null)[], target: Target) {
    this.#buffers = buffers;
    this.#elements = [...elements];
    this.#target = target;
  }

  run(program: Program, inputs: readonly TypedArray[]): void {
    program.inputs.forEach((buffer, i) => {
      known(this.#elements, buffer).write(offsetsOf(contiguous([inputs[i].length])), inputs[i]);
    });
    for (const kernel of program.kernels) this.#run(kernel);
  }

  #run(kernel: Kernel): void {
    expectPromised(kernel, this.#buffers, this.#target);
    if (kernel.kind === "scan") this.#scan(kernel);
    else new KernelRun(kernel, this.#elements, this.#buffers, this.#target).run();
  }

  #scan({ length, kernels, views }: ScanKernel): void {
    for (let i = 0; i < length; i++) {
      for (const { buffer, source, offset, stride, alternates } of views) {
        const at = offset + (alternates ? i % 2 : i) * stride;
        this.#elements[buffer] = known(this.#elements, source).part(this.#buffers[buffer], at);
      }
      for (const kernel of kernels) this.#run(kernel);
    }
  }
}

/** One run of one kernel. Throws if the kernel accesses a buffer that it does not declare. */
class KernelRun {
  readonly #kernel: Exclude<Kernel, ScanKernel>;
  readonly #elements: (Elements | null)[];
  readonly #buffers: readonly BufferSpec[];
  readonly #target: Target;
  readonly #readable: Set<number>;
  readonly #writable: Set<number>;

  constructor(
    kernel: Exclude<Kernel, ScanKernel>,
    elements: readonly (Elements | null)[],
    buffers: readonly BufferSpec[],
    target: Target,
  ) {
    const { reads, writes } = buffersOf(kernel);
    this.#kernel = kernel;
    this.#elements = [...elements];
    this.#buffers = buffers;
    this.#target = target;
    this.#readable = new Set(reads);
    this.#writable = new Set(writes);
  }

  run(): void {
    const kernel = this.#kernel;
    switch (kernel.kind) {
      case "map":
      case "reduce":
        this.#loop(kernel);
        return;
      case "rows":
        this.#rows(kernel);
        return;
      case "product":
        this.#product(kernel);
        return;
      case "fill":
        this.#written(kernel.buffer).fill(kernel.value);
        return;
      case "copy":
        for (const { from, fromPosition, to, toPosition, size } of kernel.parts) {
          const offsets = offsetsOf(contiguous([size]));
          const elements = this.#read(
            from,
            offsets.map((offset) => offset + fromPosition),
          );
          this.#written(to).write(
            offsets.map((offset) => offset + toPosition),
            elements,
          );
        }
        return;
      case "gather":
        this.#gather(kernel);
        return;
      case "scatterAdd":
        this.#scatterAdd(kernel);
        return;
      case "cumsum":
      case "argsort":
        this.#wholeTensor(kernel, this.#tensor(kernel.x, kernel.shape));
        return;
      case "randomBits":
        this.#wholeTensor(kernel, this.#tensor({ buffer: kernel.state, layout: contiguous([4]) }, [4]));
        return;
      case "check": {
        const numbers = this.#tensor(kernel.operand, kernel.shape).data;
        const { from, to } = kernel.faulty;
        const isFaulty = (x: number): boolean => (from <= to ? x >= from && x <= to : x >= from || x <= to);
        const position = numbers.findIndex(isFaulty);
        if (position >= 0) throw failureOf(kernel, position, numbers[position]);
      }
    }
  }

  #loop(loop: LoopKernel): void {
    if (loop.kind === "map") this.#map(loop.shape, loop.results);
    else this.#reduce(loop);
  }

  /** Reads everything before it writes. So a buffer that is read and written must have the same layout in both, which this checks. */
  #map(shape: readonly number[], results: readonly MapResult[]): void {
    const evaluation = this.#evaluation(shape);
    const targets = results.map(({ buffer, layout }) => ({ buffer, offsets: offsetsOf(layout) }));
    for (const leaf of leavesOf(results.map(({ expression }) => expression))) {
      if (leaf.kind !== "load") continue;
      const offsets = offsetsOf(leaf.layout);
      for (const target of targets) {
        if (target.buffer === leaf.buffer && offsets.some((offset, i) => offset !== target.offsets[i])) {
          throw new Error(
            `${bufferName(this.#buffers[leaf.buffer])} is read in another order than it is written in one loop`,
          );
        }
      }
    }
    const values = results.map(({ expression }) => evaluation.of(expression).data);
    targets.forEach(({ buffer, offsets }, i) => {
      if (new Set(offsets).size !== offsets.length) throw new Error("a loop writes an element twice");
      this.#written(buffer).write(offsets, values[i]);
    });
  }

  #reduce({ combine, shape, expression, buffer, layout }: ReduceKernel): void {
    const { data, dtype } = this.#evaluation(shape).of(expression);
    const totals = new Map<number, number[]>();
    for (const [i, offset] of offsetsOf(layout).entries()) {
      const group = totals.get(offset);
      if (group === undefined) totals.set(offset, [data[i]]);
      else group.push(data[i]);
    }
    for (const [offset, group] of totals) {
      const input = { shape: [group.length], dtype, data: allocate(dtype, group.length) };
      input.data.set(group);
      const output = { shape: [], dtype, data: allocate(dtype, 1) };
      const primitive: Primitive<{ readonly axes: readonly number[] }> = primitives[combine];
      primitive.reference([input], { axes: [0] }, output);
      this.#written(buffer).write(Int32Array.of(offset), output.data);
    }
  }

  /** Runs the last block first, with new local buffers for each block, because blocks must be independent of their order. */
  #rows({ blocks, loops, locals }: RowsKernel): void {
    for (let block = blocks - 1; block >= 0; block--) {
      for (const local of locals) {
        this.#elements[local] = separate(this.#buffers[local], this.#target);
        this.#readable.add(local);
        this.#writable.add(local);
      }
      for (const loop of loops) this.#loop(inBlock(loop, block));
    }
  }

  #product({ dtype, batch, m, n, k, a, b, c, epilogue }: ProductKernel): void {
    const shape = [batch, m, n];
    const left = this.#tensor({ buffer: a.buffer, layout: layoutOf(a) }, [batch, m, k]);
    const right = this.#tensor({ buffer: b.buffer, layout: layoutOf(b) }, [batch, k, n]);
    const sums = { shape, dtype, data: allocate(dtype, batch * m * n) };
    primitives.matmul.reference([left, right], {}, sums);
    this.#written(c.buffer).write(offsetsOf(layoutOf(c)), sums.data);
    // The epilogue may read the sums, although `buffersOf` does not list them among the reads.
    this.#readable.add(c.buffer);
    if (epilogue.length > 0) this.#map(shape, epilogue);
  }

  #gather({ shape, index, x, step, buffer }: GatherKernel): void {
    const indices = this.#tensor(index, shape).data;
    const offsets = offsetsOf(x.layout).map((offset, i) => offset + indices[i] * step);
    if (indices.some((i) => i < 0)) throw new Error("a gather kernel got a negative index");
    this.#written(buffer).write(offsetsOf(contiguous(shape)), this.#read(x.buffer, offsets));
  }

  #scatterAdd({ shape, index, x, target, step, size }: ScatterAddKernel): void {
    const indices = this.#tensor(index, shape).data;
    const addends = this.#tensor(x, shape).data;
    if (indices.some((i) => i < 0 || i >= size))
      throw new Error(`a scatterAdd kernel got an index outside 0 to ${size - 1}`);
    for (const [i, offset] of offsetsOf(target.layout).entries()) {
      const at = Int32Array.of(offset + indices[i] * step);
      const [sum] = this.#read(target.buffer, at);
      this.#written(target.buffer).write(at, [sum + addends[i]]);
    }
  }

  /** Runs a kernel that corresponds to one primitive, whose attributes are fields of the kernel. */
  #wholeTensor(kernel: CumulativeSumKernel | ArgsortKernel | RandomBitsKernel, input: HostTensor): void {
    const { kind, shape, buffer } = kernel;
    const { dtype, size } = this.#buffers[buffer];
    const output = { shape, dtype, data: allocate(dtype, sizeOf(shape)) };
    if (output.data.length !== size)
      throw new Error(`${kind} has ${output.data.length} elements; its buffer has ${size}`);
    (primitives[kind] as Primitive).reference([input], kernel, output);
    this.#written(buffer).write(offsetsOf(contiguous([size])), output.data);
  }

  #evaluation(shape: readonly number[]): Evaluation {
    return new Evaluation(shape, (buffer, offsets) => this.#read(buffer, offsets));
  }

  #tensor({ buffer, layout }: Operand, shape: readonly number[]): HostTensor {
    return { shape, dtype: this.#buffers[buffer].dtype, data: this.#read(buffer, offsetsOf(layout)) };
  }

  #read(buffer: number, offsets: Int32Array): TypedArray {
    if (!this.#readable.has(buffer))
      throw new Error(`a kernel reads ${bufferName(this.#buffers[buffer])}, which it does not declare`);
    return known(this.#elements, buffer).read(offsets);
  }

  #written(buffer: number): Elements {
    if (!this.#writable.has(buffer))
      throw new Error(`a kernel writes ${bufferName(this.#buffers[buffer])}, which it does not declare`);
    return known(this.#elements, buffer);
  }
}

/** A loop of a `rows` kernel, restricted to one block. */
function inBlock(loop: LoopKernel, block: number): LoopKernel {
  const at = ({ offset, axes: [first, ...rest] }: Layout): Layout => ({
    offset: offset + block * (first.at(0)?.stride ?? 0),
    axes: rest,
  });
  const shape = loop.shape.slice(1);
  const moved = changeLayouts(loop, at);
  if (moved === null) throw new Error("a layout cannot be restricted to one block");
  return moved.kind === "map"
    ? { ...moved, shape }
    : { ...moved, shape, axes: moved.axes.map((axis) => axis - 1) };
}

function layoutOf({ offset, batch, rows, columns }: ProductKernel["a"]): Layout {
  return { offset, axes: [batch, rows, columns] };
}

function known(elements: readonly (Elements | null)[], buffer: number): Elements {
  const found = elements[buffer];
  if (found === null) throw new Error(`buffer ${buffer} is accessed but has no memory`);
  return found;
}
