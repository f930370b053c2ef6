import { writeSignature, type Signed, type SignatureWriter } from "@stargrad/graph/internal";

/**
 * The cache key of a program or a kernel: a string that two of them share exactly if they are interchangeable. It is not readable
 * text. It is a string because the JavaScript engine hashes and compares strings much faster than this code could.
 */
export type Signature = string;

/** Tags announce what follows. Small integers are written without a tag, as codes that are larger than every tag. */
const tags = {
  integer: 0,
  float: 1,
  notANumber: 2,
  list: 3,
  fields: 4,
  end: 5,
  yes: 6,
  no: 7,
  nothing: 8,
  null: 9,
  name: 10,
  own: 11,
} as const;

/** The code of 0; the code of a small integer i is `zero + i`. */
const zero = 0x2000;
const smallest = 0x10 - zero;
const largest = 0xffff - zero;

/** The codes of all names written so far: of primitives, element types and attributes. */
const names = new Map<string, number>();

function codeOf(name: string): number {
  let code = names.get(name);
  if (code === undefined) {
    code = zero + names.size;
    names.set(name, code);
  }
  return code;
}

const float = new Float64Array(1);
const quarters = new Uint16Array(float.buffer);

/** The number of characters created by one call, as its arguments. */
const charactersTogether = 4096;

/** A longer list of codes is not kept for the next signature. */
const keptCodes = 1 << 16;

/** Writes signatures, one after another. Its encoding is prefix-free: the end of each part is unambiguous. */
export class SignatureBuilder implements SignatureWriter {
  /** One code for each character. The list is used again for the next signature, because growing a new one takes longer than writing. */
  #codes: number[] = [];
  #length = 0;
  readonly #written = new WeakMap<object, readonly number[]>();

  number(value: number): void {
    const isInteger = (value | 0) === value && (value !== 0 || !Object.is(value, -0));
    if (isInteger && value >= smallest && value <= largest) {
      this.#write(zero + value);
    } else if (isInteger) {
      this.#write(tags.integer);
      this.#write(value & 0xffff);
      this.#write(value >>> 16);
    } else {
      this.#float(value);
    }
  }

  name(name: string): void {
    this.#write(codeOf(name));
  }

  numbers(values: readonly number[]): void {
    this.number(values.length);
    for (let i = 0; i < values.length; i++) this.number(values[i]);
  }

  /** An object's fields, in the order of its properties, which is the same for all objects that one place in the code creates. */
  fields(object: object): void {
    const fields = object as Readonly<Record<string, unknown>>;
    this.#write(tags.fields);
    for (const field in fields) {
      this.name(field);
      this.#value(fields[field]);
    }
    this.end();
  }

  /** Marks the end of a list that was written without its length. */
  end(): void {
    this.#write(tags.end);
  }

  /** Writes an immutable object: calls `write` the first time, and copies the same codes afterwards. */
  same<T extends object>(object: T, write: (object: T) => void): void {
    const known = this.#written.get(object);
    if (known !== undefined) {
      this.#writeAll(known);
      return;
    }
    const start = this.#length;
    write(object);
    this.#written.set(object, this.#codes.slice(start, this.#length));
  }

  /** Starts anew: drops what a signature that was not finished has written. */
  begin(): void {
    this.#length = 0;
  }

  /** Returns the signature of everything written since the last call. */
  finish(): Signature {
    const length = this.#length;
    let signature = "";
    for (let start = 0; start < length; start += charactersTogether) {
      const end = Math.min(start + charactersTogether, length);
      signature += String.fromCharCode(...this.#codes.slice(start, end));
    }
    this.#length = 0;
    if (length > keptCodes) this.#codes = [];
    return signature;
  }

  #write(code: number): void {
    this.#codes[this.#length++] = code;
  }

  #writeAll(codes: readonly number[]): void {
    for (let i = 0; i < codes.length; i++) this.#write(codes[i]);
  }

  #float(value: number): void {
    if (Number.isNaN(value)) {
      // All NaNs are equal, although their bits may differ.
      this.#write(tags.notANumber);
    } else {
      float[0] = value;
      this.#write(tags.float);
      for (const quarter of quarters) this.#write(quarter);
    }
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "number":
        this.number(value);
        return;
      case "boolean":
        this.#write(value ? tags.yes : tags.no);
        return;
      case "undefined":
        this.#write(tags.nothing);
        return;
      case "string":
        this.#write(tags.name);
        this.name(value);
        return;
      case "object":
        if (value === null) {
          this.#write(tags.null);
        } else if (Array.isArray(value)) {
          this.#write(tags.list);
          this.number(value.length);
          for (const each of value) this.#value(each);
        } else if (writeSignature in value) {
          this.#own(value as Signed);
        } else {
          this.fields(value);
        }
        return;
      default:
        throw new Error(
          `a signature got an attribute of type ${typeof value}; expected numbers, booleans, strings, lists or objects of them`,
        );
    }
  }

  #own(signed: Signed): void {
    const start = this.#length;
    signed[writeSignature](this);
    const codes = this.#codes.slice(start, this.#length);
    this.#length = start;
    // The length makes the end unambiguous.
    this.#write(tags.own);
    this.number(codes.length);
    this.#writeAll(codes);
  }
}
