import { StargradError } from "@stargrad/tensor";

/** Bytes do not follow the format they are read as, or hold elements Stargrad has no type for. */
export class FormatError extends StargradError {
  override readonly name = "FormatError";
}

/** Makes the error of one call: `fail("the header is cut off")`. It already knows what was called, and on which file. */
export type Fail = (problem: string, hint?: string) => FormatError;

export function failing(called: string): Fail {
  return (problem, hint) => new FormatError(called, problem, hint);
}

/** A name from a file, as shown in a message: quoted, on one line, cut where it would fill the screen. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

/** A value from a file, as shown in a message. It never walks into arrays and objects, which may be huge. */
export function describe(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

/** A shape from a file, as shown in a message. */
export function describeShape(shape: readonly number[]): string {
  return `[${shape.length > 8 ? `${shape.slice(0, 8).join(", ")}, …` : shape.join(", ")}]`;
}
