import { ArgumentError } from "./errors.js";

/** What a value has to be: the words of an error, and the test. */
export type Kind = readonly [expected: string, accepts: (value: unknown) => boolean];

/** Throws an ArgumentError unless every named value is of the kind. */
export function expectValues(called: string, values: Readonly<Record<string, unknown>>, kind: Kind): void {
  for (const name in values) expectValue(called, name, values[name], kind);
}

/** Throws an ArgumentError unless the value is of the kind. */
export function expectValue(called: string, name: string, value: unknown, [expected, accepts]: Kind): void {
  if (accepts(value)) return;
  throw new ArgumentError(called, `got ${name} ${writeValue(value)}; expected ${expected}`, hintFor(value));
}

/** What to try instead of a wrong value: an await for a promise, `otherwise` for anything else. */
export function hintFor(value: unknown, otherwise?: string): string | undefined {
  return writeValue(value) === "a promise" ? "A forgotten await?" : otherwise;
}

/**
 * The elements of a list or of another iterable object. Throws an ArgumentError for anything else: `expected` says what the elements
 * are, and `hint` what to try.
 */
export function expectList(called: string, given: unknown, expected: string, hint?: string): unknown[] {
  if (typeof given === "object" && given !== null && Symbol.iterator in given) {
    return [...(given as Iterable<unknown>)];
  }
  throw new ArgumentError(
    called,
    `got ${writeValue(given)}; expected a list of ${expected}`,
    hintFor(given, hint),
  );
}

/**
 * Makes assignments throw that would have no effect: to properties that a class does not have, for names that other libraries use, and to
 * its methods. `hint`: what to do instead
 */
export function refuseAssignments(
  kind: abstract new (...values: never[]) => object,
  called: string,
  names: readonly string[],
  hint: string,
): void {
  for (const name of names) {
    const set = (): never => {
      throw new ArgumentError(called, `got an assignment to ${name}, which would have no effect`, hint);
    };
    const method = (kind.prototype as Readonly<Record<string, unknown>>)[name];
    Object.defineProperty(kind.prototype, name, { get: () => method, set, configurable: true });
  }
}

/** A value as errors show it: `3`, `"sum"`, `[1, 2]`, `a tensor`. */
export function writeValue(value: unknown): string {
  return writeWithin(value, 0);
}

/** Lists within lists within lists are not written, because a list may contain itself. */
function writeWithin(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) {
    if (value.length > 8 || depth > 2) return `a list of ${value.length}`;
    return `[${Array.from<unknown, string>(value, (each) => writeWithin(each, depth + 1)).join(", ")}]`;
  }
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value)) return "a typed array";
  if ("then" in value) return "a promise";
  if (tensorLike[1](value)) return "a tensor";
  const name = isPlainObject(value)
    ? ""
    : (value.constructor as { readonly name?: string } | undefined)?.name;
  return name ? `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}` : "an object";
}

/** Whether it is an object of no class: `{ … }`, also one of another realm or without a prototype. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Reflect.getPrototypeOf(value);
  return prototype === null || Reflect.getPrototypeOf(prototype) === null;
}

/** Of all promises in a value that an error reports. Unhandled rejections would end the process in addition. */
export function handleRejections(refused: unknown): void {
  const within = new Set([refused]);
  for (const value of within) {
    if (value instanceof Promise) value.catch(() => undefined);
    if (!Array.isArray(value) && !isPlainObject(value)) continue;
    for (const inner of Object.values<unknown>(value)) within.add(inner);
  }
}

/** Any value, for what is checked elsewhere. */
export const anything: Kind = ["anything", () => true];

export const flag: Kind = ["true or false", (value) => typeof value === "boolean"];

export const callable: Kind = ["a function", (value) => typeof value === "function"];

/** By its fields and not by its class, because this package does not know the class. */
export const tensorLike: Kind = [
  "a tensor",
  (value) => typeof value === "object" && value !== null && "dtype" in value && "shape" in value,
];

export const text: Kind = ["a text", (value) => typeof value === "string"];

/** Infinity too. */
export const number: Kind = ["a number", (value) => typeof value === "number" && !Number.isNaN(value)];

export const finite: Kind = ["a finite number", Number.isFinite];

export const notNegative: Kind = [
  "a finite number of at least 0",
  (value) => Number.isFinite(value) && (value as number) >= 0,
];

export const positive: Kind = [
  "a finite number above 0",
  (value) => Number.isFinite(value) && (value as number) > 0,
];

/** A fraction or a probability. */
export const fraction: Kind = ["a number from 0 to 1", (value) => isFrom0(value) && value <= 1];

export const belowOne: Kind = ["a number of at least 0 and below 1", (value) => isFrom0(value) && value < 1];

/** The decay rates of two averages. */
export const decayRates: Kind = [
  "two numbers of at least 0 and below 1",
  (value) => isListOf(value, belowOne[1]) && value.length === 2,
];

/** Some of these values, in a list. A hole in the list counts as undefined. */
export function listOf([expected, accepts]: Kind): Kind {
  return [`a list, each element ${expected}`, (value) => isListOf(value, accepts)];
}

export const integer: Kind = ["a whole number", Number.isSafeInteger];

/** A whole number of at least `least`. */
export function wholeFrom(least: number): Kind {
  return [
    `a whole number of at least ${least}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
  ];
}

export const count = /* @__PURE__ */ wholeFrom(1);

/** One of these texts. */
export function oneOf(...texts: readonly string[]): Kind {
  const written = texts.map(writeValue);
  const last = written.pop();
  return [
    written.length === 0 ? String(last) : `${written.join(", ")} or ${last}`,
    (value) => texts.includes(value as string),
  ];
}

/** Unlike `every`, it does not skip holes: `[0.9, , ]`. */
function isListOf(value: unknown, accepts: Kind[1]): value is readonly unknown[] {
  return Array.isArray(value) && Array.from<unknown>(value).every(accepts);
}

function isFrom0(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
