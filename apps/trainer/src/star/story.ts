import type { Colors } from "../terminal/colors.js";
import type { Credit } from "./credit.js";

/** The common part of the tries of both lessons. */
export interface AnyTry {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: { readonly mistake: number };
  /** The step after the attempt; null if the attempt is good enough. */
  readonly adjustment: Credit | null;
}

/** The medium of a page: a terminal, or a file with the size of a terminal. */
export interface Paper {
  readonly colors: Colors;
  readonly columns: number;
  readonly rows: number;
}

/** The smallest terminal that a page fits in. */
export const smallestTerminal = { columns: 80, rows: 24 };

/** A lesson, and the formatting of its tries. */
export interface Story<Try extends AnyTry> {
  tries(): AsyncGenerator<Try>;
  /** Formats a try for a person. */
  page(attempt: Try, paper: Paper): string[];
  /** Formats a summary of the lesson for a person. */
  lastPage(tries: readonly Try[], paper: Paper): string[];
  /** The numbers of an attempt, for a program. */
  figures(attempt: Try["attempt"]): Readonly<Record<string, number>>;
  /** The numbers of the last attempt, for a program. */
  outcome(attempt: Try["attempt"]): Readonly<Record<string, number>>;
}
