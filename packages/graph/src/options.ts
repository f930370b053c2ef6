import { ArgumentError } from "./errors.js";

/**
 * Checks the options of a call, `softmax(x, { axis: 0 })`.
 *
 * Throws: ArgumentError if `options` is neither undefined nor an object, or if it has an option that is not among `names`
 */
export function expectOptions<Options extends object>(
  called: string,
  options: Options | undefined,
  names: readonly (keyof Options & string)[],
): void {
  if (options === undefined) return;
  if (!isRecord(options)) throw notOptions(called, options, names);
  // `for in` makes no list of the names: this check runs in every step.
  for (const name in options) {
    if ((names as readonly string[]).includes(name)) continue;
    const nearest = nearestName(name, names);
    throw new ArgumentError(
      called,
      `got the unknown option ${name}; expected ${names.join(", ") || "no options"}`,
      nearest === undefined ? undefined : `Did you mean ${nearest}?`,
    );
  }
}

/** The name that a misspelt name most likely stands for, or undefined if none is similar. */
export function nearestName<Name extends string>(written: string, names: readonly Name[]): Name | undefined {
  const plain = plainName(synonyms[written] ?? written);
  const distances = names.map((name) => editDistance(plain, plainName(name)));
  const least = Math.min(...distances);
  return least <= Math.max(1, Math.floor(plain.length / 3)) ? names[distances.indexOf(least)] : undefined;
}

/** Names that other libraries use for the same thing. */
const synonyms: Readonly<Record<string, string>> = { dim: "axis", lr: "learningRate", eps: "epsilon" };

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

/** A value that is not what a function expects, in words for its error. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return "a list";
  return "then" in value ? "a promise" : "an object";
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function notOptions(called: string, got: unknown, names: readonly string[]): ArgumentError {
  return new ArgumentError(
    called,
    `got ${describe(got)} where its options belong; expected an object`,
    names.length === 0 ? undefined : `Name the option, such as { ${names[0]}: … }`,
  );
}
