import type { TypedArray } from "@stargrad/tensor";

import { describeShape, quote, type Fail } from "../errors.js";
import * as stored from "../stored-types.js";
import type { StoredType } from "../stored-types.js";
import { PickledTuple, PythonName, Reference, type Pickled } from "./pickle.js";

/** Which elements of a storage a tensor has. */
export interface View {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** PyTorch's names of element types. */
const readable = new Map<string, StoredType>([
  ["torch.BoolStorage", stored.bool],
  ["torch.CharStorage", stored.int8],
  ["torch.ByteStorage", stored.uint8],
  ["torch.ShortStorage", stored.int16],
  ["torch.IntStorage", stored.int32],
  ["torch.LongStorage", stored.int64],
  ["torch.HalfStorage", stored.float16],
  ["torch.BFloat16Storage", stored.bfloat16],
  ["torch.FloatStorage", stored.float32],
  ["torch.DoubleStorage", stored.float64],
]);

/** How many times the bytes of all storages tensors may take together: tied weights are few, and a bomb is refused. */
const mostReuse = 16;

/** Reads the elements of tensors from the storages of a file. Several tensors may share one. */
export class StorageReader {
  readonly #unpack: (key: string) => Promise<Uint8Array>;
  readonly #storages = new Map<string, Promise<Uint8Array>>();
  #unpacked = 0;
  #read = 0;

  /** `unpack` gives the bytes of a storage. */
  constructor(unpack: (key: string) => Promise<Uint8Array>) {
    this.#unpack = unpack;
  }

  async read(storage: Pickled, view: View, fail: Fail): Promise<TypedArray> {
    const { type, key, count } = describeStorage(storage, fail);
    const bytes = await this.#bytesOf(key);
    if (bytes.length !== count * type.bytes) {
      throw fail(
        `its storage ${quote(key)} should have ${count * type.bytes} bytes, and has ${bytes.length}`,
      );
    }
    const { size, span } = extentOf(view, fail);
    if (view.offset + span > count) {
      throw fail(`of shape ${describeShape(view.shape)} reaches beyond its storage of ${count} elements`);
    }
    this.#read += size * type.bytes;
    if (this.#read > mostReuse * this.#unpacked) {
      const problem = `with it, tensors have more than ${mostReuse} times the elements of their storages`;
      throw fail(problem, "Save copies of expanded tensors: tensor.contiguous()");
    }
    const begin = view.offset * type.bytes;
    const values = type.read(bytes.subarray(begin, begin + span * type.bytes), fail);
    return size === span && isInOrder(view) ? values : gathered(values, view, size);
  }

  async #bytesOf(key: string): Promise<Uint8Array> {
    const known = this.#storages.get(key);
    if (known !== undefined) return known;
    const unpacking = this.#unpack(key);
    this.#storages.set(key, unpacking);
    const bytes = await unpacking;
    this.#unpacked += bytes.length;
    return bytes;
  }
}

/** A storage, as the pickle refers to it: its type, its file, and its number of elements. */
function describeStorage(storage: Pickled, fail: Fail): { type: StoredType; key: string; count: number } {
  const parts = storage instanceof Reference && storage.id instanceof PickledTuple ? storage.id.items : [];
  const [kind, name, key, , count] = parts;
  if (
    kind !== "storage" ||
    !(name instanceof PythonName) ||
    typeof key !== "string" ||
    typeof count !== "number"
  ) {
    throw fail("its storage is described in a way that is not read");
  }
  const type = readable.get(name.name);
  if (type === undefined) {
    throw fail(`cannot read elements of ${quote(name.name)}`, "Convert it before saving: tensor.float()");
  }
  return { type, key, count };
}

/** The number of elements, and from the first to behind the last in the storage. */
function extentOf({ shape, strides }: View, fail: Fail): { size: number; span: number } {
  const size = shape.reduce((product, axis) => product * axis, 1);
  const span = size === 0 ? 0 : 1 + shape.reduce((sum, axis, i) => sum + (axis - 1) * strides[i], 0);
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(span)) {
    throw fail(`the shape ${describeShape(shape)} is impossibly large`);
  }
  return { size, span };
}

/** Whether the elements lie in the order of their indices, without gaps. */
function isInOrder({ shape, strides }: View): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** The elements in the order of their indices. */
function gathered(values: TypedArray, { shape, strides }: View, size: number): TypedArray {
  const result = new (values.constructor as new (length: number) => typeof values)(size);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < size; to++) {
    result[to] = values[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return result;
}
