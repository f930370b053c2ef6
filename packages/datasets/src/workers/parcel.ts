import { ArgumentError, fromData, Tensor, type TypedArray } from "@stargrad/tensor";
import { isPlainObject, writeValue } from "@stargrad/tensor/internal";

/** A value as it is sent from one thread to another, which does not know the class `Tensor`. */
export interface Parcel {
  /** The value with `null` in place of its tensors. */
  readonly value: unknown;
  readonly tensors: readonly PackedTensor[];
}

interface PackedTensor {
  /** The keys that lead to it. */
  readonly path: readonly (string | number)[];
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** What arrives as an object of the same class. */
const travelling = new Set([
  "[object Date]",
  "[object RegExp]",
  "[object ArrayBuffer]",
  "[object Blob]",
  "[object File]",
]);

/**
 * Packs a value. The elements of tensors and typed arrays are copied, because the memory of the copies (`transfer`) is handed over and not
 * copied again.
 *
 * Throws: ArgumentError for what would arrive as something else, such as a function or an object of a class
 */
export async function pack(
  called: string,
  value: unknown,
): Promise<{ readonly parcel: Parcel; readonly transfer: ArrayBufferLike[] }> {
  const found: { readonly path: readonly (string | number)[]; readonly tensor: Tensor }[] = [];
  const transfer: ArrayBufferLike[] = [];
  const around = new Set<unknown>();

  const packed = (part: unknown, path: readonly (string | number)[]): unknown => {
    if (part instanceof Tensor) {
      found.push({ path, tensor: part as Tensor });
      return null;
    }
    if (ArrayBuffer.isView(part) && !(part instanceof DataView)) {
      const copy = copyOf(part as TypedArray, () =>
        refused(called, "a typed array whose memory was handed over", path),
      );
      transfer.push(copy.buffer);
      return copy;
    }
    const isList = Array.isArray(part);
    if (!isList && !isPlainObject(part)) {
      if (isSendable(part)) return part;
      throw refused(called, part instanceof DataView ? "a DataView" : writeValue(part), path);
    }
    if (around.has(part)) {
      throw new ArgumentError(
        called,
        "got a value that contains itself, which cannot be sent to another thread",
      );
    }
    around.add(part);
    const copy = isList
      ? Array.from(part as readonly unknown[], (each, i) => packed(each, [...path, i]))
      : Object.fromEntries(Object.entries(part).map(([name, each]) => [name, packed(each, [...path, name])]));
    around.delete(part);
    return copy;
  };

  const rest = packed(value, []);
  const tensors = await Promise.all(
    found.map(async ({ path, tensor }) => {
      const data = await tensor.data();
      transfer.push(data.buffer);
      return { path, shape: tensor.shape, data };
    }),
  );
  return { parcel: { value: rest, tensors }, transfer };
}

export function unpack({ value, tensors }: Parcel): unknown {
  const root = { value };
  for (const { path, shape, data } of tensors) {
    let holder = root as Record<string | number, unknown>;
    let last: string | number = "value";
    for (const key of path) {
      holder = holder[last] as Record<string | number, unknown>;
      last = key;
    }
    holder[last] = fromData(data, shape);
  }
  return root.value;
}

function isSendable(part: unknown): boolean {
  if (typeof part === "object" && part !== null) return travelling.has(Object.prototype.toString.call(part));
  return typeof part !== "function" && typeof part !== "symbol";
}

function refused(called: string, what: string, path: readonly (string | number)[]): ArgumentError {
  const at = path.length === 0 ? "" : ` at ${path.join(".")}`;
  return new ArgumentError(
    called,
    `got ${what}${at}, which cannot be sent from one thread to another`,
    "Send tensors, typed arrays, numbers, texts, dates, and lists and records of them",
  );
}

/** A copy with memory of its own. `slice` of Node's `Buffer` is none. `problem`: what is thrown if the memory was handed over to another thread */
function copyOf(view: TypedArray, problem: () => ArgumentError): TypedArray {
  const kinds = globalThis as unknown as Readonly<Record<string, new (from: TypedArray) => TypedArray>>;
  try {
    return new kinds[view[Symbol.toStringTag]](view);
  } catch (error) {
    // Every length of such an array is 0; without memory it is another error.
    throw view.length === 0 && error instanceof TypeError ? problem() : error;
  }
}
