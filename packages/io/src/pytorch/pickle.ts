import { quote, type Fail } from "../errors.js";
import { decodeUtf8 } from "../utf8.js";

// The part of Python's pickle that holds data. Nothing is executed: names of Python are kept as names, and a call of one is an object
// that says so. Whoever reads the result decides which calls mean something.

/** What a pickle holds. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PickledList
  | PickledTuple
  | PickledDictionary
  | PythonName
  | PythonCall
  | Reference;

/** A list that may grow while it is read. */
export class PickledList {
  readonly items: Pickled[] = [];
}

export class PickledTuple {
  constructor(readonly items: readonly Pickled[]) {}
}

/** A dictionary; its keys are texts or numbers. */
export class PickledDictionary {
  readonly items = new Map<string | number, Pickled>();
}

/** A function or class of Python, by name. */
export class PythonName {
  constructor(readonly name: string) {}
}

/** A call of a function or class of Python, which is not carried out. */
export class PythonCall {
  constructor(
    readonly name: string,
    readonly args: readonly Pickled[],
  ) {}
}

/** Something that is outside of the pickle, as the program that wrote it describes it. */
export class Reference {
  constructor(readonly id: Pickled) {}
}

const cutOff = "Is the file cut off?";

const mark = Symbol("mark");

/** What makes an empty dictionary of a call. */
const orderedDictionary = "collections.OrderedDict";

/**
 * Reads a pickle of protocol 2 to 5.
 *
 * Throws: FormatError for a malformed pickle, and for instructions that only Python's own objects need
 * Source: Python's pickletools
 */
