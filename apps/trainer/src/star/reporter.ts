import { setTimeout } from "node:timers/promises";

import { colorsOf, isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { Screen } from "../terminal/screen.js";
import { secondsSince } from "../terminal/text.js";
import { smallestTerminal, type AnyTry, type Paper, type Story } from "./story.js";

/** Reports the tries of a lesson. */
export interface Reporter<Try> {
  show(attempt: Try): void | Promise<void>;
  /** Reports the end of the lesson. The last of the tries is good enough. */
  done(tries: readonly Try[]): void;
  /** Restores the terminal, also after an error. */
  close(): void;
}

/** The reporter for the standard output: a program (`--json`), a terminal, or a file. */
export function reporterFor<Try extends AnyTry>(
  story: Story<Try>,
  { json }: { readonly json: boolean },
): Reporter<Try> {
  if (json) return new JsonReporter(story);
  const { stdout } = process;
  const colors = colorsOf(stdout);
  if (
    !isTerminal(stdout) ||
    stdout.columns < smallestTerminal.columns ||
    stdout.rows < smallestTerminal.rows
  ) {
    const columns = Math.max(40, Math.min(stdout.columns || 80, smallestTerminal.columns));
    return new PageReporter(story, { colors, ...smallestTerminal, columns });
  }
  return new ScreenReporter(story, { colors, columns: stdout.columns, rows: stdout.rows });
}

class JsonReporter<Try extends AnyTry> implements Reporter<Try> {
  readonly #story: Story<Try>;
  readonly #started = performance.now();

  constructor(story: Story<Try>) {
    this.#story = story;
  }

  show({ number, attempt, adjustment }: Try): void {
    writeJsonLine({ event: "try", try: number, ...this.#story.figures(attempt), ...adjustment });
  }

  done(tries: readonly Try[]): void {
    const { number, attempt } = tries[tries.length - 1];
    const seconds = secondsSince(this.#started);
    writeJsonLine({ event: "done", tries: number, ...this.#story.outcome(attempt), seconds });
  }

  close(): void {
    // JSON lines change nothing in a terminal.
  }
}

/** Prints selected tries, one page after the other. */
class PageReporter<Try extends AnyTry> implements Reporter<Try> {
  protected readonly story: Story<Try>;
  protected readonly paper: Paper;

  constructor(story: Story<Try>, paper: Paper) {
    this.story = story;
    this.paper = paper;
  }

  show(attempt: Try): void | Promise<void> {
    if (isPrinted(attempt)) console.log(this.story.page(attempt, this.paper).join("\n"));
  }

  done(tries: readonly Try[]): void {
    console.log(this.story.lastPage(tries, this.paper).join("\n"));
  }

  close(): void {
    // Printed pages stay.
  }
}

/** Selects the tries 1, 2, 3, 5, 10, 20, 40, … and the last. */
function isPrinted({ number, adjustment }: AnyTry): boolean {
  return adjustment === null || number <= 3 || Number.isInteger(Math.log2(number / 5));
}

/** Draws every try on the terminal, each over the one before. */
class ScreenReporter<Try extends AnyTry> extends PageReporter<Try> {
  readonly #screen = new Screen(process.stdout);

  override async show(attempt: Try): Promise<void> {
    this.#screen.draw(this.story.page(attempt, this.paper));
    // The first tries stay visible for a moment, later ones run like a film: 100 tries take about 4 seconds.
    await setTimeout(800 / attempt.number);
  }

  override close(): void {
    this.#screen.close();
  }
}
