/** What the words behind ```ts say about a block. */
export interface Mark {
  /** Whether it is a program that a test runs. */
  readonly runs: boolean;
  /** Whether it needs more than a browser: files, or other servers. */
  readonly needsNode: boolean;
  /** The name under which other programs of its file import it. */
  readonly module: string | undefined;
}

export function readMark(mark: string, code: string): Mark;

/** The blocks of a Markdown text that are marked ```ts, in order. */
export function programsIn(text: string): (Mark & { readonly code: string })[];

/** The documented output of a program: the index of a line with a `console.log`, and the text it prints. */
export function promises(code: string): Map<number, string>;
