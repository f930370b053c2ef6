import { StargradError } from "@stargrad/tensor";
import { brand } from "@stargrad/tensor/internal";

/** The bytes violate the file format, or their element type has no counterpart in Stargrad. */
export class FormatError extends StargradError {
  static {
    brand(this, "FormatError");
  }

  override readonly name = "FormatError";
}

/** Makes an error of one call: `fail("the header is cut off")`. The name of the call and the file are added to the message. */
export type Fail = (problem: string, hint?: string) => FormatError;

export function failing(called: string): Fail {
  return (problem, hint) => new FormatError(called, problem, hint);
}

/** Formats a name from a file for a message: quoted, on one line, at most 80 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

/** Formats a value from a file for a message. Arrays and objects may be huge, so their contents are not printed. */
export function describe(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** Formats a shape from a file for a message. */
export function describeShape(shape: readonly number[]): string {
  return `[${shape.length > 8 ? `${shape.slice(0, 8).join(", ")}, …` : shape.join(", ")}]`;
}
