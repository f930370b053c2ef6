import { allocate, type DType, type TypedArray } from "@stargrad/graph";
import { bufferName, type BufferSpec, type Program } from "../kernel.js";
import { planMemory } from "../memory-plan.js";
import { expectElements, type Target } from "../target.js";

/** Initial bytes of memory, which show up if a program reads an element before it is written: as a float NaN, as a bool invalid. */
const poison = 0xff;

/** The elements of a buffer while a program runs. Accessing an element outside the buffer throws. */
export class Elements {
  readonly spec: BufferSpec;
  readonly #data: TypedArray;

  constructor(spec: BufferSpec, data: TypedArray) {
    this.spec = spec;
    this.#data = data;
  }

  /** A part of the buffer as a buffer. */
  part(spec: BufferSpec, offset: number): Elements {
    if (!(offset >= 0 && offset + spec.size <= this.spec.size)) {
      throw new Error(`${bufferName(spec)} at offset ${offset} is not inside ${this.#described()}`);
    }
    return new Elements(spec, this.#data.subarray(offset, offset + spec.size));
  }

  /** The elements at these offsets, in a new array. */
  read(offsets: Int32Array): TypedArray {
    const { dtype } = this.spec;
    const read = allocate(dtype, offsets.length);
    for (const [i, offset] of offsets.entries()) {
      this.#expectInside(offset);
      const element = this.#data[offset];
      if (dtype === "bool" && element !== 0 && element !== 1) {
        throw new Error(`element ${offset} of ${this.#described()} is ${element}; expected 0 or 1`);
      }
      read[i] = element;
    }
    return read;
  }

  write(offsets: Int32Array, values: ArrayLike<number>): void {
    for (const [i, offset] of offsets.entries()) {
      this.#expectInside(offset);
      this.#data[offset] = values[i];
    }
  }

  fill(value: number): void {
    this.#data.fill(value);
  }

  #expectInside(offset: number): void {
    if (offset >= 0 && offset < this.spec.size) return;
    throw new Error(
      `element ${offset} of ${this.#described()} is accessed; expected 0 to ${this.spec.size - 1}`,
    );
  }

  #described(): string {
    return `${bufferName(this.spec)}, ${this.spec.dtype}[${this.spec.size}]`;
  }
}

/** The buffers of a program at the addresses of the memory plan; inputs and outputs each in separate memory. */
export function placed(program: Program, target: Target): (Elements | null)[] {
  const { addresses, bytes } = planMemory(program, target);
  const frame = poisoned(bytes);
  const outside = new Set([...program.inputs, ...program.outputs]);
  return program.buffers.map((spec, buffer) => {
    if (outside.has(buffer) || spec.size === 0) return separate(spec, target);
    const address = addresses[buffer];
    if (address === null) return null;
    if (address % target.memory.alignmentBytes !== 0) {
      throw new Error(
        `${bufferName(spec)} begins at byte ${address}; expected a multiple of ${target.memory.alignmentBytes}`,
      );
    }
    return new Elements(spec, viewOf(spec, frame, address, target));
  });
}

/** A buffer in separate memory. */
export function separate(spec: BufferSpec, target: Target): Elements {
  const bytes = spec.size * target.elementBytes(spec.dtype);
  return new Elements(spec, viewOf(spec, poisoned(bytes), 0, target));
}

function poisoned(bytes: number): ArrayBuffer {
  const memory = new ArrayBuffer(bytes);
  new Uint8Array(memory).fill(poison);
  return memory;
}

function viewOf(spec: BufferSpec, memory: ArrayBuffer, address: number, target: Target): TypedArray {
  const { dtype, size } = spec;
  expectElements(target, dtype, bufferName(spec));
  const word = dtype === "bool" && target.elementBytes(dtype) === 4;
  return new arrays[word ? "int32" : dtype](memory, address, size);
}

const arrays: Readonly<
  Record<DType, new (memory: ArrayBuffer, address: number, size: number) => TypedArray>
> = {
  bool: Uint8Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};
