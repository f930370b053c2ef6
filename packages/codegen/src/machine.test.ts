import { describeGraph, failureOf, fuse, lower, allocatedBytes } from "@stargrad/compiler";
import { vectorTarget } from "@stargrad/compiler/testing";
import {
  bytesPerElement,
  conformanceCases,
  disagreement,
  elementsOf,
  referenceEngine,
  runProgram,
  sizeOf,
  type ConformanceCase,
  type DType,
  type Node,
  type TypedArray,
} from "@stargrad/graph";
import { describe, expect, it } from "vitest";
import { KernelLibrary } from "./kernels.js";
import { i32 } from "./machine/expression.js";
import type { Machine } from "./machine/machine.js";
import { InterpretedModule } from "./testing/interpreted-machine.js";

const arrays: Readonly<Record<DType, new (buffer: ArrayBuffer, at: number, length: number) => TypedArray>> = {
  bool: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

/** Computes a graph of one output on an invented machine with vectors of `vectorBytes` bytes. */
function computeOn(vectorBytes: number, output: Node): TypedArray {
  const target = { ...vectorTarget, memory: { alignmentBytes: 64, overreadBytes: vectorBytes } };
  const program = fuse(lower([output], target), target);
  const machine: Machine = {
    vectorBytes,
    relaxed: true,
    paired: false,
    registers: 30,
    tileRates: { 1: [30, 60], 2: [60, 80, 90], 3: [70, 90] },
  };
  let end = 64;
  const allocate = (bytes: number): number => {
    const address = end;
    end += allocatedBytes(bytes, target.memory);
    return address;
  };
  const module = new InterpretedModule(2 ** 22, vectorBytes);
  const library = new KernelLibrary(module, machine, target);
  const addresses = program.buffers.map(({ size, dtype }) => allocate(size * bytesPerElement(dtype)));
  const elements = (buffer: number): TypedArray => {
    const { dtype, size } = program.buffers[buffer];
    return new arrays[dtype](module.memory.buffer, addresses[buffer], size);
  };
  const kernels = program.kernels.map((kernel) => {
    if (kernel.kind === "scan" || kernel.kind === "copy")
      throw new Error(`got a ${kernel.kind} kernel; expected a kernel with code of its own`);
    const writer = library.writerFor(kernel, program);
    const scratch = i32.const(allocate(writer.scratchBytes));
    const written = module.function({ parameters: [], result: "i32" }, (body) => {
      writer.write({
        body,
        program,
        scratch,
        share: null,
        addressOf: (buffer, element) =>
          i32.const(addresses[buffer] + element * bytesPerElement(program.buffers[buffer].dtype)),
        tableOf(numbers) {
          const address = allocate(numbers.byteLength);
          new Int32Array(module.memory.buffer, address, numbers.length).set(numbers);
          return i32.const(address);
        },
        fail: () => {
          body.return(i32.const(1));
        },
      });
      body.return(i32.const(0));
    });
    return { kernel, written };
  });
  describeGraph([output]).leaves.forEach((leaf, i) => {
    elements(program.inputs[i]).set(elementsOf(leaf).readSync());
  });
  for (const { kernel, written } of kernels) {
    if (module.call(written) === 0) continue;
    throw kernel.kind === "check"
      ? failureOf(kernel, 0, 0)
      : new Error(`a kernel of kind ${kernel.kind} failed; only checks can fail`);
  }
  return elements(program.outputs[0]);
}

/** A selection of the small conformance cases: those with a kind of kernel or a primitive that no earlier case had, and a few others. */
function chosenCases(): ConformanceCase[] {
  const met = new Set<string>();
  return conformanceCases().filter(({ build }, i) => {
    const output = build();
    if (sizeOf(output.shape) > 300) return false;
    const { kernels } = fuse(lower([output], vectorTarget), vectorTarget);
    // These have no code of their own: the engine runs the body of a scan, and copies memory.
    if (kernels.some(({ kind }) => kind === "scan" || kind === "copy")) return false;
    const kinds = kernels.map(({ kind }) => kind);
    const fresh = [...kinds, output.operation?.primitive ?? "leaf"].map(
      (name) => `${name} of ${output.dtype}`,
    );
    const isFresh = fresh.some((name) => !met.has(name));
    for (const name of fresh) met.add(name);
    return isFresh || i % 40 === 0;
  });
}

describe("generated code does not depend on the size of the machine's vectors", () => {
  const cases = chosenCases();

  it("the selected cases contain every kind of kernel that occurs in small programs", () => {
    const kinds = cases.flatMap(({ build }) => fuse(lower([build()], vectorTarget), vectorTarget).kernels);
    expect([...new Set(kinds.map(({ kind }) => kind))].sort()).toMatchInlineSnapshot(`
      [
        "argsort",
        "check",
        "cumsum",
        "fill",
        "gather",
        "map",
        "product",
        "randomBits",
        "reduce",
        "scatterAdd",
      ]
    `);
  });

  it.each([16, 32, 64])("vectors of %i bytes", (vectorBytes) => {
    for (const { name, build, tolerance } of cases) {
      const output = build();
      const [expected] = runProgram(referenceEngine, [output]);
      const problem = disagreement(computeOn(vectorBytes, output), expected.readSync(), tolerance);
      expect(problem, name).toBeNull();
    }
  });
});
