import { contiguous, type ArgsortKernel, type Program } from "@stargrad/compiler";
import { bytesPerElement, type DType } from "@stargrad/graph";
import { f32, f64, i32, i64, select, v128, type Expression } from "../machine/expression.js";
import type { FunctionBuilder, Local } from "../machine/function-builder.js";
import type { Machine } from "../machine/machine.js";
import type { KernelContext } from "../kernel-context.js";
import { Walk } from "./walk.js";

/**
 * The layout of the records that are sorted, one for each element. A record holds a key and the element's index. The key is an
 * unsigned integer whose order is the order of the elements, so floats, NaN and descending order need no separate comparison.
 */
interface RecordForm {
  readonly bytes: 8 | 16;
  /** The bit at which the key begins in the first 64 bits of the record, and the number of bytes of the key. */
  readonly keyShift: 0 | 32;
  readonly keyBytes: number;
  readonly indexOffset: 0 | 8;
}

const forms: Readonly<Record<DType, RecordForm>> = {
  bool: { bytes: 8, keyShift: 32, keyBytes: 1, indexOffset: 0 },
  int32: { bytes: 8, keyShift: 32, keyBytes: 4, indexOffset: 0 },
  float32: { bytes: 8, keyShift: 32, keyBytes: 4, indexOffset: 0 },
  float64: { bytes: 16, keyShift: 0, keyBytes: 8, indexOffset: 8 },
};

/** Up to this length, insertion sort is faster than radix sort. */
const longestInserted = 64;
const digitValues = 256;

/** Scratch for the counts of each digit and for two copies of the records. */
export function argsortScratchBytes(
  { shape, axis, x }: ArgsortKernel,
  { buffers }: Pick<Program, "buffers">,
): number {
  const form = forms[buffers[x.buffer].dtype];
  return countBytes(form) + 2 * shape[axis] * form.bytes;
}

/** Sorts each row along the axis, in a stable order: short rows by insertion sort, long rows by radix sort. */
export function writeArgsort(kernel: ArgsortKernel, context: KernelContext): void {
  const { shape, axis, descending, x, buffer } = kernel;
  const { body, machine, program, addressOf, share, scratch } = context;
  const { dtype } = program.buffers[x.buffer];
  const length = shape[axis];
  const form = forms[dtype];
  const terms = [
    { base: addressOf(x.buffer, x.layout.offset), layout: x.layout, bytes: bytesPerElement(dtype) },
    { base: addressOf(buffer, 0), layout: contiguous(shape), bytes: 4 },
  ];
  const walk = new Walk(body, shape, terms, (other) => Number(other === axis));
  const [from, to] = walk.cursors;
  const digits = walk.digits.map((_, digit) => digit);
  const sorted = digits.filter((digit) => walk.digits[digit].axis === axis);
  const rows = digits.filter((digit) => walk.digits[digit].axis !== axis);
  const counts = body.keep(scratch);
  const [records, others] = [0, 1].map((i) =>
    i32.add(counts, i32.const(countBytes(form) + i * length * form.bytes)),
  );
  const source = body.local("i32");
  const digitCounts = new DigitCounts(body, form, counts, machine);
  const counted = length > longestInserted;

  walk.divide(share, rows, null, () => {
    walk.nest(rows, () => {
      if (counted) digitCounts.clear();
      const record = body.keep(records);
      const index = body.keep(i32.const(0));
      walk.nest(sorted, () => {
        const key = body.keep(keyOf(body, dtype, descending, from.pointer));
        const first =
          form.keyShift === 0
            ? key
            : i64.or(i64.shiftLeft(key, i64.const(32n)), i64.extendI32Unsigned(index));
        body.store(record, first);
        if (form.indexOffset !== 0) body.store(record, index, form.indexOffset);
        if (counted) digitCounts.count(key);
        record.set(i32.add(record, i32.const(form.bytes)));
        index.set(i32.add(index, i32.const(1)));
      });
      source.set(records);
      if (counted) digitCounts.sort(source, body.keep(others), length);
      else insertionSort(body, form, records, length);
      walk.nest(sorted, () => {
        body.store(to.pointer, i32.load(source, form.indexOffset));
        source.set(i32.add(source, i32.const(form.bytes)));
      });
    });
  });
}

/** Maps an element to an unsigned integer that preserves the order. Only its lowest `keyBytes` bytes are used. */
function keyOf(
  body: FunctionBuilder,
  dtype: DType,
  descending: boolean,
  address: Expression<"i32">,
): Expression<"i64"> {
  const key = ascendingKey(body, dtype, address);
  if (!descending) return key;
  const mask = (1n << BigInt(8 * forms[dtype].keyBytes)) - 1n;
  return i64.xor(key, i64.const(BigInt.asIntN(64, mask)));
}

function ascendingKey(body: FunctionBuilder, dtype: DType, address: Expression<"i32">): Expression<"i64"> {
  switch (dtype) {
    case "bool":
      return i64.extendI32Unsigned(i32.load8Unsigned(address));
    case "int32":
      return i64.extendI32Unsigned(i32.xor(i32.load(address), i32.const(0x80000000)));
    case "float32": {
      // Adding 0 turns −0 into 0.
      const x = body.keep(f32.add(f32.load(address), f32.const(0)));
      const bits = body.keep(i32.reinterpretF32(x));
      // For negative floats, a larger bit pattern means a smaller number, so all of their bits are inverted.
      const flipped = i32.or(i32.shiftRightSigned(bits, i32.const(31)), i32.const(0x80000000));
      return i64.extendI32Unsigned(select(i32.const(-1), i32.xor(bits, flipped), f32.ne(x, x)));
    }
    case "float64": {
      const x = body.keep(f64.add(f64.load(address), f64.const(0)));
      const bits = body.keep(i64.reinterpretF64(x));
      const flipped = i64.or(i64.shiftRightSigned(bits, i64.const(63n)), i64.const(-(2n ** 63n)));
      return select(i64.const(-1n), i64.xor(bits, flipped), f64.ne(x, x));
    }
  }
}

