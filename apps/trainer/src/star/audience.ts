import { setTimeout } from "node:timers/promises";

import { colorsOf, isTerminal } from "../terminal/colors.js";
import { writeJsonLine } from "../terminal/json-lines.js";
import { Screen } from "../terminal/screen.js";
import { smallestTerminal, type AnyTry, type Paper, type Story } from "./story.js";

/** Somebody who watches a lesson. */
export interface Audience<Try> {
  watch(attempt: Try): void | Promise<void>;
  /** The pupil has learned it. */
  applaud(tries: readonly Try[]): void;
  /** Leaves the terminal as it was found, also after an error. */
  close(): void;
}

/** A program, a person at a terminal, or whoever reads the file that the lesson is written to. */
export function audienceFor<Try extends AnyTry>(
  story: Story<Try>,
  { json }: { readonly json: boolean },
): Audience<Try> {
  if (json) return new Program(story);
  const { stdout } = process;
  const colors = colorsOf(stdout);
  if (
    !isTerminal(stdout) ||
    stdout.columns < smallestTerminal.columns ||
    stdout.rows < smallestTerminal.rows
  ) {
    return new Reader(story, { colors, ...smallestTerminal });
  }
  return new Viewer(story, { colors, columns: stdout.columns, rows: stdout.rows });
}

class Program<Try extends AnyTry> implements Audience<Try> {
  readonly #story: Story<Try>;
  readonly #started = performance.now();

  constructor(story: Story<Try>) {
    this.#story = story;
  }

  watch({ number, attempt, adjustment }: Try): void {
    writeJsonLine({ event: "try", try: number, ...this.#story.figures(attempt), ...adjustment });
  }

  applaud(tries: readonly Try[]): void {
    const { number, attempt } = tries[tries.length - 1];
    const seconds = (performance.now() - this.#started) / 1000;
    writeJsonLine({ event: "done", tries: number, ...this.#story.outcome(attempt), seconds });
  }

  close(): void {
    // A program leaves nothing open.
  }
}

/** Gets the tries that tell the story, one page after the other. */
class Reader<Try extends AnyTry> implements Audience<Try> {
  protected readonly story: Story<Try>;
  protected readonly paper: Paper;

  constructor(story: Story<Try>, paper: Paper) {
    this.story = story;
    this.paper = paper;
  }

  watch(attempt: Try): void | Promise<void> {
    if (isTold(attempt)) console.log(this.story.page(attempt, this.paper).join("\n"));
  }

  applaud(tries: readonly Try[]): void {
    console.log(this.story.lastPage(tries, this.paper).join("\n"));
  }

  close(): void {
    // What was printed stays.
  }
}

/** The first tries, then fewer and fewer, and the last: 1, 2, 3, 5, 10, 20, 40, … */
function isTold({ number, adjustment }: AnyTry): boolean {
  return adjustment === null || number <= 3 || Number.isInteger(Math.log2(number / 5));
}

/** Sees every try, each in place of the one before. */
class Viewer<Try extends AnyTry> extends Reader<Try> {
  readonly #screen = new Screen(process.stdout);

  override async watch(attempt: Try): Promise<void> {
    this.#screen.draw(this.story.page(attempt, this.paper));
    // The first tries stand still for a moment, the later ones run like a film: a hundred take about four seconds.
    await setTimeout(800 / attempt.number);
  }

  override close(): void {
    this.#screen.close();
  }
}
