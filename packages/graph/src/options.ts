import { ArgumentError } from "./errors.js";
import { expectValue, writeValue, type Kind } from "./kinds.js";

/** What the value of each option has to be, by the name of the option. */
export type OptionKinds<Options extends object> = { readonly [Name in keyof Options]-?: Kind };

/**
 * Checks the options of a call, `softmax(x, { axis: 0 })`: their names and, if `known` has a kind for each name, their values.
 * An option that is undefined counts as omitted.
 *
 * Throws: ArgumentError if `options` is neither undefined nor an object, if it has an option that is not among `known`, if a
 * value is not of its kind, or if a required option is missing
 */
export function expectOptions<Options extends object>(
  called: string,
  options: Options | undefined,
  known: readonly (keyof Options & string)[] | OptionKinds<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  if (options === undefined && required.length === 0) return;
  if (required.length === 0 && Array.isArray(known) && hasOnly(options, known)) return;
  const given = isRecord(options) ? Object.keys(options) : [];
  if (given.length === 0 && required.length === 0 && isRecord(options) && isPlain(options)) return;
  const kinds = Array.isArray(known) ? null : (known as Readonly<Record<string, Kind>>);
  const names = kinds === null ? (known as readonly string[]) : Object.keys(kinds);
  const unknown = given.find(
    (name) => !names.includes(name) && (options as Readonly<Record<string, unknown>>)[name] !== undefined,
  );
  // An object of a class, such as a tensor, is accepted only if its fields are options.
  if (!isRecord(options) || (!isPlain(options) && (unknown !== undefined || given.length === 0))) {
    throw notOptions(called, options, names, kinds);
  }
  if (unknown !== undefined) throw unknownOption(called, unknown, names);
  const missing = required.find((name) => options[name] === undefined);
  if (missing !== undefined) {
    throw new ArgumentError(called, `got no ${missing}; expected ${required.join(", ")}`);
  }
  if (kinds === null) return;
  for (const name of given) {
    const value = options[name];
    if (value !== undefined) expectValue(called, name, value, kinds[name]);
  }
}

/** Whether these are options with known names. The usual case, which makes no list of the names: every step checks options. */
function hasOnly(options: object | undefined, known: readonly string[]): boolean {
  if (options?.constructor !== Object) return false;
  for (const name in options) if (!known.includes(name)) return false;
  return true;
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
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

function notOptions(
  called: string,
  got: unknown,
  names: readonly string[],
  kinds: Readonly<Record<string, Kind>> | null,
): ArgumentError {
  const isList = Array.isArray(got) || ArrayBuffer.isView(got);
  const isValue = typeof got !== "object" && got !== undefined;
  // The option that was probably meant: the first that accepts the value.
  const meant = names.find((name) => isValue && kinds?.[name][1](got) === true) ?? names.at(0);
  return new ArgumentError(
    called,
    `got ${isList ? "a list" : writeValue(got)} where its options belong; expected ${meant === undefined ? "no options" : "an object"}`,
    meant === undefined
      ? undefined
      : `Name the option, such as { ${meant}: ${isValue ? writeValue(got) : "…"} }`,
  );
}