/** Inserts each record after the last record whose key is not larger. */
function insertionSort(
  body: FunctionBuilder,
  form: RecordForm,
  records: Expression<"i32">,
  length: number,
): void {
  const start = body.keep(records);
  const next = body.keep(i32.add(start, i32.const(form.bytes)));
  body.for({ from: i32.const(1), to: i32.const(length) }, () => {
    const address = body.keep(next);
    // The key is in the upper half. The index in the lower half only decides between equal keys, and keeps their order.
    const key = body.keep(i64.load(address));
    const record = form.bytes === 8 ? key : body.keep(v128.loadPair(address));
    const before = body.keep(i32.sub(address, i32.const(form.bytes)));
    const moves = select(i64.load(before), i64.const(0n), i32.ne(address, start));
    body.while(i64.greaterUnsigned(moves, key), () => {
      storeRecord(body, address, form.bytes === 8 ? i64.load(before) : v128.loadPair(before));
      address.set(before);
      before.set(i32.sub(before, i32.const(form.bytes)));
    });
    storeRecord(body, address, record);
    next.set(i32.add(next, i32.const(form.bytes)));
  });
}

function storeRecord(
  body: FunctionBuilder,
  address: Expression<"i32">,
  record: Expression<"i64" | "v128">,
): void {
  if (isPair(record)) body.storePair(address, record);
  else body.store(address, record);
}

function isPair(record: Expression<"i64" | "v128">): record is Expression<"v128"> {
  return record.type === "v128";
}

/** Radix sort: sorts by one byte of the key at a time, from the lowest to the highest. Each pass is stable. */
class DigitCounts {
  readonly #body: FunctionBuilder;
  readonly #form: RecordForm;
  readonly #address: Local<"i32">;
  readonly #vectorBytes: number;

  constructor(body: FunctionBuilder, form: RecordForm, address: Local<"i32">, { vectorBytes }: Machine) {
    this.#vectorBytes = vectorBytes;
    this.#body = body;
    this.#form = form;
    this.#address = address;
  }

  clear(): void {
    this.#body.for({ to: i32.const(countBytes(this.#form)), step: this.#vectorBytes }, (offset) => {
      this.#body.store(i32.add(this.#address, offset), v128.zero());
    });
  }

  /** Counts each byte of a key. */
  count(key: Expression<"i64">): void {
    for (let digit = 0; digit < this.#form.keyBytes; digit++) {
      const slot = this.#body.keep(this.#slot(i64.shiftRightUnsigned(key, i64.const(BigInt(8 * digit)))));
      const offset = 4 * digitValues * digit;
      this.#body.store(slot, i32.add(i32.load(slot, offset), i32.const(1)), offset);
    }
  }

  /** Sorts the records at `source`, with `target` as a second buffer of the same size. Afterwards `source` is their address. */
  sort(source: Local<"i32">, target: Local<"i32">, length: number): void {
    const body = this.#body;
    const { keyBytes, keyShift, bytes } = this.#form;
    const counts = body.keep(this.#address);
    const shift = body.keep(i64.const(BigInt(keyShift)));
    const slotOf = (record: Expression<"i32">): Expression<"i32"> =>
      i32.add(counts, this.#slotOffset(i64.shiftRightUnsigned(i64.load(record), shift)));
    body.for({ to: i32.const(keyBytes) }, () => {
      // If all keys have the same byte, this pass would change nothing.
      body.if(i32.ne(i32.load(slotOf(source)), i32.const(length)), () => {
        this.#startsOf(counts, target);
        const record = body.keep(source);
        body.for({ to: i32.const(length) }, () => {
          const slot = body.keep(slotOf(record));
          const address = body.keep(i32.load(slot));
          storeRecord(body, address, bytes === 8 ? i64.load(record) : v128.loadPair(record));
          body.store(slot, i32.add(address, i32.const(bytes)));
          record.set(i32.add(record, i32.const(bytes)));
        });
        const sorted = body.keep(target);
        target.set(source);
        source.set(sorted);
      });
      counts.set(i32.add(counts, i32.const(4 * digitValues)));
      shift.set(i64.add(shift, i64.const(8n)));
    });
  }

  /** Replaces each count by the address at which the records with that digit begin. */
  #startsOf(counts: Expression<"i32">, target: Expression<"i32">): void {
    const body = this.#body;
    const address = body.keep(target);
    const slot = body.keep(counts);
    body.for({ to: i32.const(digitValues) }, () => {
      const size = body.keep(i32.mul(i32.load(slot), i32.const(this.#form.bytes)));
      body.store(slot, address);
      address.set(i32.add(address, size));
      slot.set(i32.add(slot, i32.const(4)));
    });
  }

  #slot(key: Expression<"i64">): Expression<"i32"> {
    return i32.add(this.#address, this.#slotOffset(key));
  }

  /** The lowest byte of a key, as an offset into counts. */
  #slotOffset(key: Expression<"i64">): Expression<"i32"> {
    return i32.shiftLeft(i32.and(i32.wrapI64(key), i32.const(digitValues - 1)), i32.const(2));
  }
}

function countBytes({ keyBytes }: RecordForm): number {
  return 4 * digitValues * keyBytes;
}
