import { ArgumentError, Generator, type FloatOptions } from "@stargrad/tensor";
import {
  expectOptions,
  oneOf,
  optionKinds,
  tensorLike,
  writeValue,
  type OptionKinds,
} from "@stargrad/tensor/internal";

/** A number for each of the two axes of an image. */
export type Pair = readonly [height: number, width: number];

/** A number for each of the three axes of a volume. */
export type Triple = readonly [depth: number, height: number, width: number];

/** A number for each axis, from one number for all axes or a list, which is copied. */
export function eachAxis<T>(value: T | readonly T[], axes: number): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]).slice() : new Array<T>(axes).fill(value as T);
}

/** Throws an ArgumentError unless every named value is an integer of at least `least` or, with `axes`, a list of one for each. */
export function expectWhole(
  called: string,
  values: Readonly<Record<string, unknown>>,
  { least, axes = 0 }: { readonly least: number; readonly axes?: number },
): void {
  for (const [name, value] of Object.entries(values)) {
    const isList = axes > 0 && Array.isArray(value);
    const numbers: readonly unknown[] = isList ? value : [value];
    const fits = numbers.every((number) => Number.isInteger(number) && (number as number) >= least);
    if (fits && (!isList || value.length === axes)) continue;
    const several = `${["no", "one", "two", "three"][axes]} whole numbers`;
    const expected = isList && axes > 1 ? several : "a whole number";
    throw new ArgumentError(
      called,
      `got ${name} ${writeValue(value)}; expected ${expected} of at least ${least}`,
    );
  }
}

/** The kinds of the options of random weights. */
export const floatOptions: OptionKinds<FloatOptions> = {
  dtype: /* @__PURE__ */ oneOf("float32", "float64"),
  generator: optionKinds.generator,
};

/** The options of random weights alone, without those of the layer. */
export function randomOptions({ dtype = "float32", generator }: FloatOptions): FloatOptions {
  return generator === undefined ? { dtype } : { dtype, generator };
}

/** Throws an ArgumentError unless the options of a call are tensors of these names. */
export function expectTensorOptions(called: string, options: object, names: readonly string[]): void {
  expectOptions(called, options, Object.fromEntries(names.map((name) => [name, tensorLike])));
}

/** The options of a layer that has none. They exist to be refused: `new ReLU({ inplace: true })`. */
export type NoOptions = Readonly<Record<string, never>>;

/** The constructor call of a layer, `Conv2d(3, 8, 5, { padding: 2 })`, as printing and errors show it. */
export function writeLayer(name: string, values: readonly unknown[], options: object = {}): string {
  const named = Object.entries(options).filter(([, value]) => !(value instanceof Generator));
  const written = named.map(([option, value]) => `${option}: ${writeValue(value)}`);
  const last = written.length === 0 ? [] : [`{ ${written.join(", ")} }`];
  return `${name}(${[...values.map(writeValue), ...last].join(", ")})`;
}
