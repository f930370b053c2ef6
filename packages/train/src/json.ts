import { FormatError } from "@stargrad/io";
import { ArgumentError } from "@stargrad/tensor";
import { writeValue, type Kind } from "@stargrad/tensor/internal";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * `called`: the name of the call in errors
 *
 * Throws: ArgumentError for what `JSON.stringify` replaces, omits or refuses: NaN, infinities, undefined, functions, symbols, bigints,
 * objects of a class, and values that contain themselves
 */
export function formatJson(value: Json, called: string): string {
  try {
    return checkedJson(value, called);
  } catch (cause) {
    if (cause instanceof ArgumentError) throw cause;
    const problem = "got a value that contains itself, or that is nested too deeply for JSON";
    throw new ArgumentError(called, problem, undefined, { cause });
  }
}

function checkedJson(value: Json, called: string): string {
  return JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, key) {
    // The value before its `toJSON`, which a Date has.
    const inner = this[key];
    if (typeof inner === "number" && !Number.isFinite(inner)) {
      throw new ArgumentError(
        called,
        `got ${inner} for ${key}; expected a finite number, because JSON has no other`,
      );
    }
    const isJson =
      inner === null ||
      ["number", "string", "boolean"].includes(typeof inner) ||
      (typeof inner === "object" && isPlain(inner));
    if (isJson) return inner;
    const got = typeof inner === "object" ? `a ${inner.constructor.name}` : writeValue(inner);
    throw new ArgumentError(
      called,
      `got ${inner instanceof Promise ? "a promise" : got} for ${key}; expected what JSON has: numbers, strings, booleans, null, arrays and plain objects`,
      inner === undefined ? "Omit it, or write null" : undefined,
    );
  });
}

/** An object that becomes a JSON object. */
export const jsonObject: Kind = [
  'a plain object, such as { note: "epoch 3" }',
  (value) => typeof value === "object" && value !== null && !Array.isArray(value) && isPlain(value),
];

function isPlain(value: object): boolean {
  const constructor: unknown = value.constructor;
  return Array.isArray(value) || typeof constructor !== "function" || constructor.name === "Object";
}

/** Throws: FormatError unless the text is a JSON object */
export function parseJsonObject(text: string, called: string): Readonly<Record<string, Json>> {
  return expectObject(parse(text, called), called);
}

/** Throws: FormatError unless a value of the metadata is a JSON object */
export function expectObject(value: Json, called: string): Readonly<Record<string, Json>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, Json>>;
  }
  const found = JSON.stringify(value).slice(0, 80);
  throw new FormatError(called, `expected a JSON object in its metadata, found ${found}`);
}

function parse(text: string, called: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new FormatError(called, "the JSON in its metadata is damaged", undefined, { cause: error });
  }
}
