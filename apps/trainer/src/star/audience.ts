import { setTimeout } from "node:timers/promises";

import { colorsOf, isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { Screen } from "../terminal/screen.js";
import { lastPage } from "./last-page.js";
import type { Try } from "./lesson.js";
import { layoutFor, page, smallestTerminal, type PageOptions } from "./page.js";

/** Somebody who watches the lesson. */
export interface Audience {
  watch(attempt: Try): void | Promise<void>;
  /** The pen has learned it. */
  applaud(tries: readonly Try[]): void;
  /** Leaves the terminal as it was found, also after an error. */
  close(): void;
}

export interface AudienceOptions {
  readonly json?: boolean;
  /** The lesson's. */
  readonly momentum: number;
}

/** A program, a person at a terminal, or whoever reads the file that the lesson is written to. */
export function audienceFor({ json = false, momentum }: AudienceOptions): Audience {
  if (json) return new Program();
  const { stdout } = process;
  const colors = colorsOf(stdout);
  if (
    !isTerminal(stdout) ||
    stdout.columns < smallestTerminal.columns ||
    stdout.rows < smallestTerminal.rows
  ) {
    return new Reader({ colors, layout: layoutFor(), momentum });
  }
  return new Viewer({ colors, layout: layoutFor(stdout), momentum });
}

class Program implements Audience {
  readonly #started = performance.now();

  watch({ number, attempt, adjustment }: Try): void {
    const cornerMiss = Math.max(...attempt.misses);
    const worstCorner = attempt.misses.indexOf(cornerMiss) + 1;
    const { mistake } = attempt;
    writeJsonLine({ event: "try", try: number, mistake, cornerMiss, worstCorner, ...adjustment });
  }

  applaud(tries: readonly Try[]): void {
    const { number, attempt } = tries[tries.length - 1];
    const seconds = (performance.now() - this.#started) / 1000;
    writeJsonLine({ event: "done", tries: number, cornerMiss: Math.max(...attempt.misses), seconds });
  }

  close(): void {
    // A program leaves nothing open.
  }
}

/** Gets the tries that tell the story, one page after the other. */
class Reader implements Audience {
  protected readonly options: PageOptions;

  constructor(options: PageOptions) {
    this.options = options;
  }

  watch(attempt: Try): void | Promise<void> {
    if (isTold(attempt)) console.log(page(attempt, this.options).join("\n"));
  }

  applaud(tries: readonly Try[]): void {
    console.log(lastPage(tries, this.options).join("\n"));
  }

  close(): void {
    // What was printed stays.
  }
}

/** The first tries, then fewer and fewer, and the last: 1, 2, 3, 5, 10, 20, 40, … */
function isTold({ number, adjustment }: Try): boolean {
  return adjustment === null || number <= 3 || Number.isInteger(Math.log2(number / 5));
}

/** Sees every try, each in place of the one before. */
class Viewer extends Reader {
  readonly #screen = new Screen(process.stdout);

  override async watch(attempt: Try): Promise<void> {
    this.#screen.draw(page(attempt, this.options));
    // The first tries stand still for a moment, the later ones run like a film: a hundred take about five seconds.
    await setTimeout(Math.max(20, 800 / attempt.number));
  }

  override close(): void {
    this.#screen.close();
  }
}
