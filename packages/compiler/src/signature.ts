import { writeSignature, type Signed, type SignatureWriter } from "@stargrad/graph/internal";

/**
 * What a program, or a kernel, is known by: a text that two of them share exactly if one can stand for both. Nobody reads it; as a
 * text it is hashed and compared by the machine that runs us, which takes a fraction of what we would take.
 */
export type Signature = string;

/** What comes next, where it is no small integer. Small integers are the codes from `smallest` on. */
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

/** The code of 0. Those of small integers lie around it. */
const zero = 0x2000;
const smallest = 0x10 - zero;
const largest = 0xffff - zero;

/** The codes of all names that were ever met: of primitives, element types and attributes. */
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

/** So many characters are made of codes at once: they are arguments of one call. */
const charactersTogether = 4096;

/** Writes signatures, one after another. What it writes can be told apart whatever comes after it. */
export class SignatureBuilder implements SignatureWriter {
  /** Of each character. */
  #codes: number[] = [];
  readonly #written = new WeakMap<object, readonly number[]>();

  number(value: number): void {
    const isInteger = (value | 0) === value && (value !== 0 || !Object.is(value, -0));
    if (isInteger && value >= smallest && value <= largest) this.#codes.push(zero + value);
    else if (isInteger) this.#codes.push(tags.integer, value & 0xffff, value >>> 16);
    else this.#float(value);
  }

  name(name: string): void {
    this.#codes.push(codeOf(name));
  }

  numbers(values: readonly number[]): void {
    this.number(values.length);
    for (let i = 0; i < values.length; i++) this.number(values[i]);
  }

  /** An object's fields in the order in which it names them, as all that are made in one place do. */
  fields(object: object): void {
    const fields = object as Readonly<Record<string, unknown>>;
    this.#codes.push(tags.fields);
    for (const field in fields) {
      this.name(field);
      this.#value(fields[field]);
    }
    this.end();
  }

  /** Marks the end of something that has no length. */
  end(): void {
    this.#codes.push(tags.end);
  }

  /** Writes what is the same for an object whenever it is written, which is described once and copied from then on. */
  same<T extends object>(object: T, write: (object: T) => void): void {
    const known = this.#written.get(object);
    if (known !== undefined) {
      this.#codes.push(...known);
      return;
    }
    const start = this.#codes.length;
    write(object);
    this.#written.set(object, this.#codes.slice(start));
  }

  /** What has been written since the last call. */
  finish(): Signature {
    const codes = this.#codes;
    this.#codes = [];
    let signature = "";
    for (let start = 0; start < codes.length; start += charactersTogether) {
      signature += String.fromCharCode(...codes.slice(start, start + charactersTogether));
    }
    return signature;
  }

  #float(value: number): void {
    if (Number.isNaN(value)) {
      // Its bits may differ.
      this.#codes.push(tags.notANumber);
    } else {
      float[0] = value;
      this.#codes.push(tags.float, ...quarters);
    }
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case "number":
        this.number(value);
        return;
      case "boolean":
        this.#codes.push(value ? tags.yes : tags.no);
        return;
      case "undefined":
        this.#codes.push(tags.nothing);
        return;
      case "string":
        this.#codes.push(tags.name);
        this.name(value);
        return;
      case "object":
        if (value === null) {
          this.#codes.push(tags.null);
        } else if (Array.isArray(value)) {
          this.#codes.push(tags.list);
          this.number(value.length);
          for (const each of value) this.#value(each);
        } else if (writeSignature in value) {
          this.#own(value as Signed);
        } else {
          this.fields(value);
        }
        return;
      default:
        throw new Error(`an attribute cannot be a ${typeof value}`);
    }
  }

  #own(signed: Signed): void {
    const outside = this.#codes;
    this.#codes = [];
    signed[writeSignature](this);
    const inside = this.#codes;
    this.#codes = outside;
    // Without its length, two could be taken for one.
    outside.push(tags.own);
    this.number(inside.length);
    for (const code of inside) outside.push(code);
  }
}
