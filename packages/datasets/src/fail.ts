import { FormatError } from "@stargrad/io";

/** Makes an error of one call: `fail("the header is cut off")`. */
export type Fail = (problem: string, hint?: string, cause?: unknown) => FormatError;

export function failing(called: string): Fail {
  return (problem, hint, cause) => new FormatError(called, problem, hint, { cause });
}

/** What an error says, for a message. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
