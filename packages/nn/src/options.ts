import { ArgumentError, Generator } from "@stargrad/tensor";

/** A number for each of the two axes of an image. */
export type Pair = readonly [height: number, width: number];

/** A number for each of the three axes of a volume. */
export type Triple = readonly [depth: number, height: number, width: number];

/** A number for each axis, from one number for all axes or a list. */
export function eachAxis(value: number | readonly number[], axes: number): readonly number[] {
  return typeof value === "number" ? new Array<number>(axes).fill(value) : value;
}

/** Throws an ArgumentError unless every named value is an integer of at least `least`, or a list of one for each axis. */
export function expectWhole(
  called: string,
  values: Readonly<Record<string, number | readonly number[]>>,
  { least, axes = 2 }: { readonly least: number; readonly axes?: number },
): void {
  for (const [name, value] of Object.entries(values)) {
    const numbers = eachAxis(value, axes);
    if (numbers.length === axes && numbers.every((number) => Number.isInteger(number) && number >= least))
      continue;
    const several = `${["no", "one", "two", "three"][axes]} whole numbers`;
    const expected = typeof value === "number" || axes === 1 ? "a whole number" : several;
    throw new ArgumentError(
      called,
      `got ${name} ${writeValue(value)}; expected ${expected} of at least ${least}`,
    );
  }
}

/** Throws an ArgumentError unless every named number is from 0 to 1. */
export function expectProbability(called: string, values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value >= 0 && value <= 1) continue;
    throw new ArgumentError(called, `got ${name} ${value}; expected 0 to 1`);
  }
}

/** The constructor call of a layer, `Conv2d(3, 8, 5, { padding: 2 })`, as printing and errors show it. */
export function writeLayer(name: string, values: readonly unknown[], options: object = {}): string {
  const named = Object.entries(options).filter(([, value]) => !(value instanceof Generator));
  const written = named.map(([option, value]) => `${option}: ${writeValue(value)}`);
  const last = written.length === 0 ? [] : [`{ ${written.join(", ")} }`];
  return `${name}(${[...values.map(writeValue), ...last].join(", ")})`;
}

function writeValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeValue).join(", ")}]`;
  return typeof value === "string" ? `"${value}"` : String(value);
}