export function readPickle(bytes: Uint8Array, fail: Fail): Pickled {
  return new Reader(bytes, fail).read();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: Fail;
  #at = 0;
  readonly #stack: (Pickled | typeof mark)[] = [];
  readonly #memo = new Map<number, Pickled>();

  constructor(bytes: Uint8Array, fail: Fail) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = (problem, hint) => fail(`its pickle ${problem}`, hint);
  }

  read(): Pickled {
    for (;;) {
      const code = this.#byte();
      if (code === 0x2e) break; // STOP
      this.#step(code);
    }
    if (this.#at !== this.#bytes.length) throw this.#fail("goes on after its end");
    const result = this.#pop();
    if (this.#stack.length > 0) throw this.#fail("leaves values behind");
    return result;
  }

  /** Carries out one instruction. Their names and codes are those of pickletools. */
  #step(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: {
        // PROTO
        const protocol = this.#byte();
        if (protocol < 2 || protocol > 5) throw this.#fail(`is of protocol ${protocol}; expected 2 to 5`);
        break;
      }
      case 0x95: // FRAME
        this.#take(8);
        break;
      case 0x28: // MARK
        stack.push(mark);
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(code === 0x88);
        break;
      case 0x4b: // BININT1
        stack.push(this.#byte());
        break;
      case 0x4d: // BININT2
        stack.push(this.#view.getUint16(this.#take(2), true));
        break;
      case 0x4a: // BININT
        stack.push(this.#view.getInt32(this.#take(4), true));
        break;
      case 0x8a: // LONG1
        stack.push(this.#long(this.#byte()));
        break;
      case 0x47: // BINFLOAT
        stack.push(this.#view.getFloat64(this.#take(8)));
        break;
      case 0x58: // BINUNICODE
        stack.push(this.#text(this.#length(4)));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(this.#text(this.#byte()));
        break;
      case 0x42: // BINBYTES
        stack.push(this.#data(this.#length(4)));
        break;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.#data(this.#byte()));
        break;
      case 0x5d: // EMPTY_LIST
        stack.push(new PickledList());
        break;
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        break;
      case 0x65: // APPENDS
        this.#append(this.#popToMark());
        break;
      case 0x29: // EMPTY_TUPLE
        stack.push(new PickledTuple([]));
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(new PickledTuple(this.#popMany(code - 0x84)));
        break;
      case 0x74: // TUPLE
        stack.push(new PickledTuple(this.#popToMark()));
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new PickledDictionary());
        break;
      case 0x73: // SETITEM
        this.#setItems(this.#popMany(2));
        break;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        break;
      case 0x71: // BINPUT
        this.#remember(this.#byte());
        break;
      case 0x72: // LONG_BINPUT
        this.#remember(this.#length(4));
        break;
      case 0x94: // MEMOIZE
        this.#remember(this.#memo.size);
        break;
      case 0x68: // BINGET
        stack.push(this.#remembered(this.#byte()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(this.#remembered(this.#length(4)));
        break;
      case 0x63: // GLOBAL
        stack.push(new PythonName(`${this.#line()}.${this.#line()}`));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popMany(2);
        if (typeof module !== "string" || typeof name !== "string")
          throw this.#fail("has a name that is no text");
        stack.push(new PythonName(`${module}.${name}`));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        stack.push(this.#call(...this.#popMany(2)));
        break;
      case 0x62: {
        // BUILD: attributes of an object. A state dictionary has versions of modules there, which say nothing about numbers. Other objects
        // are known by the call that made them.
        this.#pop();
        const object = this.#top();
        if (!(object instanceof PickledDictionary || object instanceof PythonCall))
          throw this.#fail("sets attributes of an object of Python");
        break;
      }
      case 0x51: // BINPERSID
        stack.push(new Reference(this.#pop()));
        break;
      default:
        throw this.#fail(`has the instruction 0x${code.toString(16)}, which is not read`);
    }
  }

  #call(callable?: Pickled, args?: Pickled): Pickled {
    if (!(callable instanceof PythonName) || !(args instanceof PickledTuple)) {
      throw this.#fail("calls something that is no name of Python");
    }
    if (callable.name !== orderedDictionary) return new PythonCall(callable.name, args.items);
    if (args.items.length > 0) throw this.#fail(`makes an OrderedDict in a way that is not read`);
    return new PickledDictionary();
  }

  #append(items: readonly Pickled[]): void {
    const list = this.#top();
    if (!(list instanceof PickledList)) throw this.#fail("appends to something that is no list");
    for (const item of items) list.items.push(item);
  }

  #setItems(items: readonly Pickled[]): void {
    const dictionary = this.#top();
    if (!(dictionary instanceof PickledDictionary))
      throw this.#fail("sets an item of something that is no dictionary");
    if (items.length % 2 !== 0) throw this.#fail("has a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      if (typeof key !== "string" && typeof key !== "number") {
        throw this.#fail("has a dictionary with a key that is neither a text nor a number");
      }
      dictionary.items.set(key, items[i + 1]);
    }
  }

  #remember(index: number): void {
    this.#memo.set(index, this.#top());
  }

  #remembered(index: number): Pickled {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#fail(`reads the place ${index} of its memory, which is empty`);
    return value;
  }

  #top(): Pickled {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw this.#fail("takes a value that is not there");
    return value;
  }

  #pop(): Pickled {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): Pickled[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popToMark(): Pickled[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at === -1) throw this.#fail("takes a value that is not there");
    const values = this.#stack.splice(at);
    return values.slice(1) as Pickled[];
  }

  #byte(): number {
    return this.#bytes[this.#take(1)];
  }

  #length(bytes: 4): number {
    return this.#view.getUint32(this.#take(bytes), true);
  }

  /** Where the next bytes are. */
  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw this.#fail("is cut off", cutOff);
    this.#at += count;
    return at;
  }

  #data(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #text(length: number): string {
    const text = decodeUtf8(this.#data(length));
    if (text === null) throw this.#fail("has a text that is not UTF-8");
    return text;
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end === -1 || end - this.#at > 1000) throw this.#fail("has a name without an end");
    const text = this.#text(end - this.#at);
    this.#take(1);
    return text;
  }

  /** A whole number in two's complement. */
  #long(length: number): number {
    let value = 0n;
    const data = this.#data(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(data[i]);
    const number = Number(BigInt.asIntN(8 * length, value));
    if (Number.isSafeInteger(number)) return number;
    throw this.#fail(`has the number ${quote(value.toString())}, which JavaScript cannot hold exactly`);
  }
}
