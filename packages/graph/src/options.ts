import { ArgumentError } from "./errors.js";
import { expectValue, tensorLike, writeValue, type Kind } from "./kinds.js";

/** What the value of each option has to be, by the name of the option. */
export type OptionKinds<Options extends object> = { readonly [Name in keyof Options]-?: Kind };

/**
 * Checks the options of a call, `softmax(x, { axis: 0 })`: their names and their values. The options may be inherited, or getters
 * of a class. An option that is undefined counts as omitted.
 *
 * Throws: ArgumentError if `options` is neither undefined nor an object, if it has an option that is not among `known`, if a
 * value is not of its kind, or if a required option is missing
 */
export function expectOptions<Options extends object>(
  called: string,
  options: Options | undefined,
  known: OptionKinds<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  if (required.length === 0 && (options === undefined || areValid(options, known))) return;
  const names = Object.keys(known);
  const isTensor = tensorLike[1](options) && !isPlain(options as object);
  const given = isRecord(options) && !isTensor ? namesOf(options, names) : [];
  const unknown = given.find((name) => !names.includes(name));
  const isMeant = (name: string): boolean => names.includes(name) || nearestName(name, names) !== undefined;
  // An object of a class is meant as options only if one of its fields is one, or is similar to one. A tensor never is.
  if (!isRecord(options) || !(isPlain(options) || given.some(isMeant))) {
    throw notOptions(called, options, known);
  }
  if (unknown !== undefined) throw unknownOption(called, unknown, names);
  for (const name of given) expectValue(called, name, options[name], kindOf(known, name));
  const missing = required.find((name) => options[name] === undefined);
  if (missing === undefined) return;
  throw new ArgumentError(called, `got no ${missing}; expected ${required.join(", ")}`);
}

/** Whether these are plain options with known names and values. The usual case, which makes no lists: every step checks options. */
function areValid(options: object | null, known: object): boolean {
  if (options?.constructor !== Object) return false;
  for (const name in options) {
    const value = (options as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined && !(Object.hasOwn(known, name) && kindOf(known, name)[1](value))) return false;
  }
  return true;
}

function kindOf(known: object, name: string): Kind {
  return (known as Readonly<Record<string, Kind>>)[name];
}

/**
 * The names of the options that an object has: its fields, those that it inherits, and the getters of its class. A method is an
 * option only if it has the name of one.
 */
function namesOf(options: object, known: readonly string[]): string[] {
  const names = new Set(known.filter((name) => name in options));
  for (const name in options) names.add(name);
  for (let of = options, next; (next = Object.getPrototypeOf(of) as object | null) !== null; of = next) {
    for (const name of Object.getOwnPropertyNames(of)) {
      if (Object.getOwnPropertyDescriptor(of, name)?.get !== undefined) names.add(name);
    }
  }
  return [...names].filter((name) => (options as Readonly<Record<string, unknown>>)[name] !== undefined);
}

/** The name that a misspelt name most likely stands for, or undefined if none is similar. */
export function nearestName<Name extends string>(written: string, names: readonly Name[]): Name | undefined {
  const plain = plainName(Object.hasOwn(synonyms, written) ? synonyms[written] : written);
  const shortened = names.find((name) => plain.length > 2 && plainName(name).startsWith(plain));
  if (shortened !== undefined) return shortened;
  const distances = names.map((name) => editDistance(plain, plainName(name)));
  const least = Math.min(...distances);
  return least <= Math.max(1, Math.floor(plain.length / 3)) ? names[distances.indexOf(least)] : undefined;
}

/** Names that other libraries use for the same thing. */
const synonyms: Readonly<Record<string, string>> = {
  dim: "axis",
  eps: "epsilon",
  lr: "learningRate",
  p: "probability",
  seed: "generator",
};

/** A name in lower case without underscores, so that `batch_size` and `batchSize` are the same. */
function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** The number of characters to insert, delete or replace to turn one text into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      const replaced = row[j] + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replaced, row[j + 1] + 1, next[j] + 1));
    }
    row = next;
  }
  return row[to.length];
}

/** Whether it is an object with fields, also of a class. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  // No list, map, date or promise, whose own getters are no options. A module may be: `import * as settings`.
  return /^\[object (Object|Module)]$/.test(Object.prototype.toString.call(value));
}

/** Whether an object is of no class: `{ … }`, also one of another realm, or one whose prototype is such an object. */
function isPlain({ constructor }: object): boolean {
  return typeof constructor !== "function" || constructor.name === "Object";
}

function unknownOption(called: string, unknown: string, names: readonly string[]): ArgumentError {
  const nearest = nearestName(unknown, names);
  return new ArgumentError(
    called,
    `got the unknown option ${unknown}; expected ${names.join(", ") || "no options"}`,
    nearest === undefined ? undefined : `Did you mean ${nearest}?`,
  );
}

function notOptions(called: string, got: unknown, known: object): ArgumentError {
  const names = Object.keys(known);
  const isList = Array.isArray(got) || ArrayBuffer.isView(got);
  const isValue = typeof got !== "object" && got !== undefined;
  // The option that was probably meant: the first that accepts the value.
  const meant = names.find((name) => isValue && kindOf(known, name)[1](got)) ?? names.at(0);
  return new ArgumentError(
    called,
    `got ${isList ? "a list" : writeValue(got)} where its options belong; expected ${meant === undefined ? "no options" : "an object"}`,
    meant === undefined
      ? undefined
      : `Name the option, such as { ${meant}: ${isValue ? writeValue(got) : "…"} }`,
  );
}
