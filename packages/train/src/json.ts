import { FormatError } from "@stargrad/io";
import { ArgumentError } from "@stargrad/tensor";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Throws: ArgumentError for what `JSON.stringify` silently replaces: NaN, infinities, functions, and objects of a class */
export function formatJson(value: Json): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (typeof inner === "number" && !Number.isFinite(inner)) {
      throw new ArgumentError(
        "saveCheckpoint",
        `got ${inner} for ${key}; expected a finite number, because JSON has no other`,
      );
    }
    if (typeof inner === "function" || (typeof inner === "object" && inner !== null && !isPlain(inner))) {
      throw new ArgumentError(
        "saveCheckpoint",
        `got ${inner instanceof Promise ? "a promise" : `a ${inner.constructor.name}`} for ${key}; expected what JSON has: numbers, strings, booleans, null, arrays and plain objects`,
      );
    }
    return inner;
  });
}

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
