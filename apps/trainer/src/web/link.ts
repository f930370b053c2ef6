import * as z from "zod/mini";

/** What a lesson's part of a link says: its fields, and how its settings are read from them and written to them. */
export interface Link<Settings> {
  readonly fields: Readonly<Record<string, z.ZodMiniType<unknown, string | undefined>>>;
  /** The settings of a link. A field that the link leaves out is undefined. */
  read(fields: Readonly<Record<string, unknown>>): Settings;
  /** The fields of the settings, all of them; what is as usual is left out of a link by the page. */
  write(settings: Settings): Readonly<Record<string, string | number | undefined>>;
  /** The fields that a link of this kind cannot have, where a lesson has several kinds, and which kind it is. Default: none. */
  strays?(fields: Readonly<Record<string, unknown>>): {
    readonly kind: string;
    readonly names: readonly string[];
  };
  /** The usual settings of the same kind, where a lesson has several kinds. Default: what a link without fields says. */
  usual?(settings: Settings): Settings;
}

/** Describes a lesson's part of a link. */
export function linkOf<const Fields extends Link<never>["fields"], Settings>(link: {
  readonly fields: Fields;
  readonly read: (fields: { readonly [Name in keyof Fields]: z.output<Fields[Name]> }) => Settings;
  readonly write: Link<Settings>["write"];
  readonly strays?: NonNullable<Link<Settings>["strays"]>;
  readonly usual?: (settings: Settings) => Settings;
}): Link<Settings> {
  return link;
}

/** A number with at most twelve digits before and after its point. `what` it should be stands in the refusal. */
export function number(low: number, high: number, what: string) {
  return z.pipe(
    z.string(what).check(z.regex(/^-?\d{1,12}(\.\d{1,12})?$/, what)),
    z.pipe(z.transform(Number), z.number().check(z.gte(low, what), z.lte(high, what))),
  );
}

export function whole(low: number, high: number) {
  const what = `a whole number from ${low} to ${high}`;
  return z.pipe(
    z.string().check(z.regex(/^\d{1,10}$/, what)),
    z.pipe(z.transform(Number), z.number().check(z.gte(low, what), z.lte(high, what))),
  );
}

export function oneOf<const Names extends readonly string[]>(names: Names) {
  return z.enum(names, `one of ${names.join(", ")}`);
}
