import type { Colors } from "../terminal/colors.js";
import type { Credit } from "./credit.js";

/** What the tries of all lessons have in common. */
export interface AnyTry {
  /** Counted from 1. */
  readonly number: number;
  readonly attempt: { readonly mistake: number };
  /** What was made of the attempt; null once it is good enough. */
  readonly adjustment: Credit | null;
}

/** On what a story is told: a terminal, or a file that is as large as one. */
export interface Paper {
  readonly colors: Colors;
  readonly columns: number;
  readonly rows: number;
}

/** The smallest terminal in which a page has room. */
export const smallestTerminal = { columns: 80, rows: 24 };

/** A lesson, and how it is told. */
export interface Story<Try extends AnyTry> {
  tries(): AsyncGenerator<Try>;
  /** A try, for a person. */
  page(attempt: Try, paper: Paper): string[];
  /** How it all went, for a person. */
  lastPage(tries: readonly Try[], paper: Paper): string[];
  /** What a program is told of an attempt. */
  figures(attempt: Try["attempt"]): Readonly<Record<string, number>>;
  /** What it is told of the last attempt. */
  outcome(attempt: Try["attempt"]): Readonly<Record<string, number>>;
}
